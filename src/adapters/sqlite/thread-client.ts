// The store thread seen from the main thread: started, asked, and started again with back-off when it dies.
import { setTimeout as after } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { StoreUnavailable, UncertainCommit } from '../../ports/store.ts'
import { errorOf } from './failures.ts'
import type { FromThread, Order, Question, ThreadStart, ToThread } from './messages.ts'

/** How long a thread that died waits before it is started again; doubled each time, reset once it is open. */
const RESTART_MS = 100
const RESTART_MS_MAX = 10_000
/** A thread that does not answer for so long hangs on its disk: it is ended, and whoever waits for it is told. */
const SILENCE_MS_MAX = 30_000
const SILENCE_LOOK_MS = 5000
const PARTING_MS = 2000

interface Pending {
  readonly question: Question
  resolve(value: unknown): void
  reject(cause: Error): void
  looks: number
}

export class ThreadClient {
  /** Counts the lives of the thread: a transaction belongs to one of them. */
  life = 0
  private readonly start: Omit<ThreadStart, 'listen'>
  private readonly changed: () => void
  private worker: Worker | undefined
  private isOpen = false
  private closing = false
  private listening = false
  private asked = 0
  private backOffMs = RESTART_MS
  private restarting: NodeJS.Timeout | undefined
  private readonly pending = new Map<number, Pending>()
  private readonly silence: NodeJS.Timeout

  private constructor(start: Omit<ThreadStart, 'listen'>, changed: () => void) {
    this.start = start
    this.changed = changed
    this.silence = setInterval(() => this.lookForSilence(), SILENCE_LOOK_MS).unref()
  }

  /** Resolves when the database is open; rejects when it cannot be. */
  static async open(start: Omit<ThreadStart, 'listen'>, changed: () => void): Promise<ThreadClient> {
    const client = new ThreadClient(start, changed)
    try {
      await client.spawn()
    } catch (cause) {
      client.closing = true
      clearInterval(client.silence)
      await client.worker?.terminate()
      throw cause
    }
    return client
  }

  /** Asks within a life of the thread: rejects when that life is over. */
  ask<T>(question: Question, life = this.life): Promise<T> {
    const { worker } = this
    if (!worker || !this.isOpen) return Promise.reject(new StoreUnavailable('the store thread is down; it is started again'))
    if (life !== this.life) return Promise.reject(new StoreUnavailable('the store thread died during the transaction'))
    return new Promise((resolve, reject) => {
      const ask = ++this.asked
      if (this.pending.size === 0) worker.ref()
      this.pending.set(ask, { question, resolve: resolve as (value: unknown) => void, reject, looks: 0 })
      worker.postMessage({ ask, question } satisfies ToThread)
    })
  }
  tell(order: Order, life = this.life): void {
    if (order.kind === 'listen') this.listening = order.on
    if (this.isOpen && life === this.life) this.worker?.postMessage({ order } satisfies ToThread)
  }

  async close(): Promise<void> {
    // One that dies over it has let go as well.
    await this.ask({ kind: 'close' }).catch(() => {})
    this.closing = true
    clearInterval(this.silence)
    clearTimeout(this.restarting)
    // One that hangs on its disk cannot be ended before the disk answers.
    const late = new AbortController()
    await Promise.race([this.worker?.terminate(), after(PARTING_MS, undefined, { signal: late.signal }).catch(() => {})])
    late.abort()
  }

  private spawn(): Promise<void> {
    const own = import.meta.url
    const worker = new Worker(new URL(`./store-thread${own.endsWith('.ts') ? '.ts' : '.js'}`, own), {
      workerData: { ...this.start, listen: this.listening } satisfies ThreadStart,
      name: 'store',
    })
    this.worker = worker
    return new Promise((resolve, reject) => {
      let fault: Error | undefined
      worker.on('message', (message: FromThread) => {
        if (message.kind === 'open') {
          this.isOpen = true
          this.life++
          this.backOffMs = RESTART_MS
          // It keeps the process alive only while somebody waits for it.
          worker.unref()
          resolve()
        } else if (message.kind === 'refused') reject(errorOf(message.failure))
        else if (message.kind === 'changed') this.changed()
        else this.settle(message)
      })
      worker.on('error', (cause) => (fault = cause as Error))
      worker.on('exit', (code) => {
        reject(new StoreUnavailable('the store thread ended before it was open', fault))
        this.died(fault ?? new Error(`code ${code}`))
      })
    })
  }

  private settle(message: Extract<FromThread, { ask: number }>): void {
    const pending = this.pending.get(message.ask)
    this.pending.delete(message.ask)
    if (this.pending.size === 0) this.worker?.unref()
    if (message.kind === 'answer') pending?.resolve(message.value)
    else pending?.reject(errorOf(message.failure))
  }

  private died(cause: Error): void {
    this.giveUp(cause)
    // One that was never open has told why, and is not tried again from here: `open` rejects.
    if (this.closing || this.life === 0) return
    this.restarting = setTimeout(() => {
      this.spawn().then(
        () => this.changed(),
        () => {},
      )
    }, this.backOffMs).unref()
    this.backOffMs = Math.min(RESTART_MS_MAX, this.backOffMs * 2)
  }

  /** Tells whoever waits, and takes no more questions until the thread is started again. */
  private giveUp(cause: Error): void {
    this.isOpen = false
    for (const [ask, { question, reject }] of this.pending) {
      this.pending.delete(ask)
      reject(
        question.kind === 'commit'
          ? new UncertainCommit('the store thread died while a commit was on its way', cause)
          : new StoreUnavailable('the store thread died', cause),
      )
    }
  }

  private lookForSilence(): void {
    const waiting = [...this.pending.values()]
    // A restore takes as long as it takes, and everybody waits for it.
    if (waiting.some(({ question }) => question.kind === 'restore')) return
    for (const pending of waiting) pending.looks++
    if (!waiting.some(({ looks }) => looks * SILENCE_LOOK_MS > SILENCE_MS_MAX)) return
    // Told now: a thread that hangs in the system ends only when its disk answers, if ever.
    this.giveUp(new Error('the store thread does not answer'))
    void this.worker?.terminate()
  }
}
