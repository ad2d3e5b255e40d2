// What let a request in may end while its answer still streams: asks those policies again that can tell.
import type { Hooks } from './contract.ts'
import type { Exchange } from './exchange.ts'
import { Principal } from './slots.ts'
import type { Stage } from './stages.ts'

/** A policy of the chain in enforce mode, and what it can tell later. */
export interface LastingPolicy {
  readonly policy: string
  readonly stage: Stage
  /** Absent: what it said at the beginning holds to the end. */
  readonly still: NonNullable<Hooks['still']> | undefined
  /** It lets callers pass whom it does not know. */
  readonly letsStrangersPass: boolean
}

export class Lasting {
  private readonly others: readonly NonNullable<Hooks['still']>[]
  private readonly identifying: readonly LastingPolicy[]
  private readonly authenticate: 'any' | 'all'

  constructor(policies: readonly LastingPolicy[], authenticate: 'any' | 'all') {
    this.identifying = policies.filter(({ stage }) => stage === 'identify')
    this.others = policies.flatMap(({ stage, still }) => (stage === 'identify' || still === undefined ? [] : [still]))
    this.authenticate = authenticate
  }

  /** False when one of the policies would not let the request in any more; the chain need not be the one that did. A policy that breaks lets nothing go on. */
  holds(x: Exchange, nowMs: number): boolean {
    try {
      return this.isStillKnown(x, nowMs) && this.others.every((still) => still(x, nowMs))
    } catch {
      return false
    }
  }

  private isStillKnown(x: Exchange, nowMs: number): boolean {
    if (this.identifying.length === 0) return true
    const principal = x.get(Principal)
    if (principal === undefined) return this.admitStrangers(x, nowMs)
    if (this.authenticate === 'all') return this.identifying.every(({ still }) => still === undefined || still(x, nowMs))
    // One recognised the caller. Of several attachments of its kind it is not known which: one that still does is enough.
    return this.identifying.some(({ policy, still }) => policy === principal.by && (still === undefined || still(x, nowMs)))
  }

  private admitStrangers(x: Exchange, nowMs: number): boolean {
    const admits = ({ letsStrangersPass, still }: LastingPolicy): boolean => letsStrangersPass && (still === undefined || still(x, nowMs))
    return this.authenticate === 'all' ? this.identifying.every(admits) : this.identifying.some(admits)
  }
}
