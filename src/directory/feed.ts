// From the store to the table that gateway threads read: everything at the start, then what changed, by whichever node.
import type { CredentialDirectory } from '../ports/credentials.ts'
import { type Change, everyEntry, type Reading, type Store } from '../ports/store.ts'
import { asConsumer } from './consumers.ts'
import type { KeyDigests } from './key-digests.ts'
import { isValid } from './keys.ts'
import { consumers, keys, revokedKeys, type StoredKey } from './records.ts'

/** How long after a store that could not be read it is tried again. */
const RETRY_MS = 1000

export interface FeedMeans {
  readonly store: Store
  readonly digests: KeyDigests
  readonly directory: CredentialDirectory
  readonly nowMs: () => number
  /** A key was revoked, by tag: for those of a file, which are in no record of the store. */
  readonly revoked?: (tag: string) => void
  /** A line for the operator's log. */
  readonly report: (text: string) => void
}

export class DirectoryFeed {
  private readonly means: FeedMeans
  private since = 0
  private turn: Promise<void> = Promise.resolve()
  private stop: (() => void) | undefined
  private retry: NodeJS.Timeout | undefined
  private closed = false

  constructor(means: FeedMeans) {
    this.means = means
  }

  /** Loads everything, and follows from there. Rejects when the store cannot be read: then nothing is followed. */
  async start(): Promise<void> {
    await this.inTurn(() => this.load())
    this.stop = this.means.store.onChange(() => this.follow())
    // What was committed between the two.
    this.follow()
  }

  /** Resolves when all that was committed before the call holds on every thread. */
  catchUp(): Promise<void> {
    return this.inTurn(() => this.pull())
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.closed = true
    this.stop?.()
    clearTimeout(this.retry)
    await this.turn
  }

  private follow(): void {
    if (this.closed) return
    this.catchUp().catch((cause: unknown) => {
      this.means.report(`the directory could not be brought up to date and is tried again: ${cause instanceof Error ? cause.message : String(cause)}`)
      clearTimeout(this.retry)
      if (!this.closed) this.retry = setTimeout(() => this.follow(), RETRY_MS).unref()
    })
  }
  private inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.turn.then(work)
    this.turn = mine.catch(() => {})
    return mine
  }

  private async load(): Promise<void> {
    const { store, directory } = this.means
    // Before anything is read: what is committed meanwhile is read again afterwards, and the last word is the store's.
    this.since = await latest(store, this.since)
    const room = { keys: directory.keyCount, consumers: directory.consumerCount }
    await directory.replace(room, (fresh) =>
      store.read(async (reading) => {
        for await (const { value } of everyEntry(reading, consumers)) fresh.putConsumer(asConsumer(value))
        for await (const { value } of everyEntry(reading, keys)) this.tell(fresh, value)
      }),
    )
    await this.pull()
  }

  private async pull(): Promise<void> {
    const { store, directory } = this.means
    for (;;) {
      const { sequence, changes } = await store.changes(this.since)
      if (changes === undefined) return this.load()
      if (changes.length === 0) break
      await store.read((reading) => this.apply(reading, changes))
      this.since = sequence
    }
    await directory.settled()
  }

  /** What changed is read as it is now: how often it changed, and in which order, does not matter. */
  private async apply(reading: Reading, changes: readonly Change[]): Promise<void> {
    const { directory, revoked } = this.means
    const named = (collection: string): Set<string> => new Set(changes.filter((each) => each.collection === collection).map(({ key }) => key))
    // Who was revoked waits for nobody else.
    for (const tag of named(revokedKeys.name)) revoked?.(tag)
    for (const id of named(keys.name)) {
      const key = await reading.get(keys, id)
      if (key === undefined) directory.removeKeyById(id)
      else this.tell(directory, key)
    }
    for (const name of named(consumers.name)) {
      const consumer = await reading.get(consumers, name)
      if (consumer === undefined) directory.removeConsumer(name)
      else directory.putConsumer(asConsumer(consumer))
    }
  }

  private tell(directory: Pick<CredentialDirectory, 'putKey' | 'removeKey' | 'removeKeyById'>, key: StoredKey): void {
    const { digests, nowMs, report } = this.means
    const digest = digests.open(key)
    if (digest === undefined) {
      report(`the key ${key.id} of '${key.consumer}' was sealed under another data key, or altered: it is refused`)
      directory.removeKeyById(key.id)
    } else if (isValid(key, nowMs())) {
      const { id, consumer, expiresMs } = key
      directory.putKey({ id, digest, consumer, ...(expiresMs !== undefined && { expiresMs }) })
    } else directory.removeKey(digest)
  }
}

/** The number of the store's last change. */
async function latest(store: Store, since: number): Promise<number> {
  for (;;) {
    const { sequence, changes } = await store.changes(since)
    if (changes === undefined || changes.length === 0) return sequence
    since = sequence
  }
}
