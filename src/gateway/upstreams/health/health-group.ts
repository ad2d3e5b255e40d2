// The targets of one upstream as they are judged together: who is put aside and for how long, how many at most, and when all are used in spite of it.
import type { Health } from '../../../model/resilience.ts'
import { MemberHealth, type MemberState } from './member-health.ts'

export interface HealthMeans {
  /** On the clock that `available` is asked by. */
  nowMs(): number
  /** Whether active checks find a target up; absent: nobody checks. */
  isChecked?(name: string): (() => boolean) | undefined
  /** A target changed its state. */
  changed?(name: string, state: MemberState, why: string): void
}

export class HealthGroup {
  /** Too few are left: all are used, whatever is known of them. */
  panics = false
  readonly settings: Health
  readonly means: HealthMeans
  private members: MemberHealth[] = []
  private sweptMs = Number.NEGATIVE_INFINITY

  constructor(settings: Health, means: HealthMeans) {
    this.settings = settings
    this.means = means
  }

  /** The targets that there are from now on; what is known of those that stay is kept. */
  setMembers(names: readonly string[]): readonly MemberHealth[] {
    const known = new Map(this.members.map((member) => [member.name, member]))
    this.members = names.map((name) => known.get(name) ?? new MemberHealth(name, this))
    // Of fewer targets fewer may be aside.
    for (const member of this.members) if (member.isEjected && !this.hasRoomFor(0)) member.release(this.means.nowMs())
    this.judge()
    return this.members
  }
  get all(): readonly MemberHealth[] {
    return this.members
  }

  /** Time has passed. Done once for each tick of the coarse clock, by whoever asks first. */
  sweep(nowMs: number): void {
    if (nowMs === this.sweptMs) return
    this.sweptMs = nowMs
    for (const member of this.members) member.tick(nowMs)
    this.judge()
  }
  /** What is chosen when nobody's health counts. */
  inSpite<T>(choose: () => T): T {
    const { panics } = this
    this.panics = true
    try {
      return choose()
    } finally {
      this.panics = panics
    }
  }
  /** Somebody's state has changed. */
  judge(): void {
    const up = this.members.reduce((count, { isUp }) => count + (isUp ? 1 : 0), 0)
    this.panics = up * 100 < this.settings.panicPercent * this.members.length || up === 0
  }

  /** True when one more may be put aside. */
  hasRoomToEject(): boolean {
    return this.hasRoomFor(1)
  }
  private hasRoomFor(more: number): boolean {
    const ejected = this.members.reduce((count, { isEjected }) => count + (isEjected ? 1 : 0), 0)
    return (ejected + more) * 100 <= (this.settings.passive?.ejectedPercentMax ?? 0) * this.members.length
  }

  /** The share of failures among what the others were sent lately, 0 to 1. */
  failureShareBeside(one: MemberHealth): number {
    let requests = 0
    let failures = 0
    for (const { window } of this.members) {
      if (window === one.window) continue
      requests += window.allRequests
      failures += window.allFailures
    }
    return requests === 0 ? 0 : failures / requests
  }
  /** The same of their latest requests: the mean of those that were asked anything. */
  latestFailuresBeside(one: MemberHealth): number {
    const others = this.members.filter((member) => member !== one && member.window.allRequests > 0)
    return others.length === 0 ? 0 : others.reduce((sum, { latestFailures }) => sum + latestFailures, 0) / others.length
  }
  /** The median of the others' mean latencies; undefined when fewer than two of them were asked often enough. */
  latencyBeside(one: MemberHealth): number | undefined {
    const minimum = this.settings.passive!.minimum
    const means = this.members
      .filter(({ window }) => window !== one.window && window.allRequests - window.allFailures >= minimum)
      .map(({ window }) => window.meanLatencyMs)
      .sort((a, b) => a - b)
    return means.length < 2 ? undefined : means[(means.length - 1) >> 1]
  }
}
