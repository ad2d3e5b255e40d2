// One policy of a chain, ready to run: what every way of running it needs to know and to count.
import type { Refusal, Verdict } from './contract.ts'
import { DeadlinePassed } from './deadline.ts'
import type { Exchange, Remembered } from './exchange.ts'
import { Principal } from './slots.ts'

/** A step as metrics name it. */
export interface ChainStep {
  readonly policy: string
  readonly scope: string
  readonly mode: 'enforce' | 'monitor'
}

/** Places in a tally, four numbers a step: `tally[step * 4 + PASSED]`. */
export const PASSED = 0
export const REFUSED = 1
/** Monitor mode: it would have refused. */
export const WOULD_REFUSE = 2
export const BROKEN = 3
export const DECISIONS = 4

export interface Link {
  readonly step: ChainStep
  /** Where its four numbers begin in a tally. */
  readonly at: number
  readonly hook: (x: Exchange) => Verdict | Promise<Verdict>
  readonly watches: boolean
  /** The policy may fail open and the operator said so. */
  readonly failsOpen: boolean
  readonly broken: Refusal
  readonly report: (step: ChainStep, cause: unknown) => void
}

/** What the exchange must be put back to when the link leaves no trace; undefined for links whose word counts. */
export const rememberFor = (link: Link, x: Exchange): Remembered | undefined => (link.watches || link.failsOpen ? x.remember() : undefined)

/** Counts a verdict and answers what the chain makes of it: nothing when the link only watches. */
export function settle(link: Link, x: Exchange, tally: Float64Array, verdict: Verdict, before: Remembered | undefined): Verdict {
  const refused = verdict !== undefined && verdict.kind === 'refusal'
  if (!link.watches) {
    tally[link.at + (refused ? REFUSED : PASSED)]!++
    return verdict
  }
  tally[link.at + (refused ? WOULD_REFUSE : PASSED)]!++
  // Whoever watches changes no message. What it learned of the caller stays known, unless an enforcing policy knew better before it.
  const found = refused ? undefined : x.get(Principal)
  x.restore(before!)
  if (found !== undefined && x.get(Principal) === undefined) x.set(Principal, found)
  return undefined
}

/** A hook threw, rejected or was late: refused, unless it only watches or may fail open, and then nothing of it remains. */
export function settleBroken(link: Link, x: Exchange, tally: Float64Array, cause: unknown, before: Remembered | undefined): Verdict {
  tally[link.at + BROKEN]!++
  link.report(link.step, cause)
  if (cause instanceof DeadlinePassed) x.givenUp++
  if (!link.watches && !link.failsOpen) return link.broken
  x.restore(before!)
  return undefined
}

export const isPromise = (verdict: Verdict | Promise<Verdict>): verdict is Promise<Verdict> =>
  verdict !== undefined && typeof (verdict as Promise<Verdict>).then === 'function'
