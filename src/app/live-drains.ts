// Brings what the store says of drained targets to the gateway threads, by whichever node it was said.
import { allDrains, type Drain } from '../lifecycle/drains.ts'
import type { Store } from '../ports/store.ts'

/** How long after a store that could not be read it is tried again. */
const RETRY_MS = 1000

export interface DrainsMeans {
  readonly store: Store
  /** Resolves when every thread does as it says. */
  readonly tell: (drains: readonly Drain[]) => Promise<void>
  /** A line for the operator's log. */
  readonly report: (text: string) => void
}

export class LiveDrains {
  private readonly means: DrainsMeans
  private told = '[]'
  private turn: Promise<void> = Promise.resolve()
  private stop: (() => void) | undefined
  private retry: NodeJS.Timeout | undefined

  constructor(means: DrainsMeans) {
    this.means = means
  }

  /** Follows the store from now on; resolves when the threads know what it says. */
  async start(): Promise<void> {
    this.stop = this.means.store.onChange(() => this.follow())
    await this.catchUp()
  }
  /** Resolves when all that was committed before the call holds on every thread. */
  catchUp(): Promise<void> {
    const mine = this.turn.then(async () => {
      const drains = await this.means.store.read(allDrains)
      const text = JSON.stringify(drains)
      if (text === this.told) return
      await this.means.tell(drains)
      this.told = text
    })
    this.turn = mine.catch(() => {})
    return mine
  }
  /** Waits for what is under way. */
  async close(): Promise<void> {
    this.stop?.()
    this.stop = undefined
    clearTimeout(this.retry)
    await this.turn
  }

  private follow(): void {
    this.catchUp().catch((cause: unknown) => {
      this.means.report(`drained targets could not be looked up and are looked up again: ${cause instanceof Error ? cause.message : String(cause)}`)
      clearTimeout(this.retry)
      if (this.stop !== undefined) this.retry = setTimeout(() => this.follow(), RETRY_MS).unref()
    })
  }
}
