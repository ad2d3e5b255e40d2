// One target of an upstream: its connections, what is under way to it, and how requests to it ended.
import { HEALTHY, type TargetHealth, type TargetOutcome } from './target-health.ts'
import type { UpstreamPool } from './upstream-pool.ts'

/** In the order in which requests are counted by how they ended. */
export const OUTCOMES = ['ok', 'error', 'failed', 'timeout', 'abandoned'] as const satisfies readonly TargetOutcome[]
export const OK = 0
export const ERROR = 1
export const FAILED = 2
export const TIMED_OUT = 3
export const ABANDONED = 4

/** Shared by all upstreams of a thread that lead there with the same settings, and kept from snapshot to snapshot as long as one of them does. */
export class UpstreamTarget {
  /** `http://10.0.0.5:9001`, with its port always: what operators, metrics and consistent hashing know it by. */
  readonly name: string
  readonly pool: UpstreamPool
  readonly health: TargetHealth
  /** The end of the request line and the Host line; undefined where the client's Host is kept. */
  readonly hostLine: Buffer | undefined
  /** Somebody keeps account of how long it takes to answer. */
  readonly isWatched: boolean
  /** Requests that go there or wait for a connection to it, WebSockets included. */
  inFlight = 0
  /** Requests by how they ended, as `OUTCOMES`. */
  readonly ended = new Float64Array(OUTCOMES.length)

  constructor(name: string, pool: UpstreamPool, hostLine: Buffer | undefined, health: TargetHealth = HEALTHY) {
    this.name = name
    this.pool = pool
    this.hostLine = hostLine
    this.health = health
    this.isWatched = health !== HEALTHY
  }

  /** A request goes there. */
  begin(): void {
    this.inFlight++
    this.health.began()
  }
  /** It is known how it went; it may go on for as long as it likes. */
  settle(outcome: number, latencyMs: number): void {
    this.ended[outcome]!++
    this.health.ended(OUTCOMES[outcome]!, latencyMs)
  }
  /** It is over. */
  leave(): void {
    this.inFlight--
  }
}
