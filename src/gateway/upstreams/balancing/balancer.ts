// What balancers choose among, and what each of them is.

/** One target as balancers see it. `T` is whatever stands for it. */
export interface Candidate<T> {
  readonly target: T
  /** 0 or more; 0 takes nothing. */
  readonly weight: number
  /** Requests under way to it. */
  readonly inFlight: number
  /** A number below 2^32 that stays the same for as long as its address does, on every thread and node. */
  readonly seed: number
  available(nowMs: number): boolean
  /** The part of its weight that counts now, 0 to 1. */
  share(nowMs: number): number
}

/** Chooses among candidates that it was made for. Makes nothing while it does. */
export interface Balancer<T> {
  /**
   * One that is available and not among `tried`, or undefined when there is none. `place`: where the request belongs, below 2^32; only consistent hashing
   * looks at it.
   */
  choose(nowMs: number, place: number, tried: readonly T[]): T | undefined
}

/** How much of all requests it may get now; 0: none. */
export function weightNow<T>(candidate: Candidate<T>, nowMs: number, tried: readonly T[]): number {
  if (candidate.weight === 0 || !candidate.available(nowMs)) return 0
  return tried.length > 0 && tried.includes(candidate.target) ? 0 : candidate.weight * candidate.share(nowMs)
}
