// A start with a file that the console's objects do not go with: what is at fault is closed, everything else is served, and nothing is lost.
import { hashOf } from '../../base/canonical-json.ts'
import type { Fault } from '../../base/fault.ts'
import { apiOf } from '../../model/names.ts'
import type { Api, Upstream } from '../../model/snapshot.ts'
import { nameOfInline } from '../reading/inline-documents.ts'
import type { LocatedFault } from '../reading/located-fault.ts'
import { members } from '../reading/members.ts'
import type { Sources } from '../reading/sources.ts'
import { type Configuration, type Resolution, type ResolveOptions, resolveSources } from '../resolving/resolve.ts'
import { apiSchema } from '../sections/api-schema.ts'
import { type ConsoleDocuments, faultyObject, withConsole } from './console-document.ts'
import { type CatalogObject, KINDS, keyOf, kindNamed, type ObjectKey } from './kinds.ts'

export interface Closed {
  readonly key: ObjectKey
  readonly faults: readonly LocatedFault[]
}
const TEXT_KIND = KINDS.find(({ isText }) => isText)!.kind

export type Closing =
  | { readonly ok: true; readonly configuration: Configuration; readonly closed: readonly Closed[]; readonly notices: readonly LocatedFault[] }
  | { readonly ok: false; readonly faults: readonly LocatedFault[] }

/**
 * Leaves out the objects at which faults stand, then those whose faults that brings about, and so on. An API that is left out keeps its place with nothing
 * behind it: were the place free, another API with a shorter path and less protection would answer there. So does an API that a left-out object protects.
 * A fault that stands in the file and is not there without the console is that of the object that brings it. What the file alone is at fault for starts nothing.
 */
export function resolveClosing(file: Sources, console: readonly CatalogObject[], options: ResolveOptions, documents: ConsoleDocuments, kinds = KINDS): Closing {
  const closed = new Map<ObjectKey, LocatedFault[]>()
  for (;;) {
    const rest = console.filter((object) => !closed.has(keyOf(object)))
    const resolution: Resolution = resolveSources(withConsole(file, rest, documents), options)
    if (resolution.ok) return closedIn(file, resolution, console, closed, options, kinds)
    let isMore = false
    for (const fault of resolution.faults) {
      const key = faultyObject(fault)
      if (key === undefined || !rest.some((object) => keyOf(object) === key)) continue
      closed.set(key, [...(closed.get(key) ?? []), fault])
      isMore = true
    }
    for (const { kind, name, value } of rest) {
      // A document of the file that has the same name is not the one that was meant.
      const written = members<'openapi'>(value).openapi
      const document = typeof written === 'string' ? closed.get(keyOf({ kind: TEXT_KIND, name: nameOfInline(written) ?? '' })) : undefined
      if (document && !closed.has(keyOf({ kind, name }))) closed.set(keyOf({ kind, name }), document)
    }
    if (isMore) continue
    const intruder = intruderAmong(rest, (some) => resolveSources(withConsole(file, some, documents), options).faults)
    if (!intruder) return { ok: false, faults: resolution.faults }
    closed.set(keyOf(intruder), [...resolution.faults])
  }
}

/** Faults stand elsewhere than at an object, and some object brings them: the first in a row of them that does. Undefined when they are there without any. */
function intruderAmong(objects: readonly CatalogObject[], faultsWith: (some: readonly CatalogObject[]) => readonly LocatedFault[]): CatalogObject | undefined {
  const keys = new Set(objects.map(keyOf))
  const isFaulty = (count: number): boolean =>
    faultsWith(objects.slice(0, count)).some((fault) => {
      const key = faultyObject(fault)
      return key === undefined || !keys.has(key)
    })
  if (isFaulty(0)) return undefined
  let [sound, faulty] = [0, objects.length]
  while (faulty - sound > 1) {
    const middle = (sound + faulty) >> 1
    if (isFaulty(middle)) faulty = middle
    else sound = middle
  }
  return objects[sound]
}

function closedIn(
  file: Sources,
  resolution: Resolution & { readonly ok: true },
  console: readonly CatalogObject[],
  closed: ReadonlyMap<ObjectKey, readonly LocatedFault[]>,
  options: ResolveOptions,
  kinds: typeof KINDS,
): Closing {
  const { ok: _ok, faults: _faults, notices, files: _files, digest: _digest, ...configuration } = resolution
  let { changesAtMs } = configuration
  const apis = new Map(configuration.snapshot.apis.map((api) => [api.name, api]))
  for (const { kind, name, value } of console) {
    if (!closed.has(keyOf({ kind, name }))) continue
    const known = kindNamed(kind, kinds)
    const endsMs = known?.endsMs?.(value) ?? Number.POSITIVE_INFINITY
    // What has ended protects nothing any more.
    if (endsMs > options.nowMs) {
      changesAtMs = Math.min(changesAtMs, endsMs)
      for (const guarded of known?.guards?.(name, value) ?? []) for (const api of apis.values()) if (isOf(api.name, guarded)) apis.set(api.name, shut(api))
    }
    const place = apis.has(name) ? undefined : placeOf(name, kind, value, file, console, options)
    const left = place && placeOnly(name, place, [...apis.values()])
    if (left) apis.set(name, left)
  }
  return {
    ok: true,
    configuration: {
      ...configuration,
      changesAtMs,
      snapshot: { ...configuration.snapshot, apis: [...apis.values()].sort((a, b) => (a.name < b.name ? -1 : 1)) },
    },
    closed: [...closed].map(([key, faults]) => ({ key, faults })),
    notices,
  }
}

/** An API of the snapshot is the one that is named, or one of its versions or canaries. */
const isOf = (name: string, guarded: string): boolean => name === guarded || name.startsWith(`${guarded}@`) || name.startsWith(`${guarded}~`)

/** The same API without a single operation: every request is told that there is none. */
function shut({ anyPath: _any, hash: _hash, ...api }: Api): Api {
  const empty = { ...api, routes: [], policySets: [[]] }
  return { ...empty, hash: hashOf(empty) }
}

/** RFC 6761 6.4: a name that never resolves, for an upstream that nothing is sent to. */
const NOWHERE: Upstream = {
  ...{ host: 'closed.invalid', port: 1, basePath: '', preserveHost: false, connections: 1, queue: 0 },
  timeouts: { connectMs: 1000, headMs: 1000, idleMs: 1000, eventsMs: 1000, keepAliveMs: 0 },
}

interface Place {
  readonly path: string
  readonly hosts: readonly string[] | undefined
}

/** Where an API was reached, or a version in its path; undefined for what has no place of its own. */
function placeOf(
  name: string,
  kind: string,
  value: unknown,
  file: Sources,
  console: readonly CatalogObject[],
  { policies }: ResolveOptions,
): Place | undefined {
  if (kind !== 'api' && kind !== 'version') return undefined
  const api = apiOf(name)
  const faults: Fault[] = []
  const { path, hosts, versioning } = apiSchema(policies).read(kind === 'api' ? value : writtenApi(api, file, console), [], faults)
  const isRead = (key: string): boolean => !faults.some((fault) => fault.path[0] === key || (fault.path.length === 0 && fault.code === 'wrong-type'))
  // What no version of ours could read as a place was never reached.
  if (!isRead('path') || !isRead('hosts') || (path === undefined && hosts === undefined)) return undefined
  if (kind === 'api') return { path: path ?? '', hosts }
  // A version that is told apart otherwise is missed by the front, which stays.
  return isRead('versioning') && versioning?.by === 'path' ? { path: `${path ?? ''}/${name.slice(api.length + 1)}`, hosts } : undefined
}

/** A version may be the console's, and its API the file's. */
function writtenApi(api: string, { main, included }: Sources, console: readonly CatalogObject[]): unknown {
  const own = console.find(({ kind, name }) => kind === 'api' && name === api)?.value
  return own ?? [main, ...included].map((document) => members(members<'apis'>(document?.value).apis)[api]).find((value) => value !== undefined)
}

function placeOnly(name: string, { path, hosts }: Place, others: readonly Api[]): Api | undefined {
  const isFree = (host: string | undefined): boolean =>
    !others.some((api) => api.path === path && (host === undefined ? api.hosts.length === 0 : api.hosts.includes(host)))
  const free = hosts?.filter(isFree)
  if (free ? free.length === 0 : !isFree(undefined)) return undefined
  const base = { authenticate: 'any', stripPath: true, allowInTarget: [], websocket: false, upstream: NOWHERE } as const
  return shut({ ...base, name, hash: '', hosts: [...(free ?? [])].sort(), path, policySets: [], routes: [] })
}
