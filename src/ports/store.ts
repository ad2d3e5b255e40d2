// The store: what Gatehouse must not forget, as JSON records in collections, read and written in transactions.

/** A kind of record, named once where it belongs: `collection<Team>('team')`. The type says what its records hold. */
export interface Collection<T> {
  /** Lower-case letters, digits and hyphens, at most 64. */
  readonly name: string
  /** Never there: it only carries the type. */
  readonly holds?: T
}

/** Names a collection. Throws when the name has not the form. */
export function collection<T>(name: string): Collection<T> {
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(name)) throw new Error(`'${name}' is no name for a collection`)
  return { name }
}

export interface Entry<T> {
  readonly key: string
  readonly value: T
}

/** Which records of a collection, in the order of their keys' octets. All bounds are exclusive. */
export interface Range {
  /** Only keys that begin so. */
  readonly prefix?: string
  readonly after?: string
  readonly before?: string
  /** From the greatest key downwards. */
  readonly reverse?: boolean
  /** At most so many, 1 to 1,000: nobody reads a collection of unknown size in one gulp. */
  readonly limit: number
}

/** A view that no other transaction changes once it has been looked at. It ends when nothing is asked of it for ten seconds. */
export interface Reading {
  get<T>(collection: Collection<T>, key: string): Promise<T | undefined>
  scan<T>(collection: Collection<T>, range: Range): Promise<readonly Entry<T>[]>
  /** The names of the collections that hold a record, in order. */
  collections(): Promise<readonly string[]>
}

/** What a write transaction can do besides. It reads what it has written. At most 100,000 writes of 64 MiB together: more of them throw. */
export interface Writing extends Reading {
  /** The value must survive JSON: what `JSON.parse(JSON.stringify(value))` gives is what is kept. */
  put<T>(collection: Collection<T>, key: string, value: T): void
  remove<T>(collection: Collection<T>, key: string): void
}

export interface Change {
  readonly collection: string
  readonly key: string
}

/** What was committed since the reader last looked, by whichever node. */
export interface Changes {
  /** The number of the last change in here: the next call's `since`. Never goes back. */
  readonly sequence: number
  /**
   * In the order of commits; a key that was put twice stands here twice, one that was removed only if it was there. Undefined: so much happened that
   * the history no longer tells, or another history took its place (a back-up was restored); read everything anew.
   */
  readonly changes: readonly Change[] | undefined
}

/**
 * Transactions are serial: a write sees everything that was committed before it, by every node, and nothing of what comes after. When `write`
 * resolves, what it wrote survives the loss of power; when it rejects with anything but `UncertainCommit`, nothing of it was kept.
 */
export interface Store {
  /** Runs `work` beside others; it never waits for a write. */
  read<T>(work: (reading: Reading) => Promise<T>): Promise<T>
  /** Runs `work` alone. What it throws rolls back and is thrown on. A transaction that takes longer than ten seconds is rolled back. */
  write<T>(work: (writing: Writing) => Promise<T>): Promise<T>
  /** The changes after `since`, at most 10,000 at a time. 0 is before the first. */
  changes(since: number): Promise<Changes>
  /** Calls `heard` within a second of a commit, by this node or another; several commits may be one call. Returns how to stop. */
  onChange(heard: () => void): () => void
  /** Waits for open transactions, then lets go. Calls after it are refused. */
  close(): Promise<void>
}

/** Copies of everything, made and brought back while the store is in use. */
export interface BackUp {
  /** Writes what is committed now into a new file that only this account can read. Rejects, and writes nothing, when there is such a file. */
  backUp(toFile: string): Promise<void>
  /** Replaces everything by what is in the file. Rejects with `UnusableBackUp`, and changes nothing, when it is not whole. */
  restore(fromFile: string): Promise<void>
}

/** What should be restored is no back-up, is cut short or altered, or stands beside records that it must not mix with. */
export class UnusableBackUp extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'UnusableBackUp'
  }
}

/** The database was written by a newer Gatehouse: this one would not understand it, and leaves it alone. */
export class StoreTooNew extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'StoreTooNew'
  }
  static of(found: number, known: number): StoreTooNew {
    return new StoreTooNew(
      `the store has version ${found}, and this Gatehouse knows versions up to ${known}: start the newer Gatehouse again, or restore a back-up`,
    )
  }
}

/** The store cannot be reached or does not answer. Nothing of what was asked has been kept. */
export class StoreUnavailable extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'StoreUnavailable'
  }
}

/** The connection was lost while a commit was on its way: it may have been kept or not. */
export class UncertainCommit extends StoreUnavailable {
  constructor(message: string, cause?: unknown) {
    super(message, cause)
    this.name = 'UncertainCommit'
  }
}

/** For what follows a commit and fails: the change was kept, and "nothing was kept" would be wrong. */
export function afterCommit(cause: unknown): never {
  if (cause instanceof StoreUnavailable) throw new UncertainCommit('the change was kept, and the store went away before it was live', cause)
  throw cause
}

/** The bounds that every adapter holds. */
export const KEY_OCTETS_MAX = 512
export const VALUE_OCTETS_MAX = 16 * 1024 * 1024
export const SCAN_LIMIT_MAX = 1000
export const CHANGES_LIMIT = 10_000
/** How many changes are remembered for readers that come late. */
export const CHANGES_KEPT = 100_000
export const TRANSACTION_MS_MAX = 10_000
export const TRANSACTION_WRITES_MAX = 100_000
export const TRANSACTION_OCTETS_MAX = 64 * 1024 * 1024
/** How many transactions may wait for their turn; the next one is refused with `StoreUnavailable`. */
export const WAITING_MAX = 1000

const KEY = /^[!-~]{1,512}$/

/** Throws unless the key is 1 to 512 visible ASCII characters: then the order of characters, of octets and of both databases is the same. */
export function checkKey(key: string): void {
  if (!KEY.test(key)) throw new Error(`a key of the store is 1 to ${KEY_OCTETS_MAX} visible ASCII characters`)
}

/** Throws unless every bound has the form of a key, and the limit is from 1 to 1,000. */
export function checkRange({ prefix, after, before, limit }: Range): void {
  for (const bound of [prefix, after, before]) if (bound !== undefined && !/^[!-~]{0,512}$/.test(bound)) throw new Error('a bound has the form of a key')
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > SCAN_LIMIT_MAX) throw new Error(`a scan's limit is from 1 to ${SCAN_LIMIT_MAX}`)
}

/** The value as it is kept. Throws when it has no JSON, or too much of it. */
export function encodeValue(value: unknown): string {
  const text = JSON.stringify(value)
  if (text === undefined) throw new Error('a value of the store is JSON')
  if (Buffer.byteLength(text) > VALUE_OCTETS_MAX) throw new Error(`a value of the store has at most ${VALUE_OCTETS_MAX} octets`)
  return text
}

/** Every record of a collection in order, page by page, so that none is held but the page. */
export async function* everyEntry<T>(reading: Reading, of: Collection<T>, prefix = ''): AsyncGenerator<Entry<T>> {
  let after: string | undefined
  for (;;) {
    const page = await reading.scan(of, { prefix, limit: SCAN_LIMIT_MAX, ...(after !== undefined && { after }) })
    yield* page
    if (page.length < SCAN_LIMIT_MAX) return
    after = page.at(-1)!.key
  }
}
