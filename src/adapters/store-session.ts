// What a database does for one transaction, below the rules that all stores share.
import type { Change, Changes, Range } from '../ports/store.ts'

/** One record put (JSON text) or removed (null). */
export type Write = readonly [collection: string, key: string, text: string | null]

/** A part of a collection between two bounds: `from` is in it, `to` is not. */
export interface Span {
  readonly collection: string
  readonly from: string
  readonly to: string
  readonly reverse: boolean
  readonly limit: number
}
/** Keys, and the JSON of an array with their values: one parse for all of a page. */
export interface Page {
  readonly keys: readonly string[]
  readonly values: string
}

/**
 * A transaction in the database; it begins with the first call. What is written is handed over with the next call that needs to see it, or with the
 * commit. Calls reject with `StoreUnavailable`, and `commit` with `UncertainCommit` when nobody can know.
 */
export interface Session {
  get(collection: string, key: string): Promise<string | undefined>
  scan(span: Span, unsent: readonly Write[]): Promise<Page>
  collections(unsent: readonly Write[]): Promise<readonly string[]>
  commit(unsent: readonly Write[]): Promise<void>
  /** Lets go of what was not committed. Never rejects. */
  end(): Promise<void>
}

/** Keys hold visible ASCII alone: DEL stands above all of them, and `!` is the least that can follow a key. */
export function spanOf(collection: string, { prefix = '', after, before, reverse = false, limit }: Range): Span {
  const from = after !== undefined && `${after}!` > prefix ? `${after}!` : prefix
  const end = `${prefix}\x7f`
  return { collection, from, to: before !== undefined && before < end ? before : end, reverse, limit }
}

/** The last sequence number of the store, with the changes after `since` as they were found. */
export interface FoundChanges {
  readonly last: number
  readonly rows: readonly (Change & { readonly sequence: number })[]
}

/** Sequence numbers have no gaps but where history was cut off or replaced: whoever stands before one has to read everything anew. */
export function changesOf(since: number, { last, rows }: FoundChanges): Changes {
  const first = rows[0]
  if (first ? first.sequence !== since + 1 : since !== last) return { sequence: last, changes: undefined }
  return { sequence: rows.at(-1)?.sequence ?? last, changes: rows.map(({ collection, key }) => ({ collection, key })) }
}
