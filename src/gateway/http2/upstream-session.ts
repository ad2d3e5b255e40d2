// The HTTP/2 connection of one thread to one upstream: opened when it is needed, replaced when it takes no further streams.
import { type ClientHttp2Session, connect as connectSession } from 'node:http2'
import { connect } from 'node:net'
import { UpstreamConnection } from '../upstream-connection.ts'
import type { UpstreamPool } from '../upstream-pool.ts'
import { upstreamSessionOptions } from './guards.ts'
import { UpstreamStream } from './upstream-stream.ts'

export class StreamingUpstream {
  private readonly pool: UpstreamPool
  private session: ClientHttp2Session | undefined
  /** Requests that went over the session: an upstream may close an idle one just then, and the first of a new one may not be sent twice. */
  private served = 0
  private readonly waitingForIt = new Set<UpstreamStream>()
  private used = false
  private idleSinceMs = 0

  constructor(pool: UpstreamPool) {
    this.pool = pool
  }

  /** A connection for one request. */
  open(): UpstreamConnection {
    const session = this.current()
    const wire = new UpstreamStream(session, 'http', (over) => this.waitingForIt.delete(over))
    const connection = new UpstreamConnection(this.pool, wire)
    wire.connection = connection
    connection.served = this.served++
    this.used = true
    connection.connected = !session.connecting
    if (session.connecting) this.waitingForIt.add(wire)
    return connection
  }

  private current(): ClientHttp2Session {
    const { session } = this
    if (session !== undefined && !session.closed && !session.destroyed) return session
    const { host, port } = this.pool.upstream
    const fresh = connectSession(`http://${host.includes(':') ? `[${host}]` : host}:${port}`, {
      ...upstreamSessionOptions,
      createConnection: () => connect({ host, port, noDelay: true, lookup: this.pool.lookup, autoSelectFamily: true }),
    })
    this.session = fresh
    this.served = 0
    fresh.on('connect', () => this.stands())
    // RFC 9113 6.8: what the upstream did not take up is refused by the library; no further stream is opened here.
    fresh.on('goaway', () => fresh.close())
    fresh.on('error', ignore)
    return fresh
  }
  private stands(): void {
    for (const wire of this.waitingForIt) wire.connection.stands()
    this.waitingForIt.clear()
  }

  /** Called while no stream is open. */
  closeIfIdle(nowMs: number, oldestMs: number): void {
    if (this.used) {
      this.used = false
      this.idleSinceMs = nowMs
    }
    if (this.session !== undefined && this.idleSinceMs < oldestMs) this.retire()
  }
  /** No further stream is opened on it. */
  retire(): void {
    this.session?.close()
    this.session = undefined
  }
}
const ignore = (): void => {}
