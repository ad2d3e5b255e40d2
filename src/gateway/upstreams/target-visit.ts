// One request at one target, from its choice to its end: whatever becomes of it, the target is told once.
import type { Clock } from '../../base/clock.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import { REFUSED } from './health/circuit-breaker.ts'
import { WatchedTarget } from './health/watched-target.ts'
import type { LiveResilience } from './live-resilience.ts'
import { ERROR, OK, OUTCOMES, type UpstreamTarget } from './target.ts'
import type { UpstreamPool } from './upstream-pool.ts'
import type { UpstreamTargets } from './upstream-targets.ts'

/** What times it: the gateway. */
export interface VisitClock extends Clock {
  /** Milliseconds since the epoch, as of the latest sweep. */
  readonly coarseMs: number
}

const FIRST: readonly UpstreamTarget[] = []
/** Why no target takes a request. */
export type TurnedAway = 'upstream.unavailable' | 'upstream.busy' | 'upstream.open'

/** Belongs to one client connection, and is used for its requests one after the other. */
export class TargetVisit {
  /** The last one that was chosen. */
  target!: UpstreamTarget
  private isUnderWay = false
  private isSettled = true
  private startedUs = 0
  private latencyMs = 0
  private outcome = OK
  /** Where the present request went, for the next try. */
  private readonly tried: UpstreamTarget[] = []
  private live: LiveResilience | undefined
  /** What the circuits gave, and want back. */
  private ticket = REFUSED
  private targetTicket = REFUSED
  private readonly clock: VisitClock

  constructor(clock: VisitClock) {
    this.clock = clock
  }
  get pool(): UpstreamPool {
    return this.target.pool
  }

  /** Chooses a target for a new request, and tells it that it comes; or says why none takes it. */
  begin(x: Exchange, targets: UpstreamTargets): TurnedAway | undefined {
    this.tried.length = 0
    return this.go(x, targets, FIRST)
  }
  /** The same for another try, at a target that was not tried. */
  beginElsewhere(x: Exchange, targets: UpstreamTargets): TurnedAway | undefined {
    return this.go(x, targets, this.tried)
  }
  /** The same at whichever takes it. */
  beginAgain(x: Exchange, targets: UpstreamTargets): TurnedAway | undefined {
    return this.go(x, targets, FIRST)
  }

  private go(x: Exchange, targets: UpstreamTargets, tried: readonly UpstreamTarget[]): TurnedAway | undefined {
    const { clock } = this
    const { live } = targets
    if (live !== undefined) {
      if (live.inFlight >= live.inFlightMax) return 'upstream.busy'
      if (live.circuit?.admits(clock.coarseMs) === false) return 'upstream.open'
    }
    let target = targets.choose(x, clock.coarseMs, tried)
    // Those that are left may be none that requests go to: of weight 0, or draining.
    if (target === undefined && tried.length === 0) target = live?.group?.inSpite(() => targets.choose(x, clock.coarseMs, tried))
    if (target === undefined) return live?.whyNone(clock.coarseMs) ?? 'upstream.unavailable'
    this.live = live
    if (live !== undefined) {
      live.inFlight++
      this.ticket = live.circuit?.begin(clock.coarseMs) ?? REFUSED
      this.targetTicket = target.health instanceof WatchedTarget ? (target.health.circuit?.begin(clock.coarseMs) ?? REFUSED) : REFUSED
      if (live.budget !== undefined) this.tried.push(target)
    }
    this.target = target
    this.isUnderWay = true
    this.isSettled = false
    this.latencyMs = 0
    if (target.isWatched) this.startedUs = clock.nowUs()
    target.begin()
    return undefined
  }
  /** The head of the answer is there. */
  answered(status: number): void {
    this.outcome = status >= 500 ? ERROR : OK
    if (this.target.isWatched) this.latencyMs = this.elapsedMs
  }
  /** The answer has no end of its own: what is known by now is what the target is told. */
  goesOn(): void {
    this.settle(this.outcome)
  }
  /** The answer came whole. */
  came(): void {
    this.end(this.outcome)
  }
  /** It is over; nothing where it was already. */
  end(outcome: number): void {
    if (!this.isUnderWay) return
    this.isUnderWay = false
    if (this.target.isWatched && this.latencyMs === 0) this.latencyMs = this.elapsedMs
    this.settle(outcome)
    this.target.leave()
    if (this.live !== undefined) this.live.inFlight--
  }

  private get elapsedMs(): number {
    return (this.clock.nowUs() - this.startedUs) / 1000
  }
  private settle(outcome: number): void {
    if (this.isSettled) return
    this.isSettled = true
    this.target.settle(outcome, this.latencyMs)
    const { ticket, targetTicket } = this
    if (ticket !== REFUSED) this.live!.circuit!.ended(ticket, OUTCOMES[outcome]!, this.clock.coarseMs)
    if (targetTicket !== REFUSED) (this.target.health as WatchedTarget).circuit!.ended(targetTicket, OUTCOMES[outcome]!, this.clock.coarseMs)
  }
}
