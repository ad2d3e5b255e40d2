// One copy of a request at the upstream that mirrors: sent whole, and its answer thrown away.
import type { ResponseHead } from '../../http/response-head.ts'
import type { COPIES } from '../../telemetry/measures.ts'
import { ABANDONED, ERROR, FAILED, OK, TIMED_OUT, type UpstreamTarget } from '../upstreams/target.ts'
import type { ResponseTaker, UpstreamConnection } from '../upstreams/upstream-connection.ts'

/** What became of a copy, as its place in `COPIES`. */
export const COPY = { answered: 0, error: 1, failed: 2, timeout: 3, dropped: 4 } as const satisfies Readonly<Record<(typeof COPIES)[number], number>>
/** And what the target is told of each: what we gave up ourselves is not its fault. */
const TOLD = [OK, ERROR, FAILED, TIMED_OUT, ABANDONED] as const
export type Outcome = (typeof COPY)[keyof typeof COPY]

/** Octets of an answer that are read, so that its connection can be used again; a longer one is cut off. */
const READ_BYTES_MAX = 1024 * 1024

export class Reflection implements ResponseTaker {
  readonly toHead: boolean
  readonly whole = true
  /** On the gateway's coarse clock. */
  deadlineMs: number
  private readonly forget: (reflection: Reflection, outcome: Outcome) => void
  private readonly target: UpstreamTarget
  private connection: UpstreamConnection | undefined
  private isOver = false
  private outcome: Outcome = COPY.answered
  private read = 0
  private readonly startedMs: number

  /** `forget` is called once, when it is over. */
  constructor(target: UpstreamTarget, toHead: boolean, nowMs: number, forget: (reflection: Reflection, outcome: Outcome) => void) {
    this.target = target
    this.toHead = toHead
    this.forget = forget
    this.startedMs = nowMs
    const { connectMs, headMs, idleMs } = target.pool.upstream.timeouts
    this.deadlineMs = nowMs + connectMs + headMs + idleMs
    target.begin()
  }

  /** Sends it, if a connection is free: it never waits for one. */
  send(octets: Buffer): void {
    if (this.isOver) return
    const connection = this.target.pool.take(false, true)
    if (connection === undefined) {
      this.over(COPY.dropped)
      return
    }
    this.connection = connection
    connection.open(this)
    connection.socket.write(octets)
    connection.requestSent = true
    connection.requestOver()
  }
  /** Its time is up. What was never sent is nobody's fault there. */
  expire(): void {
    this.over(this.connection === undefined ? COPY.dropped : COPY.timeout)
  }
  /** Once: whatever still comes is nobody's. */
  over(outcome: Outcome): void {
    if (this.isOver) return
    this.isOver = true
    const { connection, target } = this
    this.connection = undefined
    if (connection?.taker === this) connection.destroy()
    target.settle(TOLD[outcome], Math.max(0, target.pool.nowMs - this.startedMs))
    target.leave()
    this.forget(this, outcome)
  }

  startOfRead(): void {}
  responseInformational(): void {}
  responseHead(head: ResponseHead): boolean {
    // Nothing was upgraded.
    if (head.status === 101) this.over(COPY.failed)
    this.outcome = head.status >= 500 ? COPY.error : COPY.answered
    return false
  }
  responseBody(_bytes: Buffer, start: number, end: number): void {
    this.read += end - start
    if (this.read > READ_BYTES_MAX) this.over(this.outcome)
  }
  responseTrailers(): void {}
  responseWhole(): boolean {
    return true
  }
  responseEnd(): void {
    this.over(this.outcome)
  }
  responseFailed(): void {
    this.over(COPY.failed)
  }
  endOfRead(): void {}
  upstreamConnected(): void {}
  upstreamDrained(): void {}
  tunnelClosed(): void {}
  /** Others wait for a connection: a copy gives its own up before any of them waits long. */
  yieldIfIdle(sinceMs: number): boolean {
    if (this.startedMs > sinceMs) return false
    this.over(COPY.dropped)
    return true
  }
}
