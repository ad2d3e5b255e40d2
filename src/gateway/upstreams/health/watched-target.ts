// One target of a watched upstream, as its balancer asks about it: what its requests say, its circuit, and how many requests it may have.
import type { TargetHealth, TargetOutcome } from '../target-health.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import type { MemberHealth } from './member-health.ts'

interface Carrier {
  readonly inFlight: number
}

export class WatchedTarget implements TargetHealth {
  readonly member: MemberHealth | undefined
  readonly circuit: CircuitBreaker | undefined
  /** What it watches: where two sources lead to one address, two. */
  private readonly carriers = new Set<Carrier>()
  private readonly inFlightMax: number

  constructor(member: MemberHealth | undefined, circuit: CircuitBreaker | undefined, inFlightMax: number) {
    this.member = member
    this.circuit = circuit
    this.inFlightMax = inFlightMax
  }

  /** It may have one more. */
  get hasRoom(): boolean {
    if (this.inFlightMax === Number.POSITIVE_INFINITY) return true
    let inFlight = 0
    for (const carrier of this.carriers) inFlight += carrier.inFlight
    return inFlight < this.inFlightMax
  }
  carry(carrier: Carrier): void {
    this.carriers.add(carrier)
  }
  /** True when nothing of that address is left. */
  drop(carrier: Carrier): boolean {
    this.carriers.delete(carrier)
    return this.carriers.size === 0
  }
  available(nowMs: number): boolean {
    return this.hasRoom && (this.circuit?.admits(nowMs) ?? true) && (this.member?.available(nowMs) ?? true)
  }
  share(nowMs: number): number {
    return this.member?.share(nowMs) ?? 1
  }
  began(): void {}
  ended(outcome: TargetOutcome, latencyMs: number): void {
    this.member?.ended(outcome, latencyMs)
  }
}
