// The RateLimit and RateLimit-Policy response fields (draft-ietf-httpapi-ratelimit-headers-11): lists of structured strings, one member a limit.
import type { Taken } from '../ports/counters.ts'
import type { Exchange } from './exchange.ts'
import { slot } from './slots.ts'

/** What the limits before this one said, so that several come out as one list each. */
const SaidPolicies = slot<string>('RateLimitPolicies')
const SaidStates = slot<string>('RateLimitStates')

const lines = (policies: string, states: string): string => `RateLimit-Policy: ${policies}\r\nRateLimit: ${states}\r\n`

/** Tells the client of one limit. `name` is of letters, digits, ".", "_" and "-": a structured string without escapes (RFC 9651 3.3.3). */
export function limitFields(name: string, limit: number, windowMs: number): (x: Exchange, taken: Taken) => void {
  // A window below a whole second is told longer than it is: a client must not think the limit looser than it is.
  const policy = `"${name}";q=${limit};w=${Math.ceil(windowMs / 1000)}`
  const start = `"${name}";r=`
  // Callers who stay well below their limit are told the same again and again: it is spelled once.
  let told = { remaining: -1, seconds: -1, state: '', lines: '' }
  return (x, taken) => {
    // `t` is never later than Retry-After: a client that obeys the one must not break the other.
    const seconds = Math.ceil((taken.admitted ? taken.resetMs : taken.retryAfterMs) / 1000)
    const { remaining } = taken
    if (told.remaining !== remaining || told.seconds !== seconds) {
      const state = `${start}${remaining};t=${seconds}`
      told = { remaining, seconds, state, lines: lines(policy, state) }
    }
    const { state } = told
    const policies = x.get(SaidPolicies)
    if (policies === undefined) {
      x.clientFields += told.lines
      x.set(SaidPolicies, policy)
      x.set(SaidStates, state)
      return
    }
    const states = x.get(SaidStates)!
    const allPolicies = `${policies}, ${policy}`
    const allStates = `${states}, ${state}`
    x.clientFields = x.clientFields.replace(lines(policies, states), () => lines(allPolicies, allStates))
    x.set(SaidPolicies, allPolicies)
    x.set(SaidStates, allStates)
  }
}
