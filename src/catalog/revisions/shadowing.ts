// Which APIs lose requests to another: an API that is put below or beside a guarded one takes its callers without touching it.
import { members } from '../members.ts'
import type { CatalogObject } from './kinds.ts'

interface Place {
  readonly path: string
  /** Lower case; none: every host. */
  readonly hosts: readonly string[]
}

function placeOf({ value }: CatalogObject): Place {
  const { path, hosts } = members<'path' | 'hosts'>(value)
  return {
    path: typeof path === 'string' && path !== '/' ? path : '',
    hosts: Array.isArray(hosts) ? hosts.map((host) => String(host).toLowerCase()) : [],
  }
}

/** As the router decides: a named host before every host, and then the longest path. */
function takesFrom(taker: Place, { path, hosts }: Place): boolean {
  const isBelow = taker.path.startsWith(`${path}/`) || taker.path === path
  if (hosts.length > 0 || taker.hosts.length === 0) {
    const meet = hosts.length === 0 || hosts.some((host) => taker.hosts.includes(host))
    return isBelow && meet
  }
  return isBelow || path.startsWith(`${taker.path}/`)
}

/** Those of `names` from which requests are taken by APIs of `after` which are new, or were elsewhere before. */
export function shadowedApis(names: ReadonlySet<string>, before: readonly CatalogObject[], after: readonly CatalogObject[]): string[] {
  const old = new Map(before.filter(({ kind }) => kind === 'api').map((api) => [api.name, JSON.stringify(placeOf(api))]))
  const apis = after.filter(({ kind }) => kind === 'api').map((api) => ({ name: api.name, place: placeOf(api) }))
  const moved = apis.filter(({ name, place }) => old.get(name) !== JSON.stringify(place))
  return apis.flatMap(({ name, place }) => (names.has(name) && moved.some((taker) => taker.name !== name && takesFrom(taker.place, place)) ? [name] : []))
}
