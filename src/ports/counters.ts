// Counters: what limits need of the world. Exact for every caller that shares them, whichever thread it runs on.

/** How a limit counts. All four are exact; `limit` is at least 1, `windowMs` at least 1. */
export interface LimitRule {
  readonly algorithm: 'gcra' | 'fixed-window' | 'sliding-window' | 'token-bucket'
  readonly limit: number
  readonly windowMs: number
  /** GCRA and token bucket: how many may come at once; absent: `limit`. */
  readonly burst?: number
}

/** The widest numerator and counts that a counter's 64 bits hold beside its time; every store of counters keeps to the same bounds. */
export const COUNT_MAX = 67_000_000
export const SLIDING_COUNT_MAX = 8191
export const FRACTIONS_MAX = 65_536

/**
 * Why no counter can hold this rule exactly, as the end of a sentence that begins with "this limit"; undefined when it can. A limit is exact or it is
 * refused at load: it is never rounded to one that is nearly the same.
 */
export function ruleFault({ algorithm, limit, windowMs, burst = limit }: LimitRule): string | undefined {
  if (algorithm === 'fixed-window') return limit > COUNT_MAX ? `is above ${COUNT_MAX}, the most that a fixed window counts` : undefined
  if (algorithm === 'sliding-window') {
    if (limit > SLIDING_COUNT_MAX) return `is above ${SLIDING_COUNT_MAX}, the most that a sliding window counts; gcra has no such bound`
    return limit * windowMs * 1000 > Number.MAX_SAFE_INTEGER ? 'times its window is too large for a sliding window; gcra has no such bound' : undefined
  }
  const windowUs = windowMs * 1000
  if (limit / greatestCommonDivisor(limit, windowUs) > FRACTIONS_MAX)
    return `does not divide its window into intervals that can be counted exactly; choose a rounder number`
  return (windowUs / limit) * burst > BURST_US_MAX ? 'takes longer than 800 days to be wholly free again after its burst' : undefined
}
const BURST_US_MAX = 800 * 86_400_000_000

export const greatestCommonDivisor = (a: number, b: number): number => (b === 0 ? a : greatestCommonDivisor(b, a % b))

/** What came of asking. The object belongs to the limiter and is valid until its next `take`: copy what must last. */
export interface Taken {
  admitted: boolean
  /** How many more would be admitted right now. */
  remaining: number
  /** Milliseconds until the limit is wholly free again (GCRA, token bucket) or its window ends. */
  resetMs: number
  /** Milliseconds until one more would be admitted; 0 when admitted. */
  retryAfterMs: number
  /** True when there was no room to count: the caller is refused, and the table's fullness is counted. */
  full: boolean
}

/** One limit of one rule, for any number of keys. A store that must wait answers with a promise; the one in shared memory never does. */
export interface Limiter {
  /** Counts one event of `key` at `nowUs` if the rule admits it. A refused event is not counted. */
  take(key: string, nowUs: number): Taken | Promise<Taken>
  /** What `take` would answer, without counting. */
  peek(key: string, nowUs: number): Taken | Promise<Taken>
}

export interface Counters {
  /** The limiter named `scope`: the same scope and rule share their counts across threads and across publishes. */
  limiter(scope: string, rule: LimitRule): Limiter
}
