// The target with the fewest requests under way, by its weight.
import { type Balancer, type Candidate, weightNow } from './balancer.ts'

/** Ties go round, or a quiet gateway would send everything to the first. */
export class LeastRequests<T> implements Balancer<T> {
  private readonly candidates: readonly Candidate<T>[]
  private next: number

  constructor(candidates: readonly Candidate<T>[], random: () => number) {
    this.candidates = candidates
    this.next = Math.floor(random() * candidates.length)
  }

  choose(nowMs: number, _place: number, tried: readonly T[]): T | undefined {
    const { candidates } = this
    const { length } = candidates
    let found = -1
    let least = Number.POSITIVE_INFINITY
    for (let k = 0, i = this.next; k < length; k++, i = i + 1 === length ? 0 : i + 1) {
      const weight = weightNow(candidates[i]!, nowMs, tried)
      if (weight === 0) continue
      // What it would have with this one: of idle targets the heaviest is first.
      const load = (candidates[i]!.inFlight + 1) / weight
      if (load >= least) continue
      least = load
      found = i
    }
    if (found < 0) return undefined
    this.next = found + 1 === length ? 0 : found + 1
    return candidates[found]!.target
  }
}
