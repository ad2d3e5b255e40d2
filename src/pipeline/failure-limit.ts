// The limit on wrong credentials from one address: guessing keys is refused unheard, before any digest or signature is computed.
import type { Counters, Limiter, Taken } from '../ports/counters.ts'
import type { Refusal } from './contract.ts'
import { chainRefusal } from './denials.ts'
import type { Exchange } from './exchange.ts'

/** So many wrong credentials of one address (an IPv6 /64) in a window. A missing credential is no guess and is not counted. */
export interface FailureRule {
  readonly limit: number
  readonly windowMs: number
}

export const FAILURE_SCOPE = 'gateway/authentication-failures'

/** Shared by all APIs and threads: a guesser gains nothing by spreading over them. */
export class FailureLimit {
  private readonly limiter: Limiter

  constructor(counters: Counters, rule: FailureRule) {
    this.limiter = counters.limiter(FAILURE_SCOPE, { algorithm: 'gcra', ...rule })
  }

  /** The refusal when the address has spent its wrong credentials. */
  check(x: Exchange): Refusal | undefined | Promise<Refusal | undefined> {
    const taken = this.limiter.peek(x.address.group, x.nowUs)
    return taken instanceof Promise ? taken.then(throttled) : throttled(taken)
  }

  /** Counts a wrong credential; the refusal when that one was already too many, so that its answer tells the guesser nothing. */
  charge(x: Exchange): Refusal | undefined | Promise<Refusal | undefined> {
    const taken = this.limiter.take(x.address.group, x.nowUs)
    return taken instanceof Promise ? taken.then(throttled) : throttled(taken)
  }
}

function throttled(taken: Taken): Refusal | undefined {
  if (taken.admitted) return undefined
  return chainRefusal('identify.throttled', [['Retry-After', String(Math.max(1, Math.ceil(taken.retryAfterMs / 1000)))]])
}
