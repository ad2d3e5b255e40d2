// What a thread knows of how one upstream fares, and what it has decided from it: its targets, circuits, budget for retries, and requests under way.
import type { Resilience } from '../../model/resilience.ts'
import { CircuitBreaker } from './health/circuit-breaker.ts'
import { HealthGroup } from './health/health-group.ts'
import type { MemberHealth } from './health/member-health.ts'
import { RetryBudget } from './health/retry-budget.ts'
import { WatchedTarget } from './health/watched-target.ts'
import type { UpstreamTarget } from './target.ts'

export interface ResilienceMeans {
  /** On the gateway's coarse clock. */
  nowMs(): number
  /** Whether active checks find a target up; undefined: it is not checked. */
  isChecked(target: string): (() => boolean) | undefined
  /** Takes a line for the operator's log. */
  report(text: string): void
}

/** Lines about changes of state that one upstream may write in a minute: one that flaps must not fill the log. */
const LINES_A_MINUTE = 10
const MINUTE_MS = 60_000
/** Of retries that only operations ask for. */
const USUAL_BUDGET = { budgetPercent: 20, budgetPerSecond: 3 }
const STATES = { up: 'is used again', ejected: 'is put aside', down: 'is not used' } as const
const CIRCUITS = { closed: 'is closed again', open: 'is open', 'half-open': 'is half open: a few requests find out' } as const

export class LiveResilience {
  readonly settings: Resilience
  readonly budget: RetryBudget | undefined
  /** Of all its targets together. */
  readonly circuit: CircuitBreaker | undefined
  readonly group: HealthGroup | undefined
  /** Requests under way, those that wait included. */
  inFlight = 0
  retries = 0
  readonly inFlightMax: number
  private readonly name: string
  private readonly means: ResilienceMeans
  private targets = new Map<string, WatchedTarget>()
  private lines = 0
  private linesSinceMs = 0

  /** `name`: what the log calls it. */
  constructor(name: string, settings: Resilience, means: ResilienceMeans) {
    const { retries, operations = {}, circuit, limits, health } = settings
    this.name = name
    this.settings = settings
    this.means = means
    const asksAgain = retries !== undefined || Object.values(operations).some((operation) => operation.retries)
    this.budget = asksAgain ? new RetryBudget(retries ?? USUAL_BUDGET, means.nowMs()) : undefined
    this.inFlightMax = limits?.inFlight ?? Number.POSITIVE_INFINITY
    this.circuit = circuit && circuit.scope !== 'target' ? new CircuitBreaker(circuit, (state) => this.tell(`the circuit ${CIRCUITS[state]}`)) : undefined
    this.group =
      health &&
      new HealthGroup(health, {
        nowMs: () => means.nowMs(),
        isChecked: (target) => means.isChecked(target),
        changed: (target, state, why) => this.tell(`${target} ${STATES[state]}: ${why}`),
      })
  }

  /** The targets that there are from now on, by name; what is known of those that stay is kept. */
  setTargets(names: readonly string[]): void {
    const once = [...new Set(names)]
    const members = this.group?.setMembers(once) ?? []
    this.targets = new Map(once.map((name, i) => [name, this.targets.get(name) ?? this.watched(name, members[i])]))
  }
  of(name: string): WatchedTarget {
    const known = this.targets.get(name)
    if (known !== undefined) return known
    this.setTargets([...this.targets.keys(), name])
    return this.targets.get(name)!
  }
  /** No source leads to these any more: what nobody else leads to is forgotten, or ghosts would count among the targets that are up. */
  forget(gone: readonly UpstreamTarget[]): void {
    const left = new Set<string>()
    for (const target of gone) if (this.targets.get(target.name) === target.health && (target.health as WatchedTarget).drop(target)) left.add(target.name)
    if (left.size > 0) this.setTargets([...this.targets.keys()].filter((name) => !left.has(name)))
  }
  /** Why none of its targets takes a request. */
  whyNone(nowMs: number): 'upstream.unavailable' | 'upstream.busy' | 'upstream.open' {
    let why: 'upstream.unavailable' | 'upstream.busy' | 'upstream.open' = 'upstream.unavailable'
    for (const { circuit, hasRoom } of this.targets.values()) {
      if (circuit?.admits(nowMs) === false) why = 'upstream.open'
      else if (!hasRoom) return 'upstream.busy'
    }
    return why
  }
  /** Milliseconds until an open circuit lets somebody through. */
  opensInMs(nowMs: number): number {
    const circuits = [this.circuit, ...[...this.targets.values()].map(({ circuit }) => circuit)].filter((circuit) => circuit?.state === 'open')
    return circuits.length === 0 ? 0 : Math.max(0, Math.min(...circuits.map((circuit) => circuit!.opensUntilMs)) - nowMs)
  }
  get all(): Iterable<readonly [name: string, target: WatchedTarget]> {
    return this.targets
  }

  private watched(name: string, member: MemberHealth | undefined): WatchedTarget {
    const { circuit, limits } = this.settings
    const own =
      circuit && circuit.scope !== 'upstream' ? new CircuitBreaker(circuit, (state) => this.tell(`the circuit of ${name} ${CIRCUITS[state]}`)) : undefined
    return new WatchedTarget(member, own, limits?.inFlightPerTarget ?? Number.POSITIVE_INFINITY)
  }
  private tell(text: string): void {
    const nowMs = this.means.nowMs()
    if (nowMs - this.linesSinceMs >= MINUTE_MS) {
      this.linesSinceMs = nowMs
      this.lines = 0
    }
    if (++this.lines < LINES_A_MINUTE) this.means.report(`${this.name}: ${text}`)
    else if (this.lines === LINES_A_MINUTE) this.means.report(`${this.name}: ${text}; what else changes in this minute is not told`)
  }
}
