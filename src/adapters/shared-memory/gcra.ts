// The generic cell rate algorithm, in whole numbers: no rounding, so that any other exact reading of the rule admits the same requests.
import { greatestCommonDivisor, type LimitRule } from '../../ports/counters.ts'
import type { Algorithm } from './algorithm.ts'

/**
 * Each admitted event moves a theoretical arrival time (TAT) by window / limit; an event is admitted while the TAT is at most (burst - 1) such intervals
 * ahead of now (ITU-T I.371, "virtual scheduling"). The interval need not be a whole number of microseconds: all times here are a number of microseconds
 * and a numerator over `fractions`, the denominator of the reduced interval. A token bucket of `burst` tokens, refilled evenly, is the same rule.
 *
 * Counter: `restMs` is the TAT rounded up to a millisecond, `low` is by how many 1/`fractions` microseconds that is too late.
 */
export function gcra(rule: LimitRule): Algorithm {
  const { limit, windowMs, burst = limit } = rule
  const windowUs = windowMs * 1000
  const divisor = greatestCommonDivisor(limit, windowUs)
  const fractions = limit / divisor
  /** The interval in 1/`fractions` microseconds, and in microseconds with its fraction. */
  const interval = windowUs / divisor
  const intervalUs = Math.floor(interval / fractions)
  const intervalFraction = interval % fractions
  const tolerance = BigInt(interval) * BigInt(burst - 1)
  const toleranceUs = Number(tolerance / BigInt(fractions))
  const toleranceFraction = Number(tolerance % BigInt(fractions))

  const decision: Algorithm = {
    restMs: 0,
    low: 0,
    decide(restMs, low, nowUs, taken) {
      let aheadUs = 0
      let fraction = 0
      if (restMs * 1000 > nowUs) {
        const backUs = Math.ceil(low / fractions)
        aheadUs = restMs * 1000 - backUs - nowUs
        fraction = backUs * fractions - low
        if (aheadUs < 0) {
          aheadUs = 0
          fraction = 0
        }
      }
      if (aheadUs > toleranceUs || (aheadUs === toleranceUs && fraction > toleranceFraction)) {
        taken.admitted = false
        taken.remaining = 0
        taken.resetMs = Math.ceil((aheadUs + (fraction > 0 ? 1 : 0)) / 1000)
        taken.retryAfterMs = Math.ceil((aheadUs - toleranceUs + (fraction > toleranceFraction ? 1 : 0)) / 1000)
        return false
      }
      aheadUs += intervalUs
      fraction += intervalFraction
      if (fraction >= fractions) {
        fraction -= fractions
        aheadUs++
      }
      const laterUs = fraction > 0 ? aheadUs + 1 : aheadUs
      decision.restMs = Math.ceil((nowUs + laterUs) / 1000)
      decision.low = (decision.restMs * 1000 - nowUs - aheadUs) * fractions - fraction
      taken.admitted = true
      // Below 2^53 this division is never rounded across a whole number; above, only this advice to the caller is.
      taken.remaining = Math.max(0, burst - Math.ceil((aheadUs * fractions + fraction) / interval))
      taken.resetMs = Math.ceil(laterUs / 1000)
      taken.retryAfterMs = 0
      return true
    },
  }
  return decision
}
