// A request's way to its upstream and the response's way back, with back-pressure in both directions.

import * as F from '../../http/faults.ts'
import type { ResponseHead } from '../../http/response-head.ts'
import { isRefusal } from '../../pipeline/body-filter.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import type { ClientConnection } from '../clients/client-connection.ts'
import * as C from '../clients/client-state.ts'
import { expire } from '../clients/expiry.ts'
import type { LiveRoute } from '../live/live-snapshot.ts'
import { putRequest, settleTransportSecurity } from '../messages.ts'
import { ABANDONED, FAILED } from '../upstreams/target.ts'
import type { TargetVisit, TurnedAway } from '../upstreams/target-visit.ts'
import type { UpstreamConnection } from '../upstreams/upstream-connection.ts'
import type { Waiting } from '../upstreams/upstream-pool.ts'
import { switchOver, upgradeRefusal } from '../websocket/switching.ts'
import type { Tunnel } from '../websocket/tunnel.ts'
import { BodyPassage } from './body-passage.ts'
import { EarlyBody } from './early-body.ts'
import { ResponseWay } from './response-way.ts'
import { Tries, type TriesOwner } from './tries.ts'

/** Octets that may wait in a socket before its other side is no longer read. */
const WAITING_BYTES_MAX = 256 * 1024
const NEVER = Number.POSITIVE_INFINITY

/** Belongs to one client connection and serves its exchanges one after the other. */
export class Forwarding implements Waiting, TriesOwner {
  toHead = false
  /** The upstream does not take the body as fast as the client brings it. */
  stalled = false
  /** Once the upstream has taken the upgrade. */
  tunnel: Tunnel | undefined
  readonly client: ClientConnection
  private x: Exchange | undefined
  private route: LiveRoute | undefined
  /** What its target is told. */
  readonly visit: TargetVisit
  readonly tries: Tries
  private upstream: UpstreamConnection | undefined
  private waiting = false
  waitingSinceMs = 0
  private readonly early = new EarlyBody()
  /** Since when the upstream's connection waits for the client, on the gateway's coarse clock. */
  private awaitsClientSinceMs = NEVER
  private upgrade = false
  /** What the client sent behind its upgrade, until the tunnel is open. */
  private behindUpgrade: Buffer | undefined
  private readonly requestPassage: BodyPassage
  readonly response: ResponseWay
  /** The response waits for the client to read. */
  awaitsClient = false

  /** The body may be read: there is a connection for it, or room to collect it. */
  get takesBody(): boolean {
    return this.upstream !== undefined || this.early.hasRoom
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

  constructor(client: ClientConnection) {
    this.client = client
    const { gateway } = client
    const owner = { output: gateway.output, failed: (cause: unknown) => this.passageFailed(cause), report: (cause: unknown) => gateway.report(cause) }
    this.tries = new Tries(client, this, this.early)
    this.visit = this.tries.visit
    this.requestPassage = new BodyPassage({ ...owner, madeLater: () => this.flushRequest(), eased: () => this.upstreamDrained() })
    this.response = new ResponseWay(client, { ...owner, madeLater: (isWhole) => this.responseMadeLater(isWhole), eased: () => this.responseEased() })
  }

  start(x: Exchange, route: LiveRoute): void {
    this.x = x
    this.route = route
    this.toHead = this.client.toHead
    this.upgrade = x.head.asksWebsocket && route.api.websocket !== undefined && !route.api.settings.upstream.http2
    this.response.begin()
    this.early.begin(x.head.expectsContinue)
    const refused = this.upgrade ? upgradeRefusal(this.client, x, route.api.websocket!) : undefined
    if (refused !== undefined) this.client.refuse(refused)
    // RFC 8441 5: whatever success a stream that asked for a WebSocket is answered with, it is one from then on.
    else if (this.asksForTunnel && !this.upgrade) this.client.malformed(F.CONNECT_REFUSED)
    else {
      route.api.mirror?.reflect(this.client, x, route.api)
      this.tries.begin(x, route, this.upgrade)
    }
  }
  /** The time of a try is over: true when another one is made. */
  tryAfterTimeout(): boolean {
    const { upstream, tries } = this
    return upstream !== undefined && !this.response.hasLeft && tries.mayAfterTimeout(upstream) && this.tryAgain(() => tries.afterTimeout(upstream))
  }
  /** True when `makes` has begun another try in the place of the one under way. */
  private tryAgain(makes: () => boolean): boolean {
    const { upstream } = this
    this.client.gateway.output.discard()
    this.upstream = undefined
    if (makes()) upstream!.destroy()
    else this.upstream = upstream
    return this.upstream !== upstream
  }
  acquire(fresh: boolean): void {
    const connection = this.visit.pool.take(fresh, this.whole)
    if (connection !== undefined) this.connectionFree(connection)
    else if (this.visit.pool.wait(this)) {
      this.waiting = true
      this.early.invite(this.client)
    } else this.turnedAway()
  }
  turnedAway(code: TurnedAway = 'upstream.busy'): void {
    this.waiting = false
    this.clear()
    this.client.deny(code)
  }
  connectionFree(connection: UpstreamConnection): void {
    this.waiting = false
    // Whoever gave the connection away is in the middle of an exchange of its own.
    try {
      this.beginOver(connection)
    } catch (cause) {
      this.client.broke(cause)
    }
  }
  private beginOver(connection: UpstreamConnection): void {
    const { client } = this
    this.upstream = connection
    connection.open(this)
    if (!connection.connected) client.deadlineMs = client.gateway.coarseMs + this.visit.pool.upstream.timeouts.connectMs
    const x = this.x!
    this.early.invite(client)
    putRequest(client.gateway.output, x, this.route!.api, this.visit.target.hostLine, client.gateway.about(client, x), this.upgrade, this.tries.deadline)
    this.requestPassage.begin(x.head.chunked || x.bodyMakers.length > 0, false, x.bodyMakers, x.takeBodyWatchers())
    const early = this.early.take()
    if (early !== undefined) this.requestBody(early, 0, early.length)
    // Given up by a filter: by now the connection of the client may be in its next exchange.
    if (this.upstream !== connection) return
    if (client.state === C.BODY) client.feed()
    else this.requestEnd()
    this.flushRequest()
    if (!this.stalled && client.socket.isPaused()) client.socket.resume()
  }
  upstreamConnected(): void {
    const { client } = this
    client.deadlineMs = client.gateway.coarseMs + (client.state === C.BODY ? client.silenceMs : this.route!.headMs)
  }

  /** Takes a stretch of the request's body. */
  requestBody(bytes: Buffer, start: number, end: number): void {
    if (this.upstream === undefined) this.early.put(bytes, start, end)
    else {
      this.tries.attempts.keep(bytes, start, end, this.connects)
      this.requestPassage.take(bytes, start, end)
    }
  }
  requestEnd(): void {
    if (this.upstream !== undefined) this.requestPassage.close()
  }
  /** Sends what was put together of the request. */
  flushRequest(): void {
    const { upstream, client } = this
    if (upstream === undefined) {
      if (this.waiting && this.whole) this.visit.pool.becameWhole(this)
      return
    }
    const waiting = client.gateway.output.send(upstream.socket) + this.requestPassage.waiting
    if (this.requestPassage.isWhole) {
      upstream.requestSent = true
      upstream.requestOver()
    }
    if (waiting > WAITING_BYTES_MAX && !this.stalled) {
      this.stalled = true
      // Until it stands, the time for a connection runs.
      if (upstream.connected) client.deadlineMs = client.gateway.coarseMs + this.visit.pool.upstream.timeouts.idleMs
      client.socket.pause()
    }
    this.awaitsClientSinceMs = client.state === C.BODY && !this.stalled ? client.gateway.coarseMs : NEVER
  }
  upstreamDrained(): void {
    this.tunnel?.upstreamDrained()
    const waiting = (this.upstream?.socket.writableLength ?? 0) + this.requestPassage.waiting
    if (!this.stalled || waiting > WAITING_BYTES_MAX) return
    this.stalled = false
    if (this.client.state === C.BODY) this.awaitsClientSinceMs = this.client.gateway.coarseMs
    this.client.socket.resume()
    this.client.pump()
  }
  startOfRead(): void {
    this.client.gateway.suspects.hold(this.x!.fingerprint)
  }
  responseInformational(head: ResponseHead): void {
    this.response.informational(head, this.x!)
  }
  responseHead(head: ResponseHead): boolean {
    const { client, visit } = this
    if (!this.response.hasLeft && this.tries.mayAfter(head) && this.tryAgain(() => this.tries.afterAnswer(head))) return false
    visit.answered(head.status)
    settleTransportSecurity(head, client, this.x!)
    if (head.status === 101) return this.switched(head)
    if (head.status < 300 && this.asksForTunnel) return this.refuseTunnel()
    const verdict = this.response.head(head, this.x!, this.route!, this.visit.pool, this.toHead)
    if (this.response.isEndless) this.tries.goesOn()
    // What stands in the place of a response without a body waits for its end: then its connection is kept.
    if (verdict === undefined || this.response.replacement !== undefined) return false
    this.abort()
    client.answer(verdict)
    return false
  }
  private switched(head: ResponseHead): boolean {
    const { client, upgrade } = this
    this.tunnel = upgrade ? switchOver(client, this.upstream!, head, this.x!, this.route!.api.websocket!, (code) => this.tunnelOver(code)) : undefined
    if (this.tunnel === undefined) return this.refuseTunnel()
    client.status = head.status
    this.tries.goesOn()
    this.behindUpgrade = client.takeUnread()
    return true
  }
  private refuseTunnel(): false {
    this.abort(FAILED)
    this.client.deny('upstream.invalid')
    return false
  }
  responseBody(bytes: Buffer, start: number, end: number): void {
    if (this.tunnel !== undefined) {
      this.client.bytesOut += end - start
      this.tunnel.fromUpstream(bytes, start, end)
    } else this.response.body(bytes, start, end)
  }
  responseTrailers(fields: readonly string[]): void {
    this.client.socket.tellLast?.(fields)
  }
  responseWhole(): boolean {
    const { upstream, response, client } = this
    if (response.replacement === undefined) {
      response.close()
      // Given up meanwhile, by a filter that could not go on: what is under way now is not this exchange.
      if (this.upstream !== upstream) return false
      response.hasLeft = true
    }
    client.gateway.output.send(client.socket)
    return true
  }
  responseEnd(): void {
    this.upstream = undefined
    const { client, response } = this
    this.visit.came()
    const { replacement } = response
    if (replacement !== undefined) {
      this.clear()
      client.answer(replacement)
    } else if (response.isWhole) this.finish()
    // What filters still hold comes later; how long that may take is bounded as a silence is.
    else {
      client.deadlineMs = client.gateway.coarseMs + response.silenceMs
      this.requestPassage.abandon()
    }
    client.pump()
  }
  private finish(): void {
    this.clear()
    this.client.finish()
  }
  private responseMadeLater(isWhole: boolean): void {
    const { client, response } = this
    response.sendLater()
    if (isWhole && this.upstream === undefined) {
      this.finish()
      client.pump()
    } else client.deadlineMs = client.gateway.coarseMs + response.silenceMs
  }
  private responseEased(): void {
    const { socket } = this.client
    // A socket tells only of what was too much for it; a stream, of all that waited.
    if (socket.writableLength === 0 || (socket.waitingBytesMax ?? WAITING_BYTES_MAX) >= socket.writableLength + this.response.held) this.clientDrained()
  }
  /** A filter cannot go on: its refusal is the answer where nothing has left, else what began is seen broken. */
  private passageFailed(cause: unknown): void {
    const { client, response } = this
    if (!isRefusal(cause)) client.gateway.report(cause)
    const x = this.x!
    const hasBegun = client.responseStarted && response.hasLeft
    this.abort()
    if (hasBegun) {
      client.breakOff()
      return
    }
    response.takeBack(x)
    if (isRefusal(cause)) client.refuse(cause)
    else client.deny('gateway.broken')
  }
  responseFailed(fault: number): void {
    const { client } = this
    const connection = this.upstream!
    this.upstream = undefined
    client.gateway.output.discard()
    if (client.responseStarted && this.response.hasLeft) {
      this.visit.end(FAILED)
      this.clear()
      client.breakOff()
      return
    }
    this.response.takeBack(this.x!)
    if (this.tries.afterBreak(connection, fault)) return
    const code = this.tries.codeOf(connection, fault)
    this.clear()
    client.deny(code)
    client.pump()
  }
  endOfRead(): void {
    const { client } = this
    client.gateway.suspects.hold(0)
    if (this.tunnel !== undefined) {
      this.tunnel.flushClient()
      const { behindUpgrade } = this
      this.behindUpgrade = undefined
      if (behindUpgrade !== undefined) this.tunnel.fromClient(behindUpgrade, 0, behindUpgrade.length)
      return
    }
    // What informs is no part of the answer (RFC 9110 15.2).
    if (client.responseStarted && client.gateway.output.size > 0) this.response.hasLeft = true
    const waiting = client.gateway.output.send(client.socket) + this.response.held
    if (this.upstream === undefined) return
    if (waiting > (client.socket.waitingBytesMax ?? WAITING_BYTES_MAX)) {
      this.awaitsClient = true
      this.awaitsClientSinceMs = client.gateway.coarseMs
      this.upstream.socket.pause()
      client.deadlineMs = client.gateway.coarseMs + client.gateway.settings.timeouts.idleMs
      // Only once some of this very response is out: until then the time for its head runs, and behind a pipelined one that of its connection.
    } else if ((client.state === C.ANSWERING || client.converses) && this.response.hasLeft)
      client.deadlineMs = client.gateway.coarseMs + this.response.silenceMs
  }
  clientDrained(): void {
    this.tunnel?.clientDrained()
    if (!this.awaitsClient || this.upstream === undefined || this.response.held > WAITING_BYTES_MAX) return
    this.awaitsClient = false
    this.awaitsClientSinceMs = NEVER
    this.client.deadlineMs = this.client.gateway.coarseMs + this.response.silenceMs
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

  /** Gives the exchange up: the upstream's connection closes, whatever it was about to say is nobody's. `outcome`: what its target is told. */
  abort(outcome: number = ABANDONED): void {
    this.visit.end(outcome)
    if (this.waiting) this.visit.pool.cancel(this)
    this.waiting = false
    this.client.gateway.output.discard()
    const upstream = this.upstream
    this.upstream = undefined
    upstream?.destroy()
    this.clear()
  }
  private clear(): void {
    this.visit.end(ABANDONED)
    this.tries.clear()
    this.x?.abandonBody()
    this.x = undefined
    this.route = undefined
    this.requestPassage.abandon()
    this.response.clear()
    this.tunnel?.abandon()
    this.tunnel = undefined
    this.behindUpgrade = undefined
    this.early.take()
    this.awaitsClientSinceMs = NEVER
    this.stalled = false
    this.awaitsClient = false
  }

  /** Others wait for a connection, and this one waits for its client: true when that is so since before `sinceMs`, and then it is given up. */
  yieldIfIdle(sinceMs: number): boolean {
    if (this.client.state === C.TUNNEL || this.awaitsClientSinceMs > sinceMs) return false
    expire(this.client)
    return true
  }
}
