// A case of the cache as data: what an upstream answered, what is asked afterwards and when, and where the answer must come from.

/** `store`: the upstream is not asked. `upstream`: it is, and its answer is the client's. `validated`: it confirms what is stored. `instead`: it fails, and the store answers. */
export type Source = 'store' | 'upstream' | 'validated' | 'instead' | 'refused'

/** Values that begin with "@" are dates: seconds from the first request, as `@-60`. A list sends a field several times. */
export type Headers = Readonly<Record<string, string | readonly string[]>>
export interface Asking {
  readonly method?: string
  readonly path?: string
  readonly headers?: Headers
}
export interface Answering {
  readonly status?: number
  readonly headers?: Headers
  readonly body?: string
}
export interface Options {
  readonly config?: Readonly<Record<string, unknown>>
  /** The request that the stored response is made for, and the one that comes later. */
  readonly first?: Asking
  readonly second?: Asking
  /** Of the first answer. */
  readonly status?: number
  /** Requests in between, each answered by the upstream if it is asked. */
  readonly between?: readonly (Asking & { readonly answer?: Answering })[]
  /** What the upstream answers by then; `down`: nothing. Left out: what it answered before, with another body, and 304 where that is asked for. */
  readonly next?: Answering | 'down'
  /** What the second client gets; null: no such field. */
  readonly gets?: { readonly status?: number; readonly body?: string; readonly fields?: Readonly<Record<string, string | null>> }
  /** Request fields that the upstream sees the second time; null: none. */
  readonly sees?: Readonly<Record<string, string | null>>
}
/** Section of the RFC, what is tested, the first answer's fields, seconds until the second request, where its answer comes from. */
export type Row = readonly [section: string, title: string, headers: Headers, later: number, source: Source, options?: Options]

export const FIRST = 'the first body'
export const SECOND = 'the second body'
