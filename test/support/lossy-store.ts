// A store that loses the process, or the answer to a commit, at a chosen write; what was committed stays for the next one to find.
import { MemoryStore } from '../../src/adapters/memory/store.ts'
import { type Changes, type Reading, type Store, StoreUnavailable, UncertainCommit, type Writing } from '../../src/ports/store.ts'

export type Failure = 'before the work' | 'before the commit' | 'after the commit'

export class LossyStore implements Store {
  readonly inner: MemoryStore
  writes = 0
  private failing: { readonly at: number; readonly how: Failure } | undefined

  constructor(inner: MemoryStore = new MemoryStore()) {
    this.inner = inner
  }

  /** Writes are counted anew; the one with this number fails. Undefined: none does. */
  failAt(failing: { readonly at: number; readonly how: Failure } | undefined): void {
    this.writes = 0
    this.failing = failing
  }

  read<T>(work: (reading: Reading) => Promise<T>): Promise<T> {
    return this.inner.read(work)
  }

  async write<T>(work: (writing: Writing) => Promise<T>): Promise<T> {
    const number = this.writes++
    const how = this.failing?.at === number ? this.failing.how : undefined
    if (how === 'before the work') throw new StoreUnavailable('the store is gone')
    const result = await this.inner.write(async (writing) => {
      const done = await work(writing)
      if (how === 'before the commit') throw new StoreUnavailable('the store is gone')
      return done
    })
    if (how === 'after the commit') throw new UncertainCommit('the answer is lost')
    return result
  }

  changes(since: number): Promise<Changes> {
    return this.inner.changes(since)
  }
  onChange(heard: () => void): () => void {
    return this.inner.onChange(heard)
  }
  close(): Promise<void> {
    return this.inner.close()
  }

  /** Every record of every collection as JSON: what somebody sees who has stolen the store. */
  async dump(): Promise<string> {
    return this.inner.read(async (reading) => {
      const all: unknown[] = []
      for (const name of await reading.collections()) all.push(name, await reading.scan({ name }, { limit: 1000 }))
      return JSON.stringify(all)
    })
  }
}
