// One HTTP/2 connection to an upstream, and the requests that go over it.
import { type ClientHttp2Session, connect as connectSession } from 'node:http2'
import { connect, type Socket, type TcpNetConnectOpts } from 'node:net'
import { UpstreamConnection } from '../upstreams/upstream-connection.ts'
import type { UpstreamPool } from '../upstreams/upstream-pool.ts'
import { upstreamSessionOptions } from './guards.ts'
import { UpstreamStream } from './upstream-stream.ts'

/** How long an upstream that was told that we go may keep the connection. */
const LINGER_MS = 2000

export class UpstreamSession {
  readonly session: ClientHttp2Session
  readonly scheme: 'http' | 'https'
  /** The connection itself failed: no word about the requests on it. */
  lost = false
  private readonly pool: UpstreamPool
  private socket!: Socket
  /** Requests that went over it: an upstream may close an idle one just then, and the first of a new one may not be sent twice. */
  private served = 0
  /** Requests under way. */
  private readonly wires = new Set<UpstreamStream>()
  private readonly bornMs: number
  /** Under TLS: until when what its handshake proved holds. */
  private trustedUntilMs = Number.POSITIVE_INFINITY
  /** When it was asked whether anybody is there; 0 when that is known. */
  private askedMs = 0
  private leaving = false

  constructor(pool: UpstreamPool) {
    this.pool = pool
    this.bornMs = pool.nowMs
    this.scheme = pool.tls === undefined ? 'http' : 'https'
    const { host, port } = pool.upstream
    const session = connectSession(`${this.scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`, {
      ...upstreamSessionOptions,
      createConnection: () => {
        this.socket = this.connect({ host, port, noDelay: true, lookup: pool.lookup, autoSelectFamily: true }, () => session.destroy())
        this.socket.on('error', () => {
          this.lost = true
        })
        return this.socket
      },
    })
    this.session = session
    session.on('connect', () => this.stands())
    // RFC 9113 6.8: what the upstream did not take up is refused by the library; no further stream is opened here.
    session.on('goaway', () => session.close())
    session.on('error', ignore)
  }

  get takesStreams(): boolean {
    return !this.leaving && !this.session.closed && !this.session.destroyed && this.trustedUntilMs > this.pool.nowMs
  }
  get remoteAddress(): string | undefined {
    return this.socket.remoteAddress
  }
  get carries(): boolean {
    return this.wires.size > 0
  }

  /** A connection for one request. */
  open(): UpstreamConnection {
    const wire = new UpstreamStream(this)
    const connection = new UpstreamConnection(this.pool, wire)
    wire.connection = connection
    connection.served = this.served++
    connection.connected = !this.session.connecting
    this.wires.add(wire)
    return connection
  }
  /** That request is over. */
  over(wire: UpstreamStream): void {
    this.wires.delete(wire)
    if (this.leaving || this.session.closed || this.session.destroyed) this.partIfEmpty()
  }

  /** `refuse` ends the session: before the library hears that the handshake is done, so that it begins nothing on it. */
  private connect(way: TcpNetConnectOpts, refuse: () => void): Socket {
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

  /** A request was given up without an answer. The upstream may be gone without a word: all others would go the same way. */
  doubt(): void {
    const { session } = this
    if (this.askedMs !== 0 || session.connecting || session.closed || session.destroyed) return
    this.askedMs = this.pool.nowMs
    session.ping((error) => {
      if (error === null) this.askedMs = 0
    })
  }
  /** What takes longer to stand, or to say that it is there, than a connection may take is gone. */
  sweep(nowMs: number): void {
    const sinceMs = this.session.connecting ? this.bornMs : this.askedMs
    if (sinceMs === 0 || nowMs - sinceMs <= this.pool.upstream.timeouts.connectMs) return
    this.lost = true
    this.session.destroy()
    this.socket.destroy()
  }

  /** No further stream is opened on it. */
  leave(): void {
    this.leaving = true
    this.partIfEmpty()
  }
  /** Not while it carries requests: those that have not left yet the library would refuse. And it waits for ever for an upstream that it told that it goes. */
  private partIfEmpty(): void {
    if (this.carries) return
    this.session.close()
    setTimeout(() => this.socket.destroy(), LINGER_MS).unref()
  }
}
const ignore = (): void => {}
