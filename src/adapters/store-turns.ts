// Turns: how many may work at once, how many may wait, and when all are done.
import { StoreUnavailable, WAITING_MAX } from '../ports/store.ts'

export class Turns {
  private readonly atOnce: number
  private readonly waiting: (() => void)[] = []
  private working = 0
  private closed = false
  private emptied: (() => void) | undefined

  constructor(atOnce: number) {
    this.atOnce = atOnce
  }

  /** Resolves when it is the caller's turn, with what ends the turn. Rejects when too many wait already, or after `close`. */
  async take(): Promise<() => void> {
    if (this.closed) throw new StoreUnavailable('the store is closed')
    if (this.working < this.atOnce) this.working++
    else {
      if (this.waiting.length >= WAITING_MAX) throw new StoreUnavailable(`${WAITING_MAX} transactions wait for the store already`)
      // The one that ends its turn hands it over: `working` stays as it is.
      await new Promise<void>((resolve) => this.waiting.push(resolve))
    }
    let ended = false
    return () => {
      if (ended) return
      ended = true
      this.next()
    }
  }

  /** Refuses whoever comes from now on, and resolves when those who came before are done. */
  async close(): Promise<void> {
    this.closed = true
    if (this.working > 0) await new Promise<void>((resolve) => (this.emptied = resolve))
  }

  private next(): void {
    const next = this.waiting.shift()
    if (next) next()
    else if (--this.working === 0) this.emptied?.()
  }
}
