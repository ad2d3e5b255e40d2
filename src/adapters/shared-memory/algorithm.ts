// What an algorithm of limits is to the table of counters: a decision over one small state.
import type { LimitRule, Taken } from '../../ports/counters.ts'
import { fixedWindow } from './fixed-window.ts'
import { gcra } from './gcra.ts'
import { slidingWindow } from './sliding-window.ts'

/**
 * Decides over a counter's state: when its limit is wholly free again, in milliseconds since the epoch, and 26 bits that the algorithm reads as it likes.
 * A key without a state has `restMs` 0. The state that an admission leads to must be later in `restMs`, or equal there and different in `low`: the table
 * proves by it that no counter is taken for another.
 */
export interface Algorithm {
  /** The state after the last admission. */
  restMs: number
  /** Below 2^26. */
  low: number
  /** Fills `taken`, all but `full`, and answers `taken.admitted`. */
  decide(restMs: number, low: number, nowUs: number, taken: Taken): boolean
}

export function algorithmOf(rule: LimitRule): Algorithm {
  if (rule.algorithm === 'fixed-window') return fixedWindow(rule)
  if (rule.algorithm === 'sliding-window') return slidingWindow(rule)
  return gcra(rule)
}
