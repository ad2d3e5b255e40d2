// Round-robin by weight, smooth: of 5, 1 and 1 the first is not asked five times in a row.
import { type Balancer, type Candidate, weightNow } from './balancer.ts'

/**
 * Everybody gains what they weigh, the richest is chosen and pays what all gained together: over as many requests as the weights add up to, each is chosen as
 * often as it weighs, and as evenly spread as can be. Who takes nothing gains nothing meanwhile, and does not catch up.
 */
export class RoundRobin<T> implements Balancer<T> {
  private readonly candidates: readonly Candidate<T>[]
  private readonly credit: Float64Array

  /** `random`: a number from 0 to 1. Where each thread begins is drawn, or they all would begin with the same target. */
  constructor(candidates: readonly Candidate<T>[], random: () => number) {
    this.candidates = candidates
    this.credit = new Float64Array(candidates.length)
    for (let i = Math.floor(random() * candidates.length); i > 0; i--) this.choose(0, 0, [])
  }

  choose(nowMs: number, _place: number, tried: readonly T[]): T | undefined {
    const { candidates, credit } = this
    let richest = -1
    let all = 0
    for (let i = 0; i < candidates.length; i++) {
      const weight = weightNow(candidates[i]!, nowMs, tried)
      if (weight === 0) continue
      all += weight
      credit[i]! += weight
      if (richest < 0 || credit[i]! > credit[richest]!) richest = i
    }
    if (richest < 0) return undefined
    credit[richest]! -= all
    return candidates[richest]!.target
  }
}
