// A sliding window, estimated from two fixed ones: smooth like a log of all events, at the price of two counts.
import type { LimitRule } from '../../ports/counters.ts'
import type { Algorithm } from './algorithm.ts'

const COUNT_BITS = 13
const COUNT_MASK = (1 << COUNT_BITS) - 1

/**
 * The estimate is the count of the current window (aligned to the epoch) plus that part of the previous window's count that the last `windowMs` still
 * cover, as if its events had come evenly. One more is admitted while estimate + 1 <= limit, compared in whole numbers:
 * previous * (window - elapsed) <= (limit - current - 1) * window. Only the evenness is an assumption; the comparison is exact.
 *
 * Counter: `restMs` is the end of the window after the one counted last, when neither count weighs any more; `low` is both counts.
 */
export function slidingWindow({ limit, windowMs }: LimitRule): Algorithm {
  const windowUs = windowMs * 1000
  const decision: Algorithm = {
    restMs: 0,
    low: 0,
    decide(restMs, low, nowUs, taken) {
      const nowMs = Math.floor(nowUs / 1000)
      let startMs = nowMs - (nowMs % windowMs)
      let current = 0
      let previous = 0
      const countedMs = restMs - 2 * windowMs
      if (countedMs >= startMs) {
        startMs = countedMs
        current = low & COUNT_MASK
        previous = low >>> COUNT_BITS
      } else if (countedMs === startMs - windowMs) previous = low & COUNT_MASK
      const elapsedUs = Math.max(0, nowUs - startMs * 1000)
      const weightUs = previous * (windowUs - elapsedUs)
      const roomUs = (limit - current - 1) * windowUs
      const admitted = weightUs <= roomUs
      if (admitted) {
        current++
        decision.restMs = startMs + 2 * windowMs
        decision.low = current | (previous << COUNT_BITS)
      }
      taken.admitted = admitted
      taken.remaining = Math.max(0, Math.floor((limit * windowUs - weightUs) / windowUs) - current)
      taken.resetMs = Math.ceil(startMs + windowMs - nowUs / 1000)
      taken.retryAfterMs = admitted ? 0 : Math.ceil((startMs * 1000 + freeAfterUs(current, previous) - nowUs) / 1000)
      return admitted
    },
  }
  /** Microseconds after the current window's start when one more is admitted, if none comes between. */
  function freeAfterUs(current: number, previous: number): number {
    if (current < limit) return windowUs - Math.floor(((limit - current - 1) * windowUs) / previous)
    return 2 * windowUs - Math.floor(((limit - 1) * windowUs) / current)
  }
  return decision
}
