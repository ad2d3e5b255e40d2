// What is different between two values of an object, path by path, as data and as text for people.
import { sortedJson } from '../../base/canonical-json.ts'
import type { Path } from '../../base/fault.ts'
import { visible } from '../../base/visible-text.ts'
import { readInline } from '../reading/inline-documents.ts'
import { textDigest } from './contents.ts'
import { writtenPath } from './fault-place.ts'
import { type CatalogObject, keyOf, type ObjectKey } from './kinds.ts'
import { isTextKind } from './state.ts'

/** One place that changed. Without `before` it is new, without `after` it is gone. */
export interface PathDifference {
  readonly path: string
  readonly before?: unknown
  readonly after?: unknown
}
export interface ObjectDifference {
  readonly kind: string
  readonly name: string
  readonly op: 'create' | 'change' | 'remove'
  /** At most `PATHS_MAX`; those beyond are counted in `more`. Documents are compared by what they say, and texts that say the same by their digests. */
  readonly paths: readonly PathDifference[]
  readonly more: number
}

export const PATHS_MAX = 1000

export function objectDifference(
  { kind, name }: { readonly kind: string; readonly name: string },
  before: unknown,
  after: unknown,
): ObjectDifference | undefined {
  // Most objects of a catalog are as they were: their documents are not read to find that out.
  if (before === after) return undefined
  const isText = isTextKind(kind)
  const paths: PathDifference[] = []
  // A whole document is not repeated: who wants it reads it by its name.
  if (isText && (before === undefined || after === undefined)) compare(digestOf(before), digestOf(after), [], paths)
  else compare(isText ? said(before) : before, isText ? said(after) : after, [], paths)
  if (paths.length === 0) {
    if (!isText) return undefined
    paths.push({ path: '', before: digestOf(before), after: digestOf(after) })
  }
  const op = before === undefined ? 'create' : after === undefined ? 'remove' : 'change'
  return { kind, name, op, paths: paths.slice(0, PATHS_MAX), more: Math.max(0, paths.length - PATHS_MAX) }
}

/** Between two sets of objects, in the order of kinds and names. */
export function differences(before: Iterable<CatalogObject>, after: Iterable<CatalogObject>): ObjectDifference[] {
  const old = byKey(before)
  const next = byKey(after)
  return [...new Set([...old.keys(), ...next.keys()])].sort().flatMap((key) => {
    const object = (next.get(key) ?? old.get(key))!
    return objectDifference(object, old.get(key)?.value, next.get(key)?.value) ?? []
  })
}
const byKey = (objects: Iterable<CatalogObject>): Map<ObjectKey, CatalogObject> => new Map([...objects].map((object) => [keyOf(object), object]))

/** What a document says; a text that cannot be read stands for itself. */
function said(text: unknown): unknown {
  if (typeof text !== 'string') return text
  const document = readInline('document:', text)
  return document.faults.length > 0 ? { text: digestOf(text) } : document.value
}
const digestOf = (text: unknown): unknown => (typeof text === 'string' ? `sha256:${textDigest(text)}` : text)

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value)

function compare(before: unknown, after: unknown, path: Path, out: PathDifference[]): void {
  if (isObject(before) && isObject(after)) {
    for (const key of [...new Set([...Object.keys(before), ...Object.keys(after)])].sort())
      compare(Object.hasOwn(before, key) ? before[key] : undefined, Object.hasOwn(after, key) ? after[key] : undefined, [...path, key], out)
  } else if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    for (const [i, item] of before.entries()) compare(item, after[i], [...path, i], out)
  } else if (sortedJson(before) !== sortedJson(after) || (before === undefined) !== (after === undefined)) {
    out.push({ path: writtenPath(path), ...(before !== undefined && { before }), ...(after !== undefined && { after }) })
  }
}

const SIGNS = { create: '+', change: '~', remove: '-' } as const

/** One line an object, one a path below it; nothing in it can rewrite a terminal. */
export function differenceText(all: readonly ObjectDifference[]): string {
  return all
    .flatMap(({ kind, name, op, paths, more }) => [
      `${SIGNS[op]} ${kind}/${name}`,
      ...(op === 'remove' ? [] : paths.map((each) => `    ${pathText(each)}`)),
      ...(more > 0 ? [`    and ${more} more`] : []),
    ])
    .map(visible)
    .join('\n')
}

function pathText({ path, before, after }: PathDifference): string {
  const name = path === '' ? '' : `${path}: `
  if (before === undefined) return `+ ${name}${short(after)}`
  if (after === undefined) return `- ${name}${short(before)}`
  return `~ ${name}${short(before)} -> ${short(after)}`
}
function short(value: unknown): string {
  const text = sortedJson(value)
  return text.length > 120 ? `${text.slice(0, 117)}...` : text
}
