// The transactions of every store: turns, time limits, reading one's own writes. A database adds only its sessions.
import {
  type Collection,
  checkKey,
  checkRange,
  type Entry,
  encodeValue,
  type Range,
  type Reading,
  StoreUnavailable,
  TRANSACTION_MS_MAX,
  TRANSACTION_OCTETS_MAX,
  TRANSACTION_WRITES_MAX,
  type Writing,
} from '../ports/store.ts'
import { type Session, spanOf, type Write } from './store-session.ts'
import { Turns } from './store-turns.ts'

export interface Sessions {
  reading(): Session
  writing(): Session
}
export interface TransactionLimits {
  /** Default 8. */
  readonly readersMax?: number
  /** Default ten seconds. Tests shorten it. */
  readonly transactionMsMax?: number
}

export class Transactions {
  private readonly sessions: Sessions
  private readonly msMax: number
  private readonly writers = new Turns(1)
  private readonly readers: Turns

  constructor(sessions: Sessions, { readersMax = 8, transactionMsMax = TRANSACTION_MS_MAX }: TransactionLimits = {}) {
    this.sessions = sessions
    this.msMax = transactionMsMax
    this.readers = new Turns(readersMax)
  }

  async read<T>(work: (reading: Reading) => Promise<T>): Promise<T> {
    const done = await this.readers.take()
    const session = this.sessions.reading()
    const transaction = new Transaction(session, this.msMax, true)
    try {
      return await transaction.run(work)
    } finally {
      transaction.finish()
      void session.end().then(done)
    }
  }

  /** Also for `changed`: what to do after a commit that wrote something. */
  async write<T>(work: (writing: Writing) => Promise<T>, changed: () => void): Promise<T> {
    const done = await this.writers.take()
    const session = this.sessions.writing()
    const transaction = new Transaction(session, this.msMax, false)
    try {
      const result = await transaction.run(work)
      transaction.finish()
      if (transaction.wrote) {
        await session.commit(transaction.unsent)
        changed()
      }
      return result
    } finally {
      transaction.finish()
      void session.end().then(done)
    }
  }

  /** Runs what must not meet a write of this handle. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const done = await this.writers.take()
    try {
      return await work()
    } finally {
      done()
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.readers.close(), this.writers.close()])
  }
}

class Transaction implements Writing {
  unsent: Write[] = []
  wrote = false
  private readonly session: Session
  private readonly own = new Map<string, Map<string, string | null>>()
  private writes = 0
  private octets = 0
  private asking = 0
  /** Why nothing can be asked any more. One call that failed ends all: what came before it may be lost with it. */
  private over: Error | undefined
  private readonly timer: NodeJS.Timeout
  private readonly expired: Promise<never>

  /** `idle`: the time counts from the last call, not from the beginning. */
  constructor(session: Session, msMax: number, idle: boolean) {
    this.session = session
    let expire: (cause: Error) => void
    this.expired = new Promise((_, reject) => (expire = reject))
    this.expired.catch(() => {})
    this.timer = setTimeout(() => {
      if (idle && this.asking > 0) return void this.timer.refresh()
      this.over ??= new StoreUnavailable(`the transaction took longer than ${msMax} ms and was given up`)
      expire(this.over)
    }, msMax)
    this.refresh = idle ? () => void this.timer.refresh() : () => {}
  }
  private readonly refresh: () => void

  async run<T>(work: (transaction: Writing) => Promise<T>): Promise<T> {
    const running = work(this)
    // It may go on after it was given up, and fail at its next call: nobody listens by then.
    running.catch(() => {})
    const result = await Promise.race([running, this.expired])
    if (this.over) throw this.over
    return result
  }
  finish(): void {
    clearTimeout(this.timer)
    this.over ??= new Error('the transaction is over')
  }

  async get<T>(of: Collection<T>, key: string): Promise<T | undefined> {
    checkKey(key)
    const own = this.own.get(of.name)?.get(key)
    const text = own === undefined ? await this.ask(() => this.session.get(of.name, key)) : this.stillOpen(own)
    return text === undefined || text === null ? undefined : (JSON.parse(text) as T)
  }
  async scan<T>(of: Collection<T>, range: Range): Promise<readonly Entry<T>[]> {
    checkRange(range)
    const { keys, values } = await this.ask(() => this.session.scan(spanOf(of.name, range), this.handOver(of.name)))
    const parsed = JSON.parse(values) as T[]
    return keys.map((key, i) => ({ key, value: parsed[i]! }))
  }
  collections(): Promise<readonly string[]> {
    return this.ask(() => this.session.collections(this.handOver()))
  }
  put<T>(of: Collection<T>, key: string, value: T): void {
    checkKey(key)
    this.add([of.name, key, encodeValue(value)])
  }
  remove<T>(of: Collection<T>, key: string): void {
    checkKey(key)
    this.add([of.name, key, null])
  }

  private add(write: Write): void {
    this.stillOpen(undefined)
    const [collection, key, text] = write
    this.writes++
    this.octets += key.length + Buffer.byteLength(text ?? '')
    if (this.writes > TRANSACTION_WRITES_MAX || this.octets > TRANSACTION_OCTETS_MAX) {
      this.over = new Error(`a transaction of the store has at most ${TRANSACTION_WRITES_MAX} writes and ${TRANSACTION_OCTETS_MAX} octets`)
      throw this.over
    }
    let own = this.own.get(collection)
    if (!own) this.own.set(collection, (own = new Map()))
    own.set(key, text)
    this.unsent.push(write)
    this.wrote = true
  }
  /** What the database must know before it looks at the collection, or at all of them. */
  private handOver(collection?: string): readonly Write[] {
    if (collection !== undefined && !this.own.has(collection)) return []
    const { unsent } = this
    this.unsent = []
    return unsent
  }
  private stillOpen<T>(value: T): T {
    if (this.over) throw this.over
    return value
  }
  private async ask<T>(call: () => Promise<T>): Promise<T> {
    this.stillOpen(undefined)
    this.asking++
    try {
      return await call()
    } catch (cause) {
      this.over ??= cause as Error
      throw cause
    } finally {
      this.asking--
      this.refresh()
    }
  }
}
