// A request's way to its upstream and the response's way back, with back-pressure in both directions.

import * as F from '../http/faults.ts'
import { fieldName, STRICT_TRANSPORT_SECURITY } from '../http/field-names.ts'
import { BY_CHUNKS, BY_CLOSE, type ResponseHead } from '../http/response-head.ts'
import type { Exchange } from '../pipeline/exchange.ts'
import type { ClientConnection } from './clients/client-connection.ts'
import * as C from './clients/client-state.ts'
import { expire } from './clients/expiry.ts'
import type { LiveRoute } from './live/live-snapshot.ts'
import { putInformational, putRequest, putResponse, putSwitch } from './messages.ts'
import type { UpstreamConnection } from './upstreams/upstream-connection.ts'
import type { UpstreamPool, Waiting } from './upstreams/upstream-pool.ts'
import { Tunnel } from './websocket/tunnel.ts'
import { clientSide, upstreamSide } from './websocket/tunnel-sides.ts'
import { agreementOf, fieldsOfFault, upgradeFault } from './websocket/websocket.ts'

/** Octets that may wait in a socket before its other side is no longer read. */
const WAITING_BYTES_MAX = 256 * 1024
/** Octets of a body that are collected while it waits for a connection: what is whole in the meantime no longer counts as slow. */
const COLLECTED_BYTES = 16 * 1024
const NEVER = Number.POSITIVE_INFINITY
const LAST_CHUNK = Buffer.from('0\r\n\r\n')
const CONTINUE = Buffer.from('HTTP/1.1 100 Continue\r\n\r\n')

/** Belongs to one client connection and serves its exchanges one after the other. */
export class Forwarding implements Waiting {
  toHead = false
  /** The upstream does not take the body as fast as the client brings it. */
  stalled = false
  /** Once the upstream has taken the upgrade. */
  tunnel: Tunnel | undefined
  readonly client: ClientConnection
  private x: Exchange | undefined
  private route: LiveRoute | undefined
  private pool: UpstreamPool | undefined
  private upstream: UpstreamConnection | undefined
  private waiting = false
  /** What came of the body before a connection was there. */
  private collected: Buffer | undefined
  /** Since when the upstream's connection waits for the client, on the gateway's coarse clock. */
  private awaitsClientSinceMs = NEVER
  /** 100 was sent, or was not asked for. */
  private invited = true
  private retried = false
  private upgrade = false
  /** What the client sent behind its upgrade, until the tunnel is open. */
  private early: Buffer | undefined
  /** How long the upstream may be silent within the response under way. */
  private silenceMs = 0
  /** The response has no end of its own: it goes on for as long as somebody reads. */
  isEndless = false
  /** The response's body goes out in chunks. */
  private rechunk = false
  private upstreamPaused = false
  private requestWritten = false
  /** Some of the response has left the output: it can no longer become another one. */
  private sentToClient = false

  /** The body may be read: there is a connection for it, or room to collect it. */
  get takesBody(): boolean {
    return this.upstream !== undefined || (this.collected?.length ?? 0) < COLLECTED_BYTES
  }
  /** The body comes no further, and not through its client's fault. */
  get refusesBody(): boolean {
    return this.stalled || !this.takesBody
  }
  /** Its connection does not stand yet. */
  get connects(): boolean {
    return this.upstream?.connected === false
  }
  get whole(): boolean {
    return this.client.hasWholeBody
  }
  /** By an extended CONNECT: its client takes any success for an open WebSocket. */
  private get asksForTunnel(): boolean {
    return this.client.origin.major === 2 && this.x!.head.asksWebsocket
  }
  /** The response waits for the client to read. */
  get awaitsClient(): boolean {
    return this.upstreamPaused
  }

  constructor(client: ClientConnection) {
    this.client = client
  }

  start(x: Exchange, route: LiveRoute): void {
    this.x = x
    this.route = route
    this.pool = route.api.pool
    this.toHead = this.client.toHead
    this.upgrade = x.head.asksWebsocket && route.api.websocket !== undefined && !this.pool.upstream.http2
    this.retried = false
    this.stalled = false
    this.upstreamPaused = false
    this.sentToClient = false
    this.invited = !x.head.expectsContinue
    const fault = this.upgrade ? upgradeFault(x, route.api.websocket!, this.client.gateway.schemeOf(this.client, x)) : undefined
    if (fault !== undefined) {
      this.client.refuse({ ...this.client.gateway.refusalOf(fault), fields: fieldsOfFault(fault) })
      return
    }
    // RFC 8441 5: whatever success a stream that asked for a WebSocket is answered with, it is one from then on.
    if (this.asksForTunnel && !this.upgrade) this.client.malformed(F.CONNECT_REFUSED)
    else this.acquire(false)
  }

  private acquire(fresh: boolean): void {
    const connection = this.pool!.take(fresh, this.whole)
    if (connection !== undefined) this.connectionFree(connection)
    else if (this.pool!.wait(this)) {
      this.waiting = true
      this.invite()
    } else this.client.deny('upstream.busy')
  }

  /** RFC 9110 10.1.1: the body is taken, now or while a connection is waited for; not when it is on its way already. */
  private invite(): void {
    const { client } = this
    if (this.invited || client.state !== C.BODY) return
    this.invited = true
    if (client.hasUnread) return
    client.gateway.output.put(CONTINUE)
    client.gateway.output.send(client.socket)
  }

  connectionFree(connection: UpstreamConnection): void {
    this.waiting = false
    const { client } = this
    this.upstream = connection
    connection.open(this)
    if (!connection.connected) client.deadlineMs = client.gateway.coarseMs + this.pool!.upstream.timeouts.connectMs
    const x = this.x!
    this.invite()
    putRequest(client.gateway.output, x, this.route!.api, client.gateway.about(client, x), this.upgrade)
    this.requestWritten = false
    if (this.collected !== undefined) {
      this.requestBody(this.collected, 0, this.collected.length)
      this.collected = undefined
    }
    if (client.state === C.BODY) client.feed()
    else this.requestEnd()
    this.flushRequest()
    if (!this.stalled && client.socket.isPaused()) client.socket.resume()
  }
  upstreamConnected(): void {
    const { client } = this
    client.deadlineMs = client.gateway.coarseMs + (client.state === C.BODY ? client.silenceMs : this.pool!.upstream.timeouts.headMs)
  }

  /** Takes a stretch of the request's body. */
  requestBody(bytes: Buffer, start: number, end: number): void {
    const { output } = this.client.gateway
    if (this.upstream === undefined) {
      const part = bytes.subarray(start, end)
      this.collected = this.collected === undefined ? Buffer.from(part) : Buffer.concat([this.collected, part])
      return
    }
    if (this.x!.head.chunked) output.chunk(bytes, start, end)
    else output.put(bytes, start, end)
  }
  requestEnd(): void {
    if (this.upstream === undefined) return
    if (this.x!.head.chunked) this.client.gateway.output.put(LAST_CHUNK)
    this.requestWritten = true
  }
  /** Sends what was put together of the request. */
  flushRequest(): void {
    const { upstream, client } = this
    if (upstream === undefined) {
      if (this.waiting && this.whole) this.pool!.becameWhole(this)
      return
    }
    const waiting = client.gateway.output.send(upstream.socket)
    if (this.requestWritten) {
      upstream.requestSent = true
      upstream.requestOver()
    }
    if (waiting > WAITING_BYTES_MAX && !this.stalled) {
      this.stalled = true
      // Until it stands, the time for a connection runs.
      if (upstream.connected) client.deadlineMs = client.gateway.coarseMs + this.pool!.upstream.timeouts.idleMs
      client.socket.pause()
    }
    this.awaitsClientSinceMs = client.state === C.BODY && !this.stalled ? client.gateway.coarseMs : NEVER
  }
  upstreamDrained(): void {
    this.tunnel?.upstreamDrained()
    if (!this.stalled) return
    this.stalled = false
    if (this.client.state === C.BODY) this.awaitsClientSinceMs = this.client.gateway.coarseMs
    this.client.socket.resume()
    this.client.pump()
  }

  startOfRead(): void {
    this.client.gateway.suspects.hold(this.x!.fingerprint)
  }
  responseInformational(head: ResponseHead): void {
    // 100 was answered by the gateway itself; an HTTP/1.0 client knows no 1xx (RFC 9110 15.2).
    if (head.status === 100 || this.client.minor === 0) return
    this.settleTransportSecurity(head)
    putInformational(this.client.gateway.output, head, this.x!)
  }

  responseHead(head: ResponseHead): boolean {
    const { client } = this
    const x = this.x!
    client.status = head.status
    this.settleTransportSecurity(head)
    if (head.status === 101) return this.switched(head)
    if (head.status < 300 && this.asksForTunnel) return this.refuseTunnel()
    if (client.state === C.BODY) client.keepAlive = false
    this.rechunk = (head.framing === BY_CHUNKS || head.framing === BY_CLOSE) && client.minor === 1
    // An HTTP/1.0 client learns the end of such a body only from the close.
    if ((head.framing === BY_CHUNKS || head.framing === BY_CLOSE) && client.minor === 0) client.keepAlive = false
    const { timeouts } = this.pool!.upstream
    this.isEndless = (head.framing === BY_CHUNKS || head.framing === BY_CLOSE) && isEventStream(head)
    this.silenceMs = this.isEndless ? timeouts.eventsMs : timeouts.idleMs
    client.responseStarted = true
    // Nobody will read what has no end.
    if (this.isEndless && client.inputEnded) client.socket.destroy()
    if (this.pool!.upstream.http2) client.socket.awaitTrailers?.()
    putResponse(client.gateway.output, head, x, client, client.gateway.dateLine)
    return false
  }

  /** The gateway's own word stands for the upstream's, and in clear there is none (RFC 6797 7.2). */
  private settleTransportSecurity(head: ResponseHead): void {
    if (!head.hasTransportSecurity) return
    const { client } = this
    const x = this.x!
    if (x.transportSecurityLine.length === 0 && client.gateway.cameByHttps(client, x)) return
    for (let i = head.findId(STRICT_TRANSPORT_SECURITY); i >= 0; i = head.findId(STRICT_TRANSPORT_SECURITY, i + 1)) head.drop(i)
  }

  /** 101 is taken only as the answer to a WebSocket handshake, with the right proof (RFC 6455 4.1). */
  private switched(head: ResponseHead): boolean {
    const { client } = this
    const { gateway, socket } = client
    const x = this.x!
    const websocket = this.route!.api.websocket
    const agreed = this.upgrade ? agreementOf(head, x.head, websocket!) : undefined
    if (agreed === undefined) return this.refuseTunnel()
    client.responseStarted = true
    client.state = C.TUNNEL
    const sides = { client: clientSide(socket, gateway.output), upstream: upstreamSide(this.upstream!.socket) }
    const ends = { over: (code: string) => this.tunnelOver(code), broke: (cause: unknown) => client.broke(cause) }
    this.tunnel = new Tunnel({ ...sides, ...ends, clock: gateway, timed: client }, websocket!, agreed.compressed, x)
    putSwitch(gateway.output, head, x)
    this.early = client.takeUnread()
    return true
  }

  private refuseTunnel(): false {
    this.abort()
    this.client.deny('upstream.invalid')
    return false
  }

  responseBody(bytes: Buffer, start: number, end: number): void {
    const { client } = this
    const { output } = client.gateway
    client.bytesOut += end - start
    if (this.tunnel !== undefined) {
      this.tunnel.fromUpstream(bytes, start, end)
      return
    }
    if (this.toHead) return
    if (this.rechunk) output.chunk(bytes, start, end)
    else output.put(bytes, start, end)
  }

  responseTrailers(fields: readonly string[]): void {
    this.client.socket.tellLast?.(fields)
  }
  responseWhole(): void {
    const { output } = this.client.gateway
    if (this.rechunk) output.put(LAST_CHUNK)
    this.rechunk = false
    output.send(this.client.socket)
  }
  responseEnd(): void {
    const { client } = this
    this.upstream = undefined
    this.clear()
    client.finish()
    client.pump()
  }

  responseFailed(fault: number): void {
    const { client } = this
    const connection = this.upstream!
    this.upstream = undefined
    client.gateway.output.discard()
    if (client.responseStarted && this.sentToClient) {
      client.breakOff()
      return
    }
    client.responseStarted = false
    if (fault === 0 && this.mayRetry(connection)) {
      this.retried = true
      this.acquire(true)
      return
    }
    if (fault !== 0) client.gateway.countUpstreamFault(fault)
    const api = this.route!.api.settings.name
    this.clear()
    const { distrust } = connection
    if (distrust !== undefined) client.gateway.countDistrust(api, distrust)
    client.deny(distrust !== undefined ? 'upstream.untrusted' : fault === 0 ? 'upstream.unreachable' : 'upstream.invalid')
    client.pump()
  }

  /** RFC 9112 9.3.1: once, when a kept connection closed without a word, and only what may be done twice (RFC 9110 9.2.2). */
  private mayRetry(connection: UpstreamConnection): boolean {
    return connection.served > 0 && !this.retried && !this.x!.head.hasBody && IDEMPOTENT.has(this.x!.method)
  }

  endOfRead(): void {
    const { client } = this
    client.gateway.suspects.hold(0)
    if (this.tunnel !== undefined) {
      this.tunnel.flushClient()
      const { early } = this
      this.early = undefined
      if (early !== undefined) this.tunnel.fromClient(early, 0, early.length)
      return
    }
    if (client.gateway.output.size > 0) this.sentToClient = true
    const waiting = client.gateway.output.send(client.socket)
    if (this.upstream === undefined) return
    if (waiting > (client.socket.waitingBytesMax ?? WAITING_BYTES_MAX)) {
      this.upstreamPaused = true
      this.awaitsClientSinceMs = client.gateway.coarseMs
      this.upstream.socket.pause()
      client.deadlineMs = client.gateway.coarseMs + client.gateway.settings.timeouts.idleMs
      // Only once some of this very response is out: until then the time for its head runs, and behind a pipelined one that of its connection.
    } else if ((client.state === C.ANSWERING || client.converses) && this.sentToClient) client.deadlineMs = client.gateway.coarseMs + this.silenceMs
  }
  clientDrained(): void {
    this.tunnel?.clientDrained()
    if (!this.upstreamPaused || this.upstream === undefined) return
    this.upstreamPaused = false
    this.awaitsClientSinceMs = NEVER
    this.client.deadlineMs = this.client.gateway.coarseMs + this.silenceMs
    this.upstream.socket.resume()
  }

  tunnelClosed(): void {
    this.upstream = undefined
    this.tunnelOver('')
  }
  /** The WebSocket is over: what was sent still leaves, and then both connections end. */
  tunnelOver(code: string): void {
    const { client } = this
    if (code !== '') client.code = code
    this.upstream?.farewell()
    this.upstream = undefined
    client.keepAlive = false
    this.clear()
    client.finish()
  }

  /** Gives the exchange up: the upstream's connection closes, whatever it was about to say is nobody's. */
  abort(): void {
    if (this.waiting) this.pool!.cancel(this)
    this.waiting = false
    this.client.gateway.output.discard()
    const upstream = this.upstream
    this.upstream = undefined
    upstream?.destroy()
    this.clear()
  }
  private clear(): void {
    this.x = undefined
    this.route = undefined
    this.tunnel?.abandon()
    this.tunnel = undefined
    this.early = undefined
    this.collected = undefined
    this.awaitsClientSinceMs = NEVER
    this.isEndless = false
    this.stalled = false
    this.upstreamPaused = false
  }

  /** Others wait for a connection, and this one waits for its client: true when that is so since before `sinceMs`, and then it is given up. */
  yieldIfIdle(sinceMs: number): boolean {
    if (this.client.state === C.TUNNEL || this.awaitsClientSinceMs > sinceMs) return false
    expire(this.client)
    return true
  }
}
const CONTENT_TYPE = fieldName('content-type')
const isEventStream = (head: ResponseHead): boolean => /^text\/event-stream(?:[ \t;]|$)/i.test(head.get(CONTENT_TYPE) ?? '')
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])
