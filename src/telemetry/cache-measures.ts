// What the cache did, for the metrics page.
import { type CacheMeasures, type CacheTally, emptyTally } from '../ports/responses.ts'
import type { ThreadMeasures } from './measures.ts'

/** The page, as far as it is needed here. */
interface Page {
  family(name: string, kind: string, help: string): { sample(suffix: string, labels: { readonly [name: string]: string }, value: number): void }
}

/** What came of looking for a stored response. */
const LOOKS: readonly (readonly [result: string, of: keyof CacheTally])[] = [
  ['hit', 'hits'],
  ['stale', 'stale'],
  ['validated', 'validated'],
  ['miss', 'misses'],
  ['bypass', 'bypassed'],
]
/** What stored responses came to, as families of the metrics page; nothing where no API stores any. */
export function cacheFamilies(page: Page, threads: readonly ThreadMeasures[]): void {
  const sums = new Map<string, CacheTally>()
  for (const [api, tally] of threads.flatMap(({ cache }) => cache?.tallies ?? [])) {
    const sum: CacheTally = { ...(sums.get(api) ?? emptyTally()) }
    for (const name of Object.keys(tally) as (keyof CacheTally)[]) sum[name] += tally[name]
    sums.set(api, sum)
  }
  if (sums.size === 0) return
  const all = [...sums].sort(([a], [b]) => (a < b ? -1 : 1))
  const looks = page.family('gatehouse_cache_lookups_total', 'counter', 'Requests that a response-cache looked at, by what came of it.')
  for (const [api, tally] of all) for (const [result, name] of LOOKS) looks.sample('', { api, result }, tally[name])
  const each = (name: string, help: string, of: keyof CacheTally) => {
    const family = page.family(name, 'counter', help)
    for (const [api, tally] of all) family.sample('', { api }, tally[of])
  }
  each('gatehouse_cache_collapsed_total', 'Hits that waited for another request to fetch the response.', 'collapsed')
  each('gatehouse_cache_stored_total', 'Responses that were stored.', 'stored')
  each('gatehouse_cache_not_stored_total', 'Responses that were not stored.', 'refused')
  each('gatehouse_cache_invalidations_total', 'Unsafe requests that made stored responses void.', 'invalidated')
  const ofThread = (name: string, kind: string, help: string, of: (cache: CacheMeasures) => number) => {
    const family = page.family(name, kind, help)
    for (const { thread, cache } of threads) if (cache !== undefined) family.sample('', { thread: String(thread) }, of(cache))
  }
  ofThread('gatehouse_cache_bytes', 'gauge', 'Memory that stored responses take up.', ({ octets }) => octets)
  ofThread('gatehouse_cache_entries', 'gauge', 'Targets with stored responses, by caller.', ({ keys }) => keys)
  ofThread('gatehouse_cache_evictions_total', 'counter', 'Targets that were pushed out to make room.', ({ evictions }) => evictions)
}
