// The connections of one thread to one upstream: kept, bounded, and given to one request at a time.
import type { Upstream } from '../model/snapshot.ts'
import { type ResponseTaker, UpstreamConnection } from './upstream-connection.ts'

/** Somebody who waits for a connection. */
export interface Waiting extends ResponseTaker {
  /** A connection is there; it is the waiting one's from now on. */
  connectionFree(connection: UpstreamConnection): void
}

export class UpstreamPool {
  readonly upstream: Upstream
  private readonly idle: UpstreamConnection[] = []
  private readonly all = new Set<UpstreamConnection>()
  private readonly waiting: Waiting[] = []
  private readonly reportFault: (cause: unknown) => void
  private retired = false
  /** On the gateway's coarse clock, set by `sweep`. */
  private nowMs = 0

  constructor(upstream: Upstream, report: (cause: unknown) => void) {
    this.upstream = upstream
    this.reportFault = report
  }

  get openConnections(): number {
    return this.all.size
  }
  get idleConnections(): number {
    return this.idle.length
  }
  get queued(): number {
    return this.waiting.length
  }

  /** A connection that is ready or being made; undefined when all are busy: then `wait`. `fresh` asks for one that nothing went over yet. */
  take(fresh = false): UpstreamConnection | undefined {
    if (!fresh) {
      for (let connection = this.idle.pop(); connection !== undefined; connection = this.idle.pop()) {
        if (connection.socket.writable && !connection.socket.readableEnded) return connection
        connection.socket.destroy()
      }
    }
    return this.all.size < this.upstream.connections ? this.connect() : undefined
  }

  /** Queues for the next free connection; false when the queue is full. */
  wait(waiting: Waiting): boolean {
    if (this.waiting.length >= this.upstream.queue) return false
    this.waiting.push(waiting)
    return true
  }
  cancel(waiting: Waiting): void {
    const index = this.waiting.indexOf(waiting)
    if (index >= 0) this.waiting.splice(index, 1)
  }

  /** A connection whose response ended well. */
  release(connection: UpstreamConnection): void {
    const next = this.waiting.shift()
    if (next) next.connectionFree(connection)
    else if (this.retired) connection.socket.destroy()
    else {
      connection.idleSinceMs = this.nowMs
      this.idle.push(connection)
    }
  }

  /** A connection that closed, in whatever state. */
  forget(connection: UpstreamConnection): void {
    if (!this.all.delete(connection)) return
    const index = this.idle.indexOf(connection)
    if (index >= 0) this.idle.splice(index, 1)
    if (this.waiting.length > 0 && this.all.size < this.upstream.connections) this.waiting.shift()!.connectionFree(this.connect())
  }

  /** Closes connections that were idle for too long: upstreams do the same, and the race for the last request is lost there. */
  sweep(nowMs: number): void {
    this.nowMs = nowMs
    const oldest = nowMs - this.upstream.timeouts.keepAliveMs
    while (this.idle.length > 0 && this.idle[0]!.idleSinceMs < oldest) this.idle.shift()!.socket.destroy()
  }

  /** No snapshot names this upstream any more: idle connections close now, busy ones after their response. */
  retire(): void {
    this.retired = true
    for (const connection of this.idle.splice(0)) connection.socket.destroy()
  }

  report(cause: unknown): void {
    this.reportFault(cause)
  }

  private connect(): UpstreamConnection {
    const connection = new UpstreamConnection(this, this.upstream.host, this.upstream.port)
    this.all.add(connection)
    return connection
  }
}
