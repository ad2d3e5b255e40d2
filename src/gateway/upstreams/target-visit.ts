// One request at one target, from its choice to its end: whatever becomes of it, the target is told once.
import type { Clock } from '../../base/clock.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import { ERROR, OK, type UpstreamTarget } from './target.ts'
import type { UpstreamPool } from './upstream-pool.ts'
import type { UpstreamTargets } from './upstream-targets.ts'

/** What times it: the gateway. */
export interface VisitClock extends Clock {
  /** Milliseconds since the epoch, as of the latest sweep. */
  readonly coarseMs: number
}

/** Belongs to one client connection, and is used for its requests one after the other. */
export class TargetVisit {
  /** The last one that was chosen. */
  target!: UpstreamTarget
  private isUnderWay = false
  private isSettled = true
  private startedUs = 0
  private latencyMs = 0
  private outcome = OK
  private readonly clock: VisitClock

  constructor(clock: VisitClock) {
    this.clock = clock
  }
  get pool(): UpstreamPool {
    return this.target.pool
  }

  /** Chooses a target, and tells it that a request comes; false: none takes it. */
  begin(x: Exchange, targets: UpstreamTargets): boolean {
    const { clock } = this
    const target = targets.choose(x, clock.coarseMs)
    if (target === undefined) return false
    this.target = target
    this.isUnderWay = true
    this.isSettled = false
    this.latencyMs = 0
    if (target.isWatched) this.startedUs = clock.nowUs()
    target.begin()
    return true
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
  }

  private get elapsedMs(): number {
    return (this.clock.nowUs() - this.startedUs) / 1000
  }
  private settle(outcome: number): void {
    if (this.isSettled) return
    this.isSettled = true
    this.target.settle(outcome, this.latencyMs)
  }
}
