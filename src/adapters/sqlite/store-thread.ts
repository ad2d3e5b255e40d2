// The store thread: node:sqlite waits for the disk, and nobody else should. One connection writes, several read.
import { setTimeout as after } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { StoreUnavailable } from '../../ports/store.ts'
import { restoreInto } from './back-up.ts'
import { Connection, openDatabase, resultCode, SQLITE_BUSY } from './connection.ts'
import { FailedCommit, failureOf } from './failures.ts'
import type { FromThread, Order, Question, ThreadStart, ToThread } from './messages.ts'

/** How long a write waits for another process to finish its own, and how often it looks. */
const LOCK_MS_MAX = 10_000
const LOCK_LOOK_MS = 5
/** How often it looks whether another process has committed. */
const WATCH_MS = 200

class StoreThread {
  private readonly start: ThreadStart
  private readonly say: (message: FromThread) => void
  private readonly writer: Connection
  private readonly idle: Connection[] = []
  private readonly reading = new Map<number, Connection>()
  private writing: { readonly transaction: number; readonly begun: Promise<void> } | undefined
  private watch: NodeJS.Timeout | undefined
  private tidying: NodeJS.Timeout | undefined
  private seenVersion = 0

  constructor(start: ThreadStart, say: (message: FromThread) => void) {
    this.start = start
    this.say = say
    this.writer = new Connection(openDatabase(start.file, start.pagesMax))
    // From here on whoever holds the lock is waited for without blocking the readers.
    this.writer.database.exec('PRAGMA busy_timeout = 0')
    this.listen(start.listen)
  }

  async hear(message: ToThread): Promise<void> {
    if ('order' in message) {
      this.obey(message.order)
      return
    }
    const { ask, question } = message
    try {
      this.say({ kind: 'answer', ask, value: await this.answer(question) })
    } catch (cause) {
      this.say({ kind: 'failed', ask, failure: failureOf(cause) })
    }
  }

  private async answer(question: Question): Promise<unknown> {
    switch (question.kind) {
      case 'changes':
        return this.writer.changes(question.since)
      case 'restore':
        await this.alone(() => restoreInto(this.writer.database, this.start.file, question.file))
        this.tidySoon()
        return undefined
      case 'close':
        this.close()
        return undefined
      default:
        return question.isWrite ? this.inWrite(question) : this.inRead(question)
    }
  }

  private inRead(question: Transactional): unknown {
    let connection = this.reading.get(question.transaction)
    if (!connection) {
      connection = this.idle.pop() ?? this.openReader()
      this.reading.set(question.transaction, connection)
      connection.begin()
    }
    return look(connection, question)
  }
  private openReader(): Connection {
    const database = openDatabase(this.start.file)
    database.exec('PRAGMA query_only = ON; PRAGMA cache_size = -4096')
    return new Connection(database)
  }

  private async inWrite(question: Transactional): Promise<unknown> {
    if (this.writing?.transaction !== question.transaction) {
      const { transaction } = question
      this.writing = { transaction, begun: this.lock(() => this.writing?.transaction === transaction) }
    }
    try {
      await this.writing!.begun
      if (this.writing?.transaction !== question.transaction) throw ended()
      if ('unsent' in question) this.writer.apply(question.unsent)
      if (question.kind !== 'commit') return look(this.writer, question)
      this.commit()
      this.writing = undefined
      this.tidySoon()
      return undefined
    } catch (cause) {
      // SQLite rolls back by itself after some errors and not after others.
      if (this.writing?.transaction === question.transaction) this.endWrite()
      throw cause
    }
  }
  private commit(): void {
    try {
      this.writer.database.exec('COMMIT')
    } catch (cause) {
      throw new FailedCommit(cause)
    }
  }
  /** A while after the first commit since the last time: not after each, and not never while commits go on. */
  private tidySoon(): void {
    this.tidying ??= setTimeout(() => {
      this.tidying = undefined
      // Within a write transaction SQLite would refuse. A disk that fails is told to whoever commits next.
      try {
        if (this.writing || !this.writer.tidyLog()) this.tidySoon()
      } catch {
        this.tidySoon()
      }
    }, this.start.tidyMs)
  }
  private endWrite(): void {
    this.writing = undefined
    this.writer.rollBack()
  }

  /** Takes the one lock for writers; looks again while another process has it, as long as it is wanted. */
  private async lock(isWanted: () => boolean): Promise<void> {
    // Let `writing` be set before anything is tried.
    await undefined
    for (let waitedMs = 0; isWanted(); waitedMs += LOCK_LOOK_MS) {
      try {
        this.writer.database.exec('BEGIN IMMEDIATE')
        return
      } catch (cause) {
        if (resultCode(cause) !== SQLITE_BUSY || waitedMs >= LOCK_MS_MAX) throw cause
      }
      await after(LOCK_LOOK_MS)
    }
    throw ended()
  }
  private async alone(work: () => void): Promise<void> {
    this.writing = undefined
    this.writer.rollBack()
    this.writer.database.exec(`PRAGMA busy_timeout = ${LOCK_MS_MAX}`)
    try {
      work()
    } finally {
      this.writer.rollBack()
      this.writer.database.exec('PRAGMA busy_timeout = 0')
    }
  }

  private obey(order: Order): void {
    if (order.kind === 'listen') {
      this.listen(order.on)
      // Somebody may have committed since it was asked for.
      if (order.on) this.say({ kind: 'changed' })
      return
    }
    const reader = this.reading.get(order.transaction)
    if (reader) {
      this.reading.delete(order.transaction)
      reader.rollBack()
      this.idle.push(reader)
    }
    if (this.writing?.transaction === order.transaction) this.endWrite()
  }

  private listen(on: boolean): void {
    clearInterval(this.watch)
    if (!on) return
    this.seenVersion = this.dataVersion()
    this.watch = setInterval(() => {
      try {
        const version = this.dataVersion()
        if (version !== this.seenVersion) this.say({ kind: 'changed' })
        this.seenVersion = version
      } catch {
        // A disk that cannot be read now is told to whoever asks for something; this only looks again.
      }
    }, WATCH_MS)
  }
  /** Differs when somebody else than the writing connection has committed (sqlite.org/pragma.html#pragma_data_version). */
  private dataVersion(): number {
    return Number(this.writer.database.prepare('PRAGMA data_version').get()?.['data_version'])
  }

  private close(): void {
    clearInterval(this.watch)
    clearTimeout(this.tidying)
    for (const connection of [...this.reading.values(), ...this.idle, this.writer]) {
      connection.rollBack()
      connection.close()
    }
  }
}

type Transactional = Extract<Question, { transaction: number }>

function look(connection: Connection, question: Transactional): unknown {
  switch (question.kind) {
    case 'get':
      return connection.get(question.collection, question.key)
    case 'scan':
      return connection.scan(question.span)
    case 'collections':
      return connection.collections()
    case 'commit':
      throw new Error('a reading transaction has nothing to commit')
  }
}
const ended = (): StoreUnavailable => new StoreUnavailable('the transaction was given up')

const port = parentPort!
const say = (message: FromThread): void => port.postMessage(message)
try {
  const thread = new StoreThread(workerData as ThreadStart, say)
  port.on('message', (message: ToThread) => void thread.hear(message))
  say({ kind: 'open' })
} catch (cause) {
  say({ kind: 'refused', failure: failureOf(cause) })
  port.close()
}
