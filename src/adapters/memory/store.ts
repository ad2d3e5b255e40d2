// The store in memory: for tests, and for whoever wants to see what the others must do. Nothing survives the process.
import {
  CHANGES_KEPT,
  CHANGES_LIMIT,
  type Change,
  type Changes,
  type Collection,
  checkKey,
  checkRange,
  type Entry,
  encodeValue,
  type Range,
  type Reading,
  type Store,
  StoreUnavailable,
  type Writing,
} from '../../ports/store.ts'

type Records = Map<string, Map<string, string>>

export class MemoryStore implements Store {
  private records: Records = new Map()
  private history: Change[] = []
  private sequence = 0
  private turn: Promise<unknown> = Promise.resolve()
  private readonly listeners = new Set<() => void>()
  private closed = false

  read<T>(work: (reading: Reading) => Promise<T>): Promise<T> {
    return this.inTurn(() => work(new View(this.records)))
  }

  write<T>(work: (writing: Writing) => Promise<T>): Promise<T> {
    return this.inTurn(async () => {
      const draft: Records = new Map([...this.records].map(([name, records]) => [name, new Map(records)]))
      const writing = new Draft(draft)
      const result = await work(writing)
      writing.isOpen = false
      this.records = draft
      for (const change of writing.changes) this.history.push(change)
      this.sequence += writing.changes.length
      if (this.history.length > CHANGES_KEPT) this.history.splice(0, this.history.length - CHANGES_KEPT)
      if (writing.changes.length > 0) for (const heard of this.listeners) queueMicrotask(heard)
      return result
    })
  }

  async changes(since: number): Promise<Changes> {
    const first = this.sequence - this.history.length
    if (since < first) return { sequence: this.sequence, changes: undefined }
    const changes = this.history.slice(since - first, since - first + CHANGES_LIMIT)
    return { sequence: since + changes.length, changes }
  }

  onChange(heard: () => void): () => void {
    this.listeners.add(heard)
    return () => void this.listeners.delete(heard)
  }

  async close(): Promise<void> {
    this.closed = true
    await this.turn.catch(() => {})
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.closed) return Promise.reject(new StoreUnavailable('the store is closed'))
    const mine = this.turn.then(work, work)
    this.turn = mine.catch(() => {})
    return mine
  }
}

class View implements Reading {
  protected readonly records: Records
  constructor(records: Records) {
    this.records = records
  }
  async get<T>(collection: Collection<T>, key: string): Promise<T | undefined> {
    checkKey(key)
    const text = this.records.get(collection.name)?.get(key)
    return text === undefined ? undefined : (JSON.parse(text) as T)
  }
  async scan<T>(collection: Collection<T>, range: Range): Promise<readonly Entry<T>[]> {
    checkRange(range)
    const { prefix = '', after, before, reverse, limit } = range
    const keys = [...(this.records.get(collection.name)?.keys() ?? [])]
      .filter((key) => key.startsWith(prefix) && (after === undefined || key > after) && (before === undefined || key < before))
      .sort()
    if (reverse) keys.reverse()
    return keys.slice(0, limit).map((key) => ({ key, value: JSON.parse(this.records.get(collection.name)!.get(key)!) as T }))
  }
  async collections(): Promise<readonly string[]> {
    return [...this.records]
      .filter(([, records]) => records.size > 0)
      .map(([name]) => name)
      .sort()
  }
}

class Draft extends View implements Writing {
  readonly changes: Change[] = []
  isOpen = true
  put<T>(collection: Collection<T>, key: string, value: T): void {
    this.check(key)
    const text = encodeValue(value)
    let records = this.records.get(collection.name)
    if (!records) this.records.set(collection.name, (records = new Map()))
    records.set(key, text)
    this.changes.push({ collection: collection.name, key })
  }
  remove<T>(collection: Collection<T>, key: string): void {
    this.check(key)
    if (this.records.get(collection.name)?.delete(key)) this.changes.push({ collection: collection.name, key })
  }
  private check(key: string): void {
    if (!this.isOpen) throw new Error('the transaction is over')
    checkKey(key)
  }
}
