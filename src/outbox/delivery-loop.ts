// Runs rounds of delivery while the program runs: at once when something was put into the outbox, else when the next message is due.
import type { Store } from '../ports/store.ts'
import type { Delivery } from './delivery.ts'

export interface LoopOptions {
  readonly store: Store
  readonly delivery: Pick<Delivery, 'round'>
  readonly nowMs: () => number
  /** The store does not answer; rounds go on. */
  readonly trouble: (cause: unknown) => void
  /** The longest wait: another node's clock, or a change that nobody told of. */
  readonly longestMs?: number
  /** The shortest: a store that changes all the time does not make rounds all the time. */
  readonly shortestMs?: number
}

/** Starts; call what it returns to stop, which waits for the round under way. */
export function startDelivery({ store, delivery, nowMs, trouble, longestMs = 30_000, shortestMs = 250 }: LoopOptions): () => Promise<void> {
  let stopped = false
  /** Something was changed since the last round began. */
  let changed = false
  let wake = (): void => {}
  const stopHearing = store.onChange(() => {
    changed = true
    wake()
  })

  const pause = (ms: number, mayWake: boolean): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      timer.unref()
      wake = () => {
        if (!mayWake && !stopped) return
        clearTimeout(timer)
        resolve()
      }
    })

  const running = (async () => {
    while (!stopped) {
      let waitMs = longestMs
      changed = false
      try {
        const { nextDueMs } = await delivery.round()
        if (nextDueMs !== undefined) waitMs = Math.min(longestMs, nextDueMs - nowMs())
      } catch (cause) {
        trouble(cause)
      }
      if (stopped) break
      await pause(shortestMs, false)
      if (!stopped && !changed && waitMs > shortestMs) await pause(waitMs - shortestMs, true)
    }
  })()

  return async () => {
    stopped = true
    stopHearing()
    wake()
    await running
  }
}
