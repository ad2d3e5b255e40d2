// Fixed windows, aligned to the epoch: at most `limit` events in each, and up to twice that across a border.
import type { LimitRule } from '../../ports/counters.ts'
import type { Algorithm } from './algorithm.ts'

/** Counter: `restMs` is the end of the window that was counted last, `low` the count in it. */
export function fixedWindow({ limit, windowMs }: LimitRule): Algorithm {
  const decision: Algorithm = {
    restMs: 0,
    low: 0,
    decide(restMs, low, nowUs, taken) {
      const nowMs = Math.floor(nowUs / 1000)
      let endMs = nowMs - (nowMs % windowMs) + windowMs
      let count = 0
      // Another thread may already have counted in the next window: an event that comes late is counted there, never in a window that is over.
      if (restMs >= endMs) {
        endMs = restMs
        count = low
      }
      const admitted = count < limit
      if (admitted) {
        count++
        decision.restMs = endMs
        decision.low = count
      }
      taken.admitted = admitted
      taken.remaining = limit - count
      taken.resetMs = Math.ceil(endMs - nowUs / 1000)
      taken.retryAfterMs = admitted ? 0 : taken.resetMs
      return admitted
    },
  }
  return decision
}
