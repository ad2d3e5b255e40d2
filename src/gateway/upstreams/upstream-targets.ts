// The targets of one API's upstream: which of them the next request goes to.
import type { Target, Upstream } from '../../model/snapshot.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import type { Balancer, Candidate } from './balancing/balancer.ts'
import { ConsistentHash } from './balancing/consistent-hash.ts'
import { LeastRequests } from './balancing/least-requests.ts'
import { PowerOfTwo } from './balancing/power-of-two.ts'
import { RoundRobin } from './balancing/round-robin.ts'
import { type PlaceOf, placeBy, placeOfText } from './hash-place.ts'
import type { UpstreamTarget } from './target.ts'
import type { Sourced, TargetSource } from './target-source.ts'
import { targetsOf } from './target-stock.ts'

const NOT_TRIED: readonly UpstreamTarget[] = []
/** While at least this part of a zone's weight takes requests, its gateways use no other. */
const ENOUGH = 0.5
/** Back-ups stand behind all ranks that SRV records have. */
const BACKUP_RANK = 65_536

/** A target as this upstream has it. */
export class PlacedTarget implements Candidate<UpstreamTarget> {
  readonly target: UpstreamTarget
  readonly weight: number
  readonly zone: string | undefined
  readonly isBackup: boolean
  readonly rank: number
  readonly seed: number
  /** Takes no further requests, because somebody said so. */
  isDraining = false

  constructor({ target, weight, rank }: Sourced, { weight: factor, zone, backup }: Target) {
    this.target = target
    this.weight = weight * factor
    this.zone = zone
    this.isBackup = backup === true
    this.rank = rank + (backup ? BACKUP_RANK : 0)
    this.seed = placeOfText(target.name)
  }
  get inFlight(): number {
    return this.target.inFlight
  }
  available(nowMs: number): boolean {
    return !this.isDraining && this.target.health.available(nowMs)
  }
  share(nowMs: number): number {
    return this.target.health.share(nowMs)
  }
}

/** Those of one rank; `near`: of the gateway's own zone, where not all of them are. */
interface Rank {
  readonly all: Balancer<UpstreamTarget>
  readonly near: { readonly balancer: Balancer<UpstreamTarget>; readonly targets: readonly PlacedTarget[]; readonly weight: number } | undefined
}

export interface TargetsMeans {
  /** Of the gateway. */
  readonly zone: string | undefined
  readonly chance: () => number
  source(target: Target): TargetSource
}

export class UpstreamTargets {
  /** All of them, back-ups included. */
  placed: readonly PlacedTarget[] = []
  readonly sources: readonly TargetSource[]
  private readonly upstream: Upstream
  private readonly configured: readonly Target[]
  private readonly means: TargetsMeans
  private readonly placeOf: PlaceOf | undefined
  private only: PlacedTarget | undefined
  private ranks: readonly Rank[] = []
  private readonly seen: (readonly Sourced[])[]
  private readonly comesAndGoes: boolean
  private drained: (target: string) => boolean = () => false

  constructor(upstream: Upstream, means: TargetsMeans) {
    this.upstream = upstream
    this.configured = targetsOf(upstream)
    this.means = means
    this.sources = this.configured.map((target) => means.source(target))
    this.comesAndGoes = this.configured.some(({ srv }) => srv !== undefined)
    this.seen = this.sources.map(({ targets }) => targets)
    const { balance } = upstream
    this.placeOf = balance?.kind === 'consistent-hash' ? placeBy(balance.by) : undefined
    this.arrange()
  }

  /** Where the next request goes, `tried` being those that it went to already; undefined: nobody takes it. */
  choose(x: Exchange, nowMs: number, tried: readonly UpstreamTarget[] = NOT_TRIED): UpstreamTarget | undefined {
    if (this.comesAndGoes) this.follow()
    const { only } = this
    if (only !== undefined) return only.available(nowMs) && (tried.length === 0 || !tried.includes(only.target)) ? only.target : undefined
    const place = this.placeOf === undefined ? 0 : this.placeOf(x)
    for (const { all, near } of this.ranks) {
      const found = (near !== undefined && isEnough(near, nowMs) ? near.balancer.choose(nowMs, place, tried) : undefined) ?? all.choose(nowMs, place, tried)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** From now on those that are named so take no further requests, and only those. */
  drain(drained: (target: string) => boolean): void {
    this.drained = drained
    for (const placed of this.placed) placed.isDraining = drained(placed.target.name)
  }

  /** Takes up what SRV records say now. */
  follow(): void {
    const { sources, seen } = this
    let isSame = true
    for (let i = 0; i < sources.length; i++) {
      const { targets } = sources[i]!
      if (targets === seen[i]) continue
      isSame = false
      seen[i] = targets
    }
    if (!isSame) this.arrange()
  }

  private arrange(): void {
    const { configured, drained } = this
    this.placed = this.seen.flatMap((sourced, i) => sourced.map((each) => new PlacedTarget(each, configured[i]!)))
    this.drain(drained)
    this.only = this.placed.length === 1 ? this.placed[0] : undefined
    const ranks = [...new Set(this.placed.map(({ rank }) => rank))].sort((a, b) => a - b)
    this.ranks = ranks.map((rank) => this.rankOf(this.placed.filter((each) => each.rank === rank)))
  }
  private rankOf(of: readonly PlacedTarget[]): Rank {
    const { zone } = this.means
    const near = zone === undefined ? [] : of.filter((each) => each.zone === zone)
    const weight = near.reduce((sum, each) => sum + each.weight, 0)
    return {
      all: this.balancer(of),
      near: weight === 0 || near.length === of.length ? undefined : { balancer: this.balancer(near), targets: near, weight },
    }
  }
  private balancer(of: readonly PlacedTarget[]): Balancer<UpstreamTarget> {
    const { chance } = this.means
    const { balance } = this.upstream
    switch (balance?.kind) {
      case 'least-requests':
        return new LeastRequests(of, chance)
      case 'power-of-two':
        return new PowerOfTwo(of, chance)
      case 'consistent-hash':
        return new ConsistentHash(of, balance.loadMax)
      case 'round-robin':
      case undefined:
        return new RoundRobin(of, chance)
    }
  }
}

function isEnough({ targets, weight }: NonNullable<Rank['near']>, nowMs: number): boolean {
  let takes = 0
  for (let i = 0; i < targets.length; i++) if (targets[i]!.available(nowMs)) takes += targets[i]!.weight
  return takes >= weight * ENOUGH
}
