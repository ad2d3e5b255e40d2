// Responses: what a cache needs of the world. One store may be a thread's memory, another a server that several gateways share.
import type { StoredResponse } from '../caching/stored-response.ts'

/** What was known of a target before its response was asked for: taken before, compared when it is stored. */
export interface Filling {
  readonly target: string
  readonly place: number
  readonly count: number
  readonly purges: number
}

/** What is to be taken away: everything of an API, or what of it has this path, begins so, or bears this tag. */
export interface Purge {
  readonly api: string
  /** With a query: that very target; without: the path with whatever query. */
  readonly path?: string
  readonly prefix?: string
  readonly tag?: string
}
export interface Purged {
  readonly responses: number
  readonly octets: number
}

/** What came of looking, by API. */
export interface CacheTally {
  /** Answered from the store, fresh. */
  hits: number
  /** Answered from the store though stale: while it was validated, because the upstream failed, or because the client wanted it so. */
  stale: number
  /** Answered from the store once the upstream had said that it still holds. */
  validated: number
  /** Nothing there that could be used. */
  misses: number
  /** Not looked for: what the request is or carries forbids it. */
  bypassed: number
  /** Of hits: those that waited for another request to fetch it. */
  collapsed: number
  stored: number
  /** Answers that were not stored. */
  refused: number
  /** Targets whose responses an unsafe request made void. */
  invalidated: number
}
export const emptyTally = (): CacheTally => ({ hits: 0, stale: 0, validated: 0, misses: 0, bypassed: 0, collapsed: 0, stored: 0, refused: 0, invalidated: 0 })

/** What one thread's store holds and did. */
export interface CacheMeasures {
  readonly octets: number
  readonly keys: number
  readonly evictions: number
  /** Octets of bodies that are being collected. */
  readonly collected: number
  readonly tallies: readonly (readonly [api: string, tally: CacheTally])[]
}

/** A store that must wait answers with a promise; the one in memory never does. */
export interface Responses {
  /** What is stored under the key and not void: one for each selection of request fields. The array is the store's own. */
  find(key: string): readonly StoredResponse[] | Promise<readonly StoredResponse[]>
  /** Before the upstream is asked. */
  begin(target: string): Filling
  /** Takes the place of what was stored for the same selection. False: not stored, because it is too large, or because it was made void on its way. */
  put(key: string, response: StoredResponse, filling: Filling): boolean | Promise<boolean>
  /** This one is no good any more. */
  forget(key: string, response: StoredResponse): void
  /** What is stored of the target is void for everyone at once, whoever it was stored for, and what is being fetched for it is not stored (RFC 9111 4.4). */
  invalidate(target: string): void
  /** Room for octets of bodies that are being collected. False: there is none. */
  reserve(octets: number): boolean
  release(octets: number): void
  /** Counts of this API, for as long as the thread lives. */
  tallyOf(api: string): CacheTally
}

/** API, authority, path and query as one text: no part can hold the sign between them. */
export const targetOf = (api: string, authority: string, path: string, query: string | undefined): string =>
  `${api}\n${authority}\n${path}${query === undefined ? '' : `?${query}`}`
