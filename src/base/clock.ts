// The clock: the only place that reads time. One monotonic base for all threads of the process.
import { hrtime } from 'node:process'

/** Time as the rest of the house sees it. Monotonic: an operator who sets the machine's clock back does not reopen a spent window. */
export interface Clock {
  /** Microseconds since the Unix epoch as a whole number below 2^53, never going back within the process. */
  nowUs(): number
}

/**
 * What the process agreed on at start: the wall clock's reading minus the monotonic one, in microseconds. The main thread makes it once and hands
 * it to every gateway thread, so that two threads never disagree about the window a request falls into.
 */
export function wallOffsetUs(): number {
  return Math.round(Date.now() * 1000 - monotonicUs())
}
const monotonicUs = (): number => Number(hrtime.bigint() / 1000n)

/** A clock on the shared base. `performance.now()` is cheaper than `hrtime` and counts the same ticks from another zero. */
export function systemClock(offsetUs: number = wallOffsetUs()): Clock {
  const zero = offsetUs + monotonicUs() - Math.round(performance.now() * 1000)
  return { nowUs: () => zero + Math.round(performance.now() * 1000) }
}

/** A clock for tests and rehearsals, moved by hand. */
export function manualClock(startUs = 1_700_000_000_000_000): Clock & { advanceMs(ms: number): void } {
  let now = startUs
  return { nowUs: () => now, advanceMs: (ms) => void (now += Math.round(ms * 1000)) }
}
