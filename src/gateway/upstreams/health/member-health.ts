// What is known of one target: whether it is there, why not, and how much of its share it gets after it came back.
import type { TargetHealth, TargetOutcome } from '../target-health.ts'
import type { HealthGroup } from './health-group.ts'
import { RollingWindow } from './rolling-window.ts'

export type MemberState = 'up' | 'ejected' | 'down'
/** What one that has just come back gets at once, so that something can be learnt of it. */
const LEAST_SHARE = 0.05

export class MemberHealth implements TargetHealth {
  readonly name: string
  readonly window: RollingWindow
  isUp = true
  /** Put aside by what its requests came to. */
  isEjected = false
  ejections = 0
  private readonly group: HealthGroup
  private readonly isChecked: (() => boolean) | undefined
  private inARow = 0
  /** Times aside in a row, the next of which is longer. */
  private repeated = 0
  private ejectedUntilMs = 0
  private backSinceMs = Number.NEGATIVE_INFINITY
  /** It came back, and nothing is known of it yet: the first failure puts it aside again. */
  private isOnProbation = false

  constructor(name: string, group: HealthGroup) {
    this.name = name
    this.group = group
    this.window = new RollingWindow(group.settings.passive?.windowMs ?? 1)
    this.isChecked = group.means.isChecked?.(name)
    this.isUp = this.isChecked?.() ?? true
  }
  get state(): MemberState {
    return this.isUp ? 'up' : this.isEjected ? 'ejected' : 'down'
  }

  available(nowMs: number): boolean {
    this.group.sweep(nowMs)
    return this.isUp || this.group.panics
  }
  share(nowMs: number): number {
    const { slowStartMs } = this.group.settings
    const sinceMs = nowMs - this.backSinceMs
    return sinceMs >= slowStartMs || this.group.panics ? 1 : Math.max(LEAST_SHARE, sinceMs / slowStartMs)
  }
  began(): void {}
  ended(outcome: TargetOutcome, latencyMs: number): void {
    const { passive } = this.group.settings
    if (passive === undefined || outcome === 'abandoned') return
    this.window.count(outcome !== 'ok', latencyMs)
    if (outcome === 'ok') {
      this.inARow = 0
      this.isOnProbation = false
      return
    }
    // An answer of 500 or more says that somebody is there: it counts in the share alone, where the other targets are its measure.
    if (outcome !== 'error') this.inARow++
    if (this.isEjected) return
    if (outcome !== 'error' && passive.consecutive > 0 && (this.inARow >= passive.consecutive || this.isOnProbation))
      this.eject(`${this.inARow} failures in a row`)
    else if (this.failsMoreThanOthers()) this.eject('a larger share of failures than the others')
  }

  private failsMoreThanOthers(): boolean {
    const { errorPercent, minimum } = this.group.settings.passive!
    const { allRequests, allFailures } = this.window
    if (errorPercent === 0 || allRequests < minimum || allFailures * 100 < errorPercent * allRequests) return false
    // What fails everywhere, such as a request that somebody found to break the service, is no target's own fault.
    return allFailures / allRequests >= 2 * this.group.failureShareBeside(this)
  }
  private answersSlowerThanOthers(): boolean {
    const { latencyFactor, latencyOverMs, minimum } = this.group.settings.passive!
    const { window } = this
    if (latencyFactor === 0 || window.allRequests - window.allFailures < minimum) return false
    const others = this.group.latencyBeside(this)
    return others !== undefined && window.meanLatencyMs >= others * latencyFactor && window.meanLatencyMs - others >= latencyOverMs
  }

  private eject(why: string): void {
    const { group } = this
    if (!group.hasRoomToEject()) return
    const { ejectMs, ejectMsMax } = group.settings.passive!
    const nowMs = group.means.nowMs()
    // Who behaved for the longest time aside is a beginner again.
    if (nowMs - this.backSinceMs >= ejectMsMax) this.repeated = 0
    this.ejectedUntilMs = nowMs + Math.min(ejectMsMax, ejectMs * 2 ** this.repeated)
    this.repeated = Math.min(30, this.repeated + 1)
    this.ejections++
    this.isEjected = true
    this.settle(nowMs, why)
    group.judge()
  }

  /** Time has passed. */
  tick(nowMs: number): void {
    if (this.isEjected && nowMs >= this.ejectedUntilMs) this.release(nowMs)
    else this.settle(nowMs, 'active checks')
    if (this.group.settings.passive !== undefined && this.window.roll(nowMs) && this.isUp && this.answersSlowerThanOthers())
      this.eject('slower than the others')
  }
  /** Its time aside is over. */
  release(nowMs: number): void {
    this.isEjected = false
    this.isOnProbation = true
    this.inARow = 0
    this.window.clear()
    this.settle(nowMs, 'its time aside is over')
  }
  private settle(nowMs: number, why: string): void {
    const isUp = !this.isEjected && (this.isChecked?.() ?? true)
    if (isUp === this.isUp) return
    this.isUp = isUp
    if (isUp) this.backSinceMs = nowMs
    this.group.means.changed?.(this.name, this.state, why)
  }
}
