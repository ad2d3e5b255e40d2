// Where targets come from: one address of the configuration, or the SRV records of a name, which come and go.
import { WatchedTarget } from './health/watched-target.ts'
import type { NameBook } from './names/name-book.ts'
import type { Service } from './names/questions.ts'
import type { UpstreamTarget } from './target.ts'

/** A target with what its source says of it. */
export interface Sourced {
  readonly target: UpstreamTarget
  /** Beside the other targets of the same source. */
  readonly weight: number
  /** 0 first: the others are used when none of a lower rank takes requests. */
  readonly rank: number
}

/** Shared by all upstreams that have it with the same settings. */
export interface TargetSource {
  /** The same array for as long as it says the same. */
  readonly targets: readonly Sourced[]
  sweep(nowMs: number): void
  /** No snapshot has it any more: connections close when what is under way is over. */
  retire(): void
  /** Nothing is under way, and no connection is left. */
  readonly isIdle: boolean
  /** Resolves when it knows its targets, or knows that it cannot: before that no snapshot with it goes live. */
  readonly ready: Promise<void>
}

const AT_ONCE = Promise.resolve()

export class ConfiguredTarget implements TargetSource {
  readonly targets: readonly Sourced[]
  readonly ready = AT_ONCE
  private readonly target: UpstreamTarget

  constructor(target: UpstreamTarget) {
    this.target = target
    this.targets = [{ target, weight: 1, rank: 0 }]
  }
  sweep(nowMs: number): void {
    this.target.pool.sweep(nowMs)
  }
  get isIdle(): boolean {
    return isIdle(this.target)
  }
  retire(): void {
    retire(this.target)
  }
}

function retire(target: UpstreamTarget): void {
  target.pool.retire()
  if (target.health instanceof WatchedTarget) target.health.drop(target)
}

const isIdle = ({ inFlight, pool }: UpstreamTarget): boolean => inFlight === 0 && pool.openConnections === 0

/** Of what a record of weight 0 gets beside others (RFC 2782: "a very small chance of being selected"). */
const SMALL = 0.01

/** What services are to their upstream. */
export interface ServiceMeans {
  /** What the target of a service is known by. */
  nameOf(service: Service): string
  make(service: Service): UpstreamTarget
  /** No record leads there any more. */
  gone(targets: readonly UpstreamTarget[]): void
}

export class ServiceTargets implements TargetSource {
  targets: readonly Sourced[] = []
  readonly ready: Promise<void>
  private readonly name: string
  private readonly names: NameBook
  private readonly means: ServiceMeans
  private retired = false
  private known: readonly Service[] | undefined
  /** Of records that are gone: swept until they are empty. */
  private leaving: UpstreamTarget[] = []

  constructor(name: string, names: NameBook, means: ServiceMeans) {
    this.name = name
    this.names = names
    this.means = means
    this.ready = names.learnServices(name).then(() => this.renew())
  }

  sweep(nowMs: number): void {
    this.renew()
    for (const { target } of this.targets) target.pool.sweep(nowMs)
    for (const target of this.leaving) target.pool.sweep(nowMs)
    this.leaving = this.leaving.filter((target) => !isIdle(target))
  }
  retire(): void {
    this.retired = true
    for (const { target } of this.targets) retire(target)
  }
  get isIdle(): boolean {
    return this.leaving.length === 0 && this.targets.every(({ target }) => isIdle(target))
  }

  private renew(): void {
    // Of what no snapshot has any more, what records say now is nobody's.
    if (this.retired) return
    const services = this.names.servicesOf(this.name)
    if (services === undefined || services === this.known) return
    this.known = services
    const before = new Map(this.targets.map(({ target }) => [target.name, target]))
    const priorities = [...new Set(services.map(({ priority }) => priority))].sort((a, b) => a - b)
    const weighed = services.some(({ weight }) => weight > 0)
    const now = new Map<string, Sourced>()
    for (const service of services) {
      const name = this.means.nameOf(service)
      if (now.has(name)) continue
      const target = before.get(name) ?? this.means.make(service)
      now.set(name, { target, weight: weighed ? service.weight || SMALL : 1, rank: priorities.indexOf(service.priority) })
    }
    this.targets = [...now.values()]
    const gone = [...before.values()].filter(({ name }) => !now.has(name))
    for (const target of gone) target.pool.retire()
    this.leaving.push(...gone)
    if (gone.length > 0) this.means.gone(gone)
  }
}
