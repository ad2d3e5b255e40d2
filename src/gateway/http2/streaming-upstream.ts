// The way of one thread to an upstream that speaks HTTP/2: one connection, replaced when it takes no further streams.
import type { UpstreamConnection } from '../upstreams/upstream-connection.ts'
import type { UpstreamPool } from '../upstreams/upstream-pool.ts'
import { UpstreamSession } from './upstream-session.ts'

export class StreamingUpstream {
  private readonly pool: UpstreamPool
  private session: UpstreamSession | undefined
  private used = false
  private idleSinceMs = 0

  constructor(pool: UpstreamPool) {
    this.pool = pool
  }

  /** A connection for one request. */
  open(): UpstreamConnection {
    if (!this.session?.takesStreams) {
      this.retire()
      this.session = new UpstreamSession(this.pool)
    }
    this.used = true
    return this.session!.open()
  }

  /** Closes a session that was idle for too long, and one that nothing is heard on any more. */
  sweep(nowMs: number, oldestMs: number): void {
    const { session } = this
    if (session === undefined) return
    session.sweep(nowMs)
    if (session.carries) return
    if (this.used) {
      this.used = false
      this.idleSinceMs = nowMs
    }
    if (this.idleSinceMs < oldestMs) this.retire()
  }
  /** No further stream is opened on a session whose other end `keeps` does not know. */
  keepIf(keeps: (remoteAddress: string | undefined) => boolean): void {
    if (this.session !== undefined && !keeps(this.session.remoteAddress)) this.retire()
  }
  /** No further stream is opened on the session. */
  retire(): void {
    this.session?.leave()
    this.session = undefined
  }
}
