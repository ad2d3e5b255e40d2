// The embedded store: SQLite in a thread of its own, one file, for a Gatehouse of one node.
import { Worker } from 'node:worker_threads'
import { type BackUp, type Changes, type Reading, type Store, StoreUnavailable, type Writing } from '../../ports/store.ts'
import { changesOf, type FoundChanges, type Page, type Session, type Span, type Write } from '../store-session.ts'
import { type TransactionLimits, Transactions } from '../store-transactions.ts'
import { errorOf } from './failures.ts'
import type { Failure } from './messages.ts'
import { ThreadClient } from './thread-client.ts'

export interface SqliteOptions extends TransactionLimits {
  /** The most pages of 4 KiB that the file may have; absent: as many as the disk has. */
  readonly pagesMax?: number
  /** How soon after a commit the log is emptied. Tests shorten it. */
  readonly tidyMs?: number
}

const TIDY_MS = 10_000

export class SqliteStore implements Store, BackUp {
  private readonly file: string
  private readonly thread: ThreadClient
  private readonly transactions: Transactions
  private readonly listeners: Set<() => void>
  private count = 0
  private closed: Promise<void> | undefined

  private constructor(file: string, thread: ThreadClient, listeners: Set<() => void>, options: SqliteOptions) {
    this.file = file
    this.thread = thread
    this.listeners = listeners
    const session = (isWrite: boolean) => (): Session => new ThreadSession(thread, ++this.count, isWrite)
    this.transactions = new Transactions({ reading: session(false), writing: session(true) }, options)
  }

  /** Opens or makes the database at `file`; its folder is there. Rejects with `StoreUnavailable` or `StoreTooNew`. */
  static async open(file: string, options: SqliteOptions = {}): Promise<SqliteStore> {
    const listeners = new Set<() => void>()
    const thread = await ThreadClient.open({ file, pagesMax: options.pagesMax, tidyMs: options.tidyMs ?? TIDY_MS }, () => {
      for (const heard of listeners) heard()
    })
    return new SqliteStore(file, thread, listeners, options)
  }

  read<T>(work: (reading: Reading) => Promise<T>): Promise<T> {
    return this.transactions.read(work)
  }
  write<T>(work: (writing: Writing) => Promise<T>): Promise<T> {
    return this.transactions.write(work, () => this.changed())
  }
  async changes(since: number): Promise<Changes> {
    if (this.closed) throw new StoreUnavailable('the store is closed')
    return changesOf(since, await this.thread.ask<FoundChanges>({ kind: 'changes', since }))
  }
  onChange(heard: () => void): () => void {
    if (this.listeners.size === 0) this.thread.tell({ kind: 'listen', on: true })
    this.listeners.add(heard)
    return () => {
      if (this.listeners.delete(heard) && this.listeners.size === 0) this.thread.tell({ kind: 'listen', on: false })
    }
  }

  backUp(toFile: string): Promise<void> {
    if (this.closed) return Promise.reject(new StoreUnavailable('the store is closed'))
    return new Promise((resolve, reject) => {
      const own = import.meta.url
      const worker = new Worker(new URL(`./back-up-thread${own.endsWith('.ts') ? '.ts' : '.js'}`, own), {
        workerData: { file: this.file, toFile },
        name: 'back-up',
      })
      worker.on('message', (failure: Failure | undefined) => (failure ? reject(errorOf(failure)) : resolve()))
      worker.on('error', (cause) => reject(new StoreUnavailable('the back-up failed', cause)))
      worker.on('exit', () => reject(new StoreUnavailable('the back-up was given up')))
    })
  }
  async restore(fromFile: string): Promise<void> {
    await this.transactions.alone(() => this.thread.ask({ kind: 'restore', file: fromFile }))
    this.changed()
  }

  close(): Promise<void> {
    this.closed ??= this.transactions.close().then(() => this.thread.close())
    return this.closed
  }

  private changed(): void {
    for (const heard of this.listeners) queueMicrotask(heard)
  }
}

/** A transaction in the store thread, bound to the life of the thread in which it began. */
class ThreadSession implements Session {
  private readonly thread: ThreadClient
  private readonly life: number
  private readonly transaction: number
  private readonly isWrite: boolean

  constructor(thread: ThreadClient, transaction: number, isWrite: boolean) {
    this.thread = thread
    this.life = thread.life
    this.transaction = transaction
    this.isWrite = isWrite
  }

  private get named(): { readonly transaction: number; readonly isWrite: boolean } {
    return { transaction: this.transaction, isWrite: this.isWrite }
  }
  get(collection: string, key: string): Promise<string | undefined> {
    return this.thread.ask({ kind: 'get', ...this.named, collection, key }, this.life)
  }
  scan(span: Span, unsent: readonly Write[]): Promise<Page> {
    return this.thread.ask({ kind: 'scan', ...this.named, span, unsent }, this.life)
  }
  collections(unsent: readonly Write[]): Promise<readonly string[]> {
    return this.thread.ask({ kind: 'collections', ...this.named, unsent }, this.life)
  }
  commit(unsent: readonly Write[]): Promise<void> {
    return this.thread.ask({ kind: 'commit', transaction: this.transaction, isWrite: true, unsent }, this.life)
  }
  async end(): Promise<void> {
    this.thread.tell({ kind: 'end', transaction: this.transaction }, this.life)
  }
}
