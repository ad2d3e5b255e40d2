// The HTTP/2 connection of one thread to one upstream: opened when it is needed, replaced when it takes no further streams.
import { type ClientHttp2Session, connect as connectSession } from 'node:http2'
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import { UpstreamConnection } from '../upstream-connection.ts'
import type { UpstreamPool } from '../upstream-pool.ts'
import { upstreamSessionOptions } from './guards.ts'
import { UpstreamStream } from './upstream-stream.ts'

export class StreamingUpstream {
  private readonly pool: UpstreamPool
  private session: ClientHttp2Session | undefined
  /** Requests that went over the session: an upstream may close an idle one just then, and the first of a new one may not be sent twice. */
  private served = 0
  /** Requests under way. */
  private readonly wires = new Set<UpstreamStream>()
  /** Under TLS: until when what its handshake proved holds. */
  private trustedUntilMs = Number.POSITIVE_INFINITY
  private used = false
  private idleSinceMs = 0

  constructor(pool: UpstreamPool) {
    this.pool = pool
  }

  /** A connection for one request. */
  open(): UpstreamConnection {
    const session = this.current()
    const wire = new UpstreamStream(session, this.scheme, (over) => this.wires.delete(over))
    const connection = new UpstreamConnection(this.pool, wire)
    wire.connection = connection
    connection.served = this.served++
    this.used = true
    connection.connected = !session.connecting
    this.wires.add(wire)
    return connection
  }
  private get scheme(): 'http' | 'https' {
    return this.pool.tls === undefined ? 'http' : 'https'
  }

  private current(): ClientHttp2Session {
    const { session } = this
    if (session !== undefined && !session.closed && !session.destroyed) {
      if (this.trustedUntilMs > this.pool.nowMs) return session
      this.retire()
    }
    const { host, port } = this.pool.upstream
    const fresh = connectSession(`${this.scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`, {
      ...upstreamSessionOptions,
      createConnection: () => this.connect({ host, port, noDelay: true, lookup: this.pool.lookup, autoSelectFamily: true }, () => fresh.destroy()),
    })
    this.session = fresh
    this.served = 0
    fresh.on('connect', () => this.stands())
    // RFC 9113 6.8: what the upstream did not take up is refused by the library; no further stream is opened here.
    fresh.on('goaway', () => fresh.close())
    fresh.on('error', ignore)
    return fresh
  }
  /** `refuse` ends the session: before the library hears that the handshake is done, so that it begins nothing on it. */
  private connect(way: TcpNetConnectOpts, refuse: () => void): Socket {
    this.trustedUntilMs = Number.POSITIVE_INFINITY
    if (this.pool.tls === undefined) return connect(way)
    return this.pool.tls.connect(way, this.pool.nowMs, {
      verified: (untilMs) => {
        this.trustedUntilMs = untilMs
      },
      failed: (distrust) => {
        for (const { connection } of this.wires) connection.distrusted(distrust)
        refuse()
      },
    })
  }
  private stands(): void {
    for (const { connection } of this.wires) if (!connection.connected) connection.stands()
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
