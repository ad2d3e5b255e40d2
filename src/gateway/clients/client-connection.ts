// One client connection: takes requests out of its bytes one after the other, and sees every one of them answered or the connection closed.
import { BodyReader } from '../../http/body-reader.ts'
import * as F from '../../http/faults.ts'
import { INCOMPLETE } from '../../http/field-lines.ts'
import { readRequestHead } from '../../http/request-head.ts'
import type { Refusal, Reply, Verdict } from '../../pipeline/contract.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import type { ClientOrigin } from '../callers/client-origin.ts'
import type { GatewayCode } from '../denials.ts'
import { Forwarding } from '../forwarding/forwarding.ts'
import type { Gateway } from '../gateway.ts'
import type { LiveRoute } from '../live/live-snapshot.ts'
import type { Wire } from '../wire.ts'
import { answerFault, answerRefusal, answerReply, insteadOf } from './answers.ts'
import { ANSWERING, BODY, CLOSED, DECIDING, HEAD, LINGERING, TUNNEL } from './client-state.ts'
import { speaksGrpc } from './grpc.ts'
import { Unread } from './unread.ts'

/** Octets of pipelined requests that may wait behind the current one before the client is no longer read. */
const AHEAD_BYTES_MAX = 64 * 1024
/** How long, and how many octets, a closing connection is still read so that the client gets to see its answer (RFC 9112 9.6). */
const LINGER_MS = 2000
const LINGER_BYTES_MAX = 1024 * 1024
/** Octets of answers that may wait for a client before no further request of it is taken. */
const UNREAD_BYTES_MAX = 256 * 1024

export class ClientConnection {
  readonly gateway: Gateway
  readonly socket: Wire
  readonly origin: ClientOrigin
  state = HEAD
  /** The exchange under way, from the first octet of its head to the last of its response. */
  x: Exchange | undefined
  route: LiveRoute | undefined
  /** When the sweep acts, on the gateway's coarse clock. */
  deadlineMs: number
  /** The connection stays open after the current response. */
  keepAlive = true
  /** HTTP/1.x of the current request: the x; 2 on a stream of HTTP/2, which marks the end of a body itself. */
  minor = 1
  toHead = false
  /** What the access event will say. */
  status = 0
  code = ''
  bytesOut = 0
  responseStarted = false
  readonly body = new BodyReader()
  private readonly unread = new Unread()
  forwarding: Forwarding | undefined
  private lingered = 0
  bodyStartedMs = 0
  /** Both sides talk in turn, as in gRPC: silence of the client alone is no fault, silence of both is. */
  converses = false
  private pumping = false
  /** The client sends no more. */
  inputEnded = false
  /** No further request is taken until the client has read its answers. */
  awaitsReader = false

  /** Whoever makes it tells it what comes over the wire: `received`, `drained`, `ended`, `closed`. */
  constructor(gateway: Gateway, wire: Wire, origin: ClientOrigin) {
    this.gateway = gateway
    this.socket = wire
    this.origin = origin
    this.deadlineMs = gateway.coarseMs + gateway.settings.timeouts.headMs
  }
  /** Nothing is under way. */
  get idle(): boolean {
    return this.state === HEAD && this.unread.isEmpty
  }
  /** Nothing of the current request's body is still to come. */
  get hasWholeBody(): boolean {
    return this.state !== BODY || (!this.x!.head.chunked && this.body.received + this.unread.size >= this.x!.head.contentLength)
  }
  get hasUnread(): boolean {
    return !this.unread.isEmpty
  }

  /** Takes `bytes[0, count)`, which hold only until it returns. */
  received(count: number, bytes: Buffer): void {
    if (this.state === TUNNEL) {
      try {
        this.forwarding!.tunnel!.fromClient(bytes, 0, count)
      } catch (cause) {
        this.broke(cause)
      }
      return
    }
    if (this.state === LINGERING) {
      this.lingered += count
      if (this.lingered > LINGER_BYTES_MAX) this.socket.destroy()
      return
    }
    const { unread } = this
    const waited = !unread.isEmpty
    unread.add(bytes, count)
    if (waited) {
      if (this.state >= ANSWERING || this.state === DECIDING) {
        if (unread.size > AHEAD_BYTES_MAX) this.socket.pause()
        return
      }
      // A head in pieces is read again only when a line has ended: one octet a packet must not cost a reading each.
      if (this.state === HEAD && unread.size < this.gateway.settings.limits.headBytes && !bytes.subarray(0, count).includes(10)) return
    }
    this.pump()
    unread.keep()
  }

  /** Reads on as far as the bytes and the state allow. Not re-entrant: an answer that ends within it is seen by its loop. */
  pump(): void {
    if (this.pumping) return
    this.pumping = true
    try {
      while (!this.unread.isEmpty && (this.state === HEAD || this.state === BODY)) {
        if (this.state === HEAD && this.socket.writableLength > UNREAD_BYTES_MAX) {
          this.holdRequests()
          break
        }
        const more = this.state === HEAD ? this.readHead() : this.readBody()
        if (!more) break
      }
    } catch (cause) {
      this.broke(cause)
    } finally {
      this.pumping = false
      this.gateway.suspects.hold(0)
    }
    if (this.inputEnded && this.state === HEAD) this.socket.end()
  }

  /** Who pipelines requests and reads no answers must not fill our memory with them. */
  private holdRequests(): void {
    this.awaitsReader = true
    this.socket.pause()
    this.deadlineMs = this.gateway.coarseMs + this.gateway.settings.timeouts.idleMs
  }

  /** True when there may be more to do. */
  private readHead(): boolean {
    const { gateway, unread } = this
    const x = gateway.takeExchange()
    const end = readRequestHead(x.head, unread.bytes, unread.from, unread.to, gateway.settings.limits)
    if (end === INCOMPLETE) {
      // Thousands may be in the middle of a head: none of them holds more than its octets.
      gateway.releaseExchange(x)
      // The head's time runs from its first octet, not from its latest.
      if (this.deadlineMs - gateway.coarseMs > gateway.settings.timeouts.headMs) this.deadlineMs = gateway.coarseMs + gateway.settings.timeouts.headMs
      return false
    }
    // The head is read again and again until the response is out, the octets behind it only once.
    if (unread.lent && end > 0 && !x.head.detach()) {
      gateway.releaseExchange(x)
      unread.keep()
      return true
    }
    this.x = x
    gateway.begin(this, x, end > 0)
    if (end < 0) {
      this.malformed(-end)
      return false
    }
    unread.advance(end)
    this.keepAlive = x.head.keepAlive && !gateway.draining
    this.minor = this.origin.major === 2 ? 2 : x.head.minor
    this.toHead = x.head.methodEnd - x.head.start === 4 && x.method === 'HEAD'
    this.body.begin(x.head.chunked, x.head.contentLength)
    const verdict = gateway.decide(this, x)
    if (verdict instanceof Promise) {
      // A hook that waits may still write to its exchange after its time-out: that exchange serves nobody else.
      x.reusable = false
      this.state = DECIDING
      this.deadlineMs = Number.POSITIVE_INFINITY
      verdict.then(
        (later) => this.resume(x, later),
        (cause) => this.broke(cause),
      )
      return false
    }
    this.proceed(x, verdict)
    return true
  }

  private resume(x: Exchange, verdict: Verdict): void {
    if (this.x !== x || this.state !== DECIDING) return
    this.gateway.suspects.hold(x.fingerprint)
    try {
      this.proceed(x, verdict)
    } catch (cause) {
      this.broke(cause)
    }
    this.pump()
    // A request that the upstream does not take as fast as it comes stays paused.
    if (this.socket.isPaused() && !this.forwarding?.stalled) this.socket.resume()
  }

  private proceed(x: Exchange, verdict: Verdict): void {
    if (verdict !== undefined) {
      this.answer(verdict)
      return
    }
    this.forwarding ??= new Forwarding(this)
    this.state = this.body.done ? ANSWERING : BODY
    const { upstream } = this.route!.api.settings
    this.converses = upstream.http2 === true && speaksGrpc(this)
    this.deadlineMs = this.gateway.coarseMs + (this.body.done ? this.route!.headMs : this.silenceMs)
    this.bodyStartedMs = this.gateway.coarseMs
    this.forwarding.start(x, this.route!)
  }

  /** The longest silence inside of the body. */
  get silenceMs(): number {
    return this.converses ? this.route!.api.settings.upstream.timeouts.idleMs : this.gateway.settings.timeouts.stallMs
  }

  /** Hands every stretch of body that is there to the upstream. True when the loop may go on. */
  private readBody(): boolean {
    const forwarding = this.forwarding!
    if (!forwarding.takesBody) {
      if (this.unread.size > AHEAD_BYTES_MAX) this.socket.pause()
      return false
    }
    this.feed()
    forwarding.flushRequest()
    return this.state === HEAD
  }

  /** What came in behind a WebSocket handshake: the tunnel's first octets. */
  takeUnread(): Buffer | undefined {
    return this.unread.take()
  }

  /** Puts the body's octets that are there into the request under way, without sending them. */
  feed(): void {
    const { unread } = this
    while (!unread.isEmpty && this.state === BODY && !this.body.done) {
      const { bytes } = unread
      const p = this.body.step(bytes, unread.from, unread.to)
      if (p < 0) {
        this.forwarding!.abort()
        this.malformed(-p)
        return
      }
      const { dataStart, dataEnd } = this.body
      unread.advance(p)
      if (this.body.received > this.route!.bodyLimit.bytes) {
        this.forwarding!.abort()
        this.refuse(this.route!.refuseBody())
        return
      }
      if (dataEnd > dataStart) this.forwarding!.requestBody(bytes, dataStart, dataEnd)
    }
    if (this.state !== BODY) return
    // The time for a connection runs on, whatever of the body comes meanwhile.
    const connects = this.forwarding!.connects
    if (!connects) this.deadlineMs = this.gateway.coarseMs + this.silenceMs
    if (!this.body.done) {
      // Cut short for good: the rest will never come.
      if (this.inputEnded) this.socket.destroy()
      return
    }
    this.state = ANSWERING
    if (!connects) this.deadlineMs = this.gateway.coarseMs + this.route!.headMs
    this.forwarding!.requestEnd()
  }

  /** Answers a message that cannot be read, and closes: nothing after it can be trusted to begin where it seems to. */
  malformed(fault: number): void {
    this.keepAlive = false
    // A head that cannot be read announces no body: the one before it is not counted a second time.
    if (this.state === HEAD) this.body.begin(false, 0)
    answerFault(this, F.messageFault(fault))
  }
  /** A request that was found malformed before it became a message. */
  misread(fault: number): void {
    this.x = this.gateway.takeExchange()
    this.gateway.begin(this, this.x, false)
    this.malformed(fault)
  }
  /** Says no. A body that was announced and not read makes the connection unusable, unless it is here whole. */
  refuse(refusal: Refusal): void {
    this.skipBody()
    answerRefusal(this, refusal)
  }
  deny(code: GatewayCode): void {
    const reply = insteadOf(this, code)
    if (reply !== undefined) this.code = code
    this.answer(reply ?? this.gateway.refusalOf(code))
  }
  answer(verdict: Refusal | Reply): void {
    if (verdict.kind === 'refusal') this.refuse(verdict)
    else {
      this.skipBody()
      answerReply(this, verdict)
    }
  }
  private skipBody(): void {
    const { unread } = this
    while (!this.body.done && !unread.isEmpty) {
      const p = this.body.step(unread.bytes, unread.from, unread.to)
      if (p < 0) break
      unread.advance(p)
    }
    if (!this.body.done) this.keepAlive = false
  }

  /** The response is written. The next request, or the end. */
  finish(): void {
    const x = this.x
    if (x !== undefined) this.gateway.finish(this, x)
    this.x = undefined
    this.route = undefined
    this.responseStarted = false
    if (this.state === CLOSED) return
    if (!this.keepAlive || !this.body.done || this.gateway.draining) {
      this.linger()
      return
    }
    this.state = HEAD
    this.deadlineMs = this.gateway.coarseMs + (this.unread.isEmpty ? this.gateway.settings.timeouts.idleMs : this.gateway.settings.timeouts.headMs)
    if (this.socket.isPaused()) this.socket.resume()
    if (!this.unread.isEmpty) this.pump()
    else if (this.inputEnded) this.socket.end()
  }

  /** Sends what is written, ends our side, and reads on a little: a reset would take the answer away from the client. */
  private linger(): void {
    this.state = LINGERING
    this.unread.clear()
    const { gateway, socket } = this
    this.deadlineMs = gateway.coarseMs + LINGER_MS
    if (socket.writableLength === 0) socket.end()
    else {
      // The lingering begins when the answer has left: a slow reader gets all of it.
      this.deadlineMs = gateway.coarseMs + gateway.settings.timeouts.idleMs
      socket.end(() => {
        this.deadlineMs = gateway.coarseMs + LINGER_MS
      })
    }
    if (this.inputEnded) this.socket.destroySoon()
    else this.socket.resume()
  }

  /** Something inside broke: refuse rather than let through (OWASP ASVS v5.0.0-16.5.3). */
  broke(cause: unknown): void {
    this.gateway.report(cause)
    this.gateway.output.discard()
    if (this.state === CLOSED || this.state === LINGERING) return
    if (this.state === TUNNEL) {
      this.forwarding!.tunnelOver('gateway.broken')
      return
    }
    this.forwarding?.abort()
    this.keepAlive = false
    if (this.responseStarted || this.x === undefined) this.cut()
    else this.deny('gateway.broken')
  }

  /** A response that began cannot be completed: the client must see it broken, never short. */
  breakOff(): void {
    this.keepAlive = false
    this.code = 'upstream.invalid'
    this.cut()
  }
  /** Ends the connection at once, within a response. To HTTP/1.0 an orderly close may be the end of the body: there it must be a reset (RFC 9112 8). */
  cut(): void {
    const { socket } = this
    if (this.responseStarted && this.minor === 0 && !socket.encrypted) socket.resetAndDestroy!()
    else socket.destroy()
  }

  drained(): void {
    this.forwarding?.clientDrained()
    if (!this.awaitsReader) return
    this.awaitsReader = false
    this.deadlineMs = this.gateway.coarseMs + this.gateway.settings.timeouts.headMs
    this.socket.resume()
    this.pump()
  }
  ended(): void {
    this.inputEnded = true
    // The client has said all; a request cut short will never be whole, a whole one is still answered.
    if (this.state === HEAD) this.socket.end()
    else if (this.state === TUNNEL) this.forwarding!.tunnelOver('')
    else if ((this.state === BODY && this.unread.isEmpty) || this.forwarding?.response.isEndless) this.socket.destroy()
    else if (this.state === LINGERING) this.socket.destroySoon()
    else this.keepAlive = false
  }
  closed(): void {
    const state = this.state
    this.state = CLOSED
    this.unread.clear()
    this.gateway.forget(this)
    if (state === DECIDING || state === BODY || state === ANSWERING || state === TUNNEL) {
      this.forwarding?.abort()
      if (state !== TUNNEL && this.code === '') this.code = 'client.closed'
      if (this.x !== undefined) this.gateway.finish(this, this.x)
    } else if (this.x !== undefined) this.gateway.releaseExchange(this.x)
    this.x = undefined
  }
}
