// The kinds of objects that the catalog keeps: a new one is one line here, once its section is in the schema of the configuration.
import type { Path } from '../../base/fault.ts'
import { momentMs } from '../../base/moment.ts'
import { members } from '../reading/members.ts'
import { NAME } from '../sections/consumer-schema.ts'
import { versionApi } from '../sections/version-name.ts'

export interface Kind {
  readonly kind: string
  /** The section of gatehouse.yaml that holds objects of this kind by name. */
  readonly section: string
  /** 2: the section holds maps of maps, and `versions.bookshop.v1` is named `bookshop@v1`. */
  readonly levels: 1 | 2
  /** The value is a text that is kept once by its digest, however many revisions hold it. */
  readonly isText?: true
  /** The key `openapi` of the value names an OpenAPI document. */
  readonly hasOpenapi?: true
  /** A rollback leaves objects of this kind as they are: bringing back an old one would undo a decision that must stand. */
  readonly neverRestored?: true
  /** When an object ends by itself, in milliseconds since the epoch: past it, no rollback restores it, and it is reported while it is still listed. */
  readonly endsMs?: (value: unknown) => number | undefined
  /** The APIs that an object protects, by name, or single versions: they are closed when the object cannot be used at a start. */
  readonly guards?: (name: string, value: unknown) => readonly string[]
}

/** Undefined for what is no moment: the schema refuses it. */
function endOfPatch(value: unknown): number | undefined {
  const { expires } = members<'expires'>(value)
  const endsMs = typeof expires === 'string' ? momentMs(expires) : Number.NaN
  return Number.isNaN(endsMs) ? undefined : endsMs
}

function guardedByPatch(_name: string, value: unknown): readonly string[] {
  const { api, version } = members<'api' | 'version'>(value)
  if (typeof api !== 'string') return []
  return [typeof version === 'string' ? versionApi(api, version) : api]
}

export const KINDS: readonly Kind[] = [
  { kind: 'api', section: 'apis', levels: 1, hasOpenapi: true },
  { kind: 'version', section: 'versions', levels: 2, hasOpenapi: true },
  { kind: 'patch', section: 'patches', levels: 1, endsMs: endOfPatch, guards: guardedByPatch },
  { kind: 'consumer', section: 'consumers', levels: 1 },
  { kind: 'document', section: 'documents', levels: 1, isText: true },
  { kind: 'address-list', section: 'addressLists', levels: 1 },
  { kind: 'policy-set', section: 'policySets', levels: 1 },
  { kind: 'upstream', section: 'upstreams', levels: 1 },
  { kind: 'trust-store', section: 'trustStores', levels: 1 },
  { kind: 'plan', section: 'plans', levels: 1 },
]

/** One object as its owner wrote it; a document's value is its text. */
export interface CatalogObject {
  readonly kind: string
  readonly name: string
  readonly value: unknown
}
/** `api/bookshop`: names an object in the store, in faults and in plans. */
export type ObjectKey = string
export const keyOf = ({ kind, name }: { readonly kind: string; readonly name: string }): ObjectKey => `${kind}/${name}`

export function splitKey(key: ObjectKey): { readonly kind: string; readonly name: string } {
  const slash = key.indexOf('/')
  return { kind: key.slice(0, slash), name: key.slice(slash + 1) }
}

export const kindNamed = (kind: string, kinds = KINDS): Kind | undefined => kinds.find((each) => each.kind === kind)

/** True for a name that an object of this kind may have. */
export function isNameOf(kind: Kind, name: string): boolean {
  const parts = name.split('@')
  return parts.length === kind.levels && parts.every((part) => NAME.test(part) && part !== 'constructor' && part !== 'prototype')
}

/** Where an object stands in a configuration. */
export const sectionPath = (kind: Kind, name: string): Path => [kind.section, ...name.split('@')]

/** The object at or above a place of a configuration, and the rest of the way; undefined above all objects. */
export function objectAt(path: Path, kinds = KINDS): { readonly key: ObjectKey; readonly rest: Path } | undefined {
  const kind = kinds.find(({ section }) => section === path[0])
  if (!kind || path.length <= kind.levels) return undefined
  return { key: keyOf({ kind: kind.kind, name: path.slice(1, 1 + kind.levels).join('@') }), rest: path.slice(1 + kind.levels) }
}

/** Every object under the sections of a plain configuration, as written. */
export function objectsOf(configuration: unknown, kinds = KINDS): CatalogObject[] {
  const entries = (value: unknown): [string, unknown][] => (typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value) : [])
  const sections = new Map(entries(configuration))
  return kinds.flatMap(({ kind, section, levels }) =>
    entries(sections.get(section)).flatMap(([name, value]) =>
      levels === 1 ? [{ kind, name, value }] : entries(value).map(([inner, each]) => ({ kind, name: `${name}@${inner}`, value: each })),
    ),
  )
}

/** The same back: a plain configuration with these objects under their sections. */
export function configurationOf(objects: Iterable<CatalogObject>, kinds = KINDS): Record<string, Record<string, unknown>> {
  const out: Record<string, Record<string, unknown>> = {}
  for (const { kind, name, value } of objects) {
    const known = kindNamed(kind, kinds)
    if (!known) continue
    const [outer, inner] = name.split('@')
    const section = (out[known.section] ??= {})
    if (inner === undefined) section[outer!] = value
    else section[outer!] = { ...(section[outer!] as object | undefined), [inner]: value }
  }
  return out
}
