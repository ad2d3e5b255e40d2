// Follows the store: whatever was committed, by this node or another, is handed on in order, each change once, and again when handling it failed.
import type { Change, Store } from '../ports/store.ts'

/** Undefined: the history is too short to tell what changed; everything is to be read anew. */
export type HandleChanges = (changes: readonly Change[] | undefined) => Promise<void>

export interface ChangeReaderOptions {
  readonly handle: HandleChanges
  /** Where a failure is told. The changes stay and are handled again. */
  readonly report: (cause: unknown) => void
  /** How long after a failure they are tried again. Default 500. */
  readonly retryMs?: number
}

export class ChangeReader {
  private readonly store: Store
  private readonly options: ChangeReaderOptions
  private sequence: number
  private running: Promise<void> | undefined
  /** Something may have been committed after the running pass looked. */
  private isStale = false
  private isClosed = false
  private retry: NodeJS.Timeout | undefined
  private readonly unsubscribe: () => void

  /** `since`: the sequence that what was read at the start reaches to. */
  constructor(store: Store, since: number, options: ChangeReaderOptions) {
    this.store = store
    this.sequence = since
    this.options = options
    this.unsubscribe = store.onChange(() => void this.catchUp().catch(() => {}))
  }

  /** Resolves when everything that was committed before the call has been handled; rejects when that failed, and it is tried again later. */
  catchUp(): Promise<void> {
    if (this.isClosed) return Promise.resolve()
    if (this.running === undefined) {
      this.running = this.pass().finally(() => (this.running = undefined))
      return this.running
    }
    // The pass under way may have looked before the commit: what counts is the one after it.
    this.isStale = true
    return this.running
  }

  /** Waits for a pass under way. */
  async close(): Promise<void> {
    this.isClosed = true
    clearTimeout(this.retry)
    this.unsubscribe()
    await this.running?.catch(() => {})
  }

  private async pass(): Promise<void> {
    try {
      do {
        this.isStale = false
        await this.step()
      } while (this.isStale && !this.isClosed)
    } catch (cause) {
      this.options.report(cause)
      clearTimeout(this.retry)
      if (!this.isClosed) this.retry = setTimeout(() => void this.catchUp().catch(() => {}), this.options.retryMs ?? 500)
      this.retry?.unref()
      throw cause
    }
  }

  private async step(): Promise<void> {
    const { sequence, changes } = await this.store.changes(this.sequence)
    if (changes?.length === 0) return
    await this.options.handle(changes)
    this.sequence = sequence
    // There may be more than one call tells of.
    this.isStale = true
  }
}
