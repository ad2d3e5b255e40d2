// One target of a watched upstream, as its balancer asks about it: what its requests say, its circuit, and how many requests it may have.
import type { TargetHealth, TargetOutcome } from '../target-health.ts'
import type { CircuitBreaker } from './circuit-breaker.ts'
import type { MemberHealth } from './member-health.ts'

export class WatchedTarget implements TargetHealth {
  readonly member: MemberHealth | undefined
  readonly circuit: CircuitBreaker | undefined
  private readonly inFlightMax: number
  private inFlight = 0

  constructor(member: MemberHealth | undefined, circuit: CircuitBreaker | undefined, inFlightMax: number) {
    this.member = member
    this.circuit = circuit
    this.inFlightMax = inFlightMax
  }

  /** It may have one more. */
  get hasRoom(): boolean {
    return this.inFlight < this.inFlightMax
  }
  available(nowMs: number): boolean {
    return this.hasRoom && (this.circuit?.admits(nowMs) ?? true) && (this.member?.available(nowMs) ?? true)
  }
  share(nowMs: number): number {
    return this.member?.share(nowMs) ?? 1
  }
  began(): void {
    this.inFlight++
  }
  ended(outcome: TargetOutcome, latencyMs: number): void {
    this.inFlight--
    this.member?.ended(outcome, latencyMs)
  }
}
