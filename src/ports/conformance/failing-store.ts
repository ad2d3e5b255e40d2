// A store that fails on demand, for the tests of whoever uses one: nothing may be acknowledged that is not kept, whatever breaks and when.
import { type Changes, type Collection, type Entry, type Range, type Reading, type Store, StoreUnavailable, UncertainCommit, type Writing } from '../store.ts'

/**
 * - `unavailable`: the call fails, and its transaction with it, even if the caller swallows the error.
 * - `uncertain-kept`, `uncertain-lost`: the commit rejects with `UncertainCommit` after it was kept, or was not. At another step than a commit they
 *   are `unavailable`.
 */
export type Failure = 'unavailable' | 'uncertain-kept' | 'uncertain-lost'
export type StepKind = 'get' | 'scan' | 'collections' | 'put' | 'remove' | 'commit' | 'changes'

class CutShort extends Error {}

export class FailingStore implements Store {
  /** Every step so far, in order: run once without failures to learn how many places there are to fail at. */
  readonly steps: StepKind[] = []
  private readonly inner: Store
  private readonly fails: (step: StepKind, number: number) => Failure | undefined

  /** `fails` is asked at every step, with the steps of its kind and all others numbered from 1. */
  constructor(inner: Store, fails: (step: StepKind, number: number) => Failure | undefined) {
    this.inner = inner
    this.fails = fails
  }
  /** Fails at the step of that number alone, of whatever kind it is. */
  static at(inner: Store, number: number, failure: Failure = 'unavailable'): FailingStore {
    return new FailingStore(inner, (_, step) => (step === number ? failure : undefined))
  }
  /** Fails at the n-th commit alone. */
  static atCommit(inner: Store, number: number, failure: Failure): FailingStore {
    let commits = 0
    return new FailingStore(inner, (step) => (step === 'commit' && ++commits === number ? failure : undefined))
  }

  /** Throws when this step fails. */
  step(kind: StepKind): void {
    if (this.next(kind)) throw unavailable()
  }
  private next(kind: StepKind): Failure | undefined {
    this.steps.push(kind)
    return this.fails(kind, this.steps.length)
  }

  read<T>(work: (reading: Reading) => Promise<T>): Promise<T> {
    return this.inner.read((reading) => work(new FailingTransaction(this, reading as Writing)))
  }

  async write<T>(work: (writing: Writing) => Promise<T>): Promise<T> {
    let atCommit: Failure | undefined
    const result = await this.inner
      .write(async (writing) => {
        const transaction = new FailingTransaction(this, writing)
        const done = await work(transaction)
        if (transaction.broken) throw transaction.broken
        atCommit = this.next('commit')
        if (atCommit === 'unavailable' || atCommit === 'uncertain-lost') throw new CutShort()
        return done
      })
      .catch((cause) => {
        if (!(cause instanceof CutShort)) throw cause
        throw atCommit === 'unavailable' ? unavailable() : new UncertainCommit('the connection was lost, says the test')
      })
    if (atCommit === 'uncertain-kept') throw new UncertainCommit('the connection was lost, says the test')
    return result
  }

  async changes(since: number): Promise<Changes> {
    this.step('changes')
    return this.inner.changes(since)
  }
  onChange(heard: () => void): () => void {
    return this.inner.onChange(heard)
  }
  close(): Promise<void> {
    return this.inner.close()
  }
}

class FailingTransaction implements Writing {
  broken: Error | undefined
  private readonly store: FailingStore
  private readonly inner: Writing

  constructor(store: FailingStore, inner: Writing) {
    this.store = store
    this.inner = inner
  }
  async get<T>(of: Collection<T>, key: string): Promise<T | undefined> {
    this.step('get')
    return this.inner.get(of, key)
  }
  async scan<T>(of: Collection<T>, range: Range): Promise<readonly Entry<T>[]> {
    this.step('scan')
    return this.inner.scan(of, range)
  }
  async collections(): Promise<readonly string[]> {
    this.step('collections')
    return this.inner.collections()
  }
  put<T>(of: Collection<T>, key: string, value: T): void {
    this.inner.put(of, key, value)
    this.later('put')
  }
  remove<T>(of: Collection<T>, key: string): void {
    this.inner.remove(of, key)
    this.later('remove')
  }

  private step(kind: StepKind): void {
    if (this.broken) throw this.broken
    try {
      this.store.step(kind)
    } catch (cause) {
      throw (this.broken = cause as Error)
    }
  }
  /** A real store sends writes later: that one failed is seen at the next call that waits, or at the commit. */
  private later(kind: StepKind): void {
    try {
      this.store.step(kind)
    } catch (cause) {
      this.broken ??= cause as Error
    }
  }
}

const unavailable = (): StoreUnavailable => new StoreUnavailable('the store is gone, says the test')
