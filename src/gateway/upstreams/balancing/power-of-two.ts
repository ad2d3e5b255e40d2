// Two targets drawn by weight, and of those the one with fewer requests under way (Mitzenmacher, "The power of two choices in randomized load balancing").
import { type Balancer, type Candidate, weightNow } from './balancer.ts'

/** Several gateways that all see the same target idle do not all run to it at once, as they do with the least requests of all. */
export class PowerOfTwo<T> implements Balancer<T> {
  private readonly candidates: readonly Candidate<T>[]
  private readonly random: () => number
  /** What each weighs during one choice. */
  private readonly weights: Float64Array

  /** `random`: a number from 0 to below 1. */
  constructor(candidates: readonly Candidate<T>[], random: () => number) {
    this.candidates = candidates
    this.random = random
    this.weights = new Float64Array(candidates.length)
  }

  choose(nowMs: number, _place: number, tried: readonly T[]): T | undefined {
    const { candidates, weights } = this
    let all = 0
    for (let i = 0; i < candidates.length; i++) all += weights[i] = weightNow(candidates[i]!, nowMs, tried)
    const one = this.draw(all)
    if (one < 0) return undefined
    all -= weights[one]!
    const first = weights[one]!
    weights[one] = 0
    const other = this.draw(all)
    if (other < 0) return candidates[one]!.target
    return candidates[other]!.inFlight / weights[other]! < candidates[one]!.inFlight / first ? candidates[other]!.target : candidates[one]!.target
  }

  /** -1 when nobody weighs anything. */
  private draw(all: number): number {
    const { weights } = this
    let left = this.random() * all
    let last = -1
    for (let i = 0; i < weights.length; i++) {
      if (weights[i] === 0) continue
      last = i
      left -= weights[i]!
      if (left < 0) return i
    }
    // What rounding left over is the last one's.
    return last
  }
}
