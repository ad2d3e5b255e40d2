// The store in memory: for tests, and for whoever wants to see what the others must do. Nothing survives the process.
import { CHANGES_KEPT, CHANGES_LIMIT, type Change, type Changes, type Reading, type Store, StoreUnavailable, type Writing } from '../../ports/store.ts'
import { changesOf, type Page, type Session, type Span, type Write } from '../store-session.ts'
import { type TransactionLimits, Transactions } from '../store-transactions.ts'

type Records = ReadonlyMap<string, ReadonlyMap<string, string>>

export class MemoryStore implements Store {
  private records: Records = new Map()
  private history: (Change & { readonly sequence: number })[] = []
  private sequence = 0
  private readonly listeners = new Set<() => void>()
  private readonly transactions: Transactions
  private closed = false

  constructor(limits?: TransactionLimits) {
    const session = (): Session => new MemorySession(this.records, (records, changes) => this.commit(records, changes))
    this.transactions = new Transactions({ reading: session, writing: session }, limits)
  }

  read<T>(work: (reading: Reading) => Promise<T>): Promise<T> {
    return this.transactions.read(work)
  }

  write<T>(work: (writing: Writing) => Promise<T>): Promise<T> {
    return this.transactions.write(work, () => {
      for (const heard of this.listeners) queueMicrotask(heard)
    })
  }

  async changes(since: number): Promise<Changes> {
    if (this.closed) throw new StoreUnavailable('the store is closed')
    const first = this.history[0]?.sequence ?? this.sequence + 1
    const skipped = Math.max(0, since + 1 - first)
    return changesOf(since, { last: this.sequence, rows: this.history.slice(skipped, skipped + CHANGES_LIMIT) })
  }

  onChange(heard: () => void): () => void {
    this.listeners.add(heard)
    return () => void this.listeners.delete(heard)
  }

  async close(): Promise<void> {
    this.closed = true
    await this.transactions.close()
  }

  private commit(records: Records, changes: readonly Change[]): void {
    this.records = records
    for (const change of changes) this.history.push({ ...change, sequence: ++this.sequence })
    if (this.history.length > CHANGES_KEPT) this.history.splice(0, this.history.length - CHANGES_KEPT)
  }
}

/** Collections are never changed, only replaced by changed copies: whoever holds the old ones has a view that stays. */
class MemorySession implements Session {
  private records: Map<string, ReadonlyMap<string, string>>
  private readonly copied = new Map<string, Map<string, string>>()
  private readonly changes: Change[] = []
  private readonly keep: (records: Records, changes: readonly Change[]) => void

  constructor(records: Records, keep: (records: Records, changes: readonly Change[]) => void) {
    this.records = new Map(records)
    this.keep = keep
  }

  async get(collection: string, key: string): Promise<string | undefined> {
    return this.records.get(collection)?.get(key)
  }
  async scan({ collection, from, to, reverse, limit }: Span, unsent: readonly Write[]): Promise<Page> {
    this.apply(unsent)
    const records = this.records.get(collection) ?? new Map<string, string>()
    const keys = [...records.keys()].filter((key) => key >= from && key < to).sort()
    if (reverse) keys.reverse()
    keys.splice(limit)
    return { keys, values: `[${keys.map((key) => records.get(key)!).join(',')}]` }
  }
  async collections(unsent: readonly Write[]): Promise<readonly string[]> {
    this.apply(unsent)
    const filled = [...this.records].filter(([, records]) => records.size > 0)
    return filled.map(([name]) => name).sort()
  }
  async commit(unsent: readonly Write[]): Promise<void> {
    this.apply(unsent)
    this.keep(this.records, this.changes)
  }
  async end(): Promise<void> {}

  private apply(writes: readonly Write[]): void {
    for (const [collection, key, text] of writes) {
      let records = this.copied.get(collection)
      if (!records) {
        records = new Map(this.records.get(collection))
        this.copied.set(collection, records)
        this.records.set(collection, records)
      }
      const changed = text === null ? records.delete(key) : records.set(key, text)
      if (changed) this.changes.push({ collection, key })
    }
  }
}
