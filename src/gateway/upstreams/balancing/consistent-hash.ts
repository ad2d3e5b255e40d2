// Consistent hashing: the same caller goes to the same target, and a target that comes or goes moves only its own callers.
import { type Balancer, type Candidate, weightNow } from './balancer.ts'

/**
 * Rendezvous hashing with weights (Thaler and Ravishankar, "Using name-based mappings to increase hit rates", 1998; with weights after Schindelhauer and
 * Schomaker, "Weighted distributed hash tables", 2005): each target bids for a place, and the highest bid has it. What a target gets follows its weight
 * exactly, there is no table to build when one comes, and who is not there simply does not bid.
 */
export class ConsistentHash<T> implements Balancer<T> {
  private readonly candidates: readonly Candidate<T>[]
  private readonly loadMax: number

  /**
   * `loadMax`: how many times its part of what is under way a target may have before a caller is sent to the next best one (Mirrokni, Thorup and
   * Zadimoghaddam, "Consistent hashing with bounded loads", 2016); undefined: as much as its callers bring.
   */
  constructor(candidates: readonly Candidate<T>[], loadMax: number | undefined) {
    this.candidates = candidates
    this.loadMax = loadMax ?? Number.POSITIVE_INFINITY
  }

  choose(nowMs: number, place: number, tried: readonly T[]): T | undefined {
    const { candidates, loadMax } = this
    const fullAt = loadMax === Number.POSITIVE_INFINITY ? loadMax : this.fullAt(nowMs, tried)
    let found: T | undefined
    let highest = -1
    let spare: T | undefined
    let highestOfAll = -1
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[i]!
      const weight = weightNow(candidate, nowMs, tried)
      if (weight === 0) continue
      const bid = weight / -Math.log((mixed(place, candidate.seed) + 0.5) / 2 ** 32)
      if (bid > highestOfAll) {
        highestOfAll = bid
        spare = candidate.target
      }
      if (bid > highest && candidate.inFlight < Math.ceil(fullAt * weight)) {
        highest = bid
        found = candidate.target
      }
    }
    // All of them full is none of them full.
    return found ?? spare
  }

  /** By unit of weight: how many requests a target may have. */
  private fullAt(nowMs: number, tried: readonly T[]): number {
    let underWay = 1
    let all = 0
    for (const candidate of this.candidates) {
      const weight = weightNow(candidate, nowMs, tried)
      if (weight === 0) continue
      all += weight
      underWay += candidate.inFlight
    }
    return (this.loadMax * underWay) / all
  }
}

/** Two numbers below 2^32 as a third one that depends on every bit of both (the finalizer of MurmurHash3, by A. Appleby, in the public domain, twice). */
function mixed(place: number, seed: number): number {
  return finalized(finalized(place) ^ seed) >>> 0
}
function finalized(value: number): number {
  let h = value | 0
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
