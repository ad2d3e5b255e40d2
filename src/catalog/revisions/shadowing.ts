// Which APIs lose requests to another: an API or version that is put below or beside a guarded one takes its callers without touching it.
import { apiOf } from '../../model/names.ts'
import { members } from '../reading/members.ts'
import { hostOf } from '../sections/api-schema.ts'
import type { CatalogObject } from './kinds.ts'

interface Place {
  /** Of the API or version. */
  readonly name: string
  readonly path: string
  /** In the form in which they are compared; none: every host. */
  readonly hosts: readonly string[]
}

/** Where APIs are reached; one whose versions stand in its path, at those of its versions. */
function placesOf(objects: readonly CatalogObject[]): Place[] {
  return objects.flatMap(({ kind, name, value }): Place[] => {
    if (kind !== 'api') return []
    const { path, hosts, versioning } = members<'path' | 'hosts' | 'versioning'>(value)
    const place: Place = {
      name,
      path: typeof path === 'string' && path !== '/' ? path : '',
      hosts: Array.isArray(hosts) ? hosts.flatMap((host) => hostOf(String(host)) ?? []) : [],
    }
    if (members<'by'>(versioning).by !== 'path') return [place]
    const versions = objects.filter((each) => each.kind === 'version' && apiOf(each.name) === name)
    return versions.map((version) => ({ ...place, name: version.name, path: `${place.path}/${version.name.slice(name.length + 1)}` }))
  })
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
  const old = new Set(placesOf(before).map((place) => JSON.stringify(place)))
  const places = placesOf(after)
  const moved = places.filter((place) => !old.has(JSON.stringify(place)))
  const taken = places.filter((place) => moved.some((taker) => apiOf(taker.name) !== apiOf(place.name) && takesFrom(taker, place)))
  return [...new Set(taken.map(({ name }) => apiOf(name)))].filter((name) => names.has(name))
}
