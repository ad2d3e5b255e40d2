// One connection to an upstream: reads responses strictly, hands them to whoever asked, and is kept only when its end was certain.
import { ChunkedReader } from '../../http/chunked-reader.ts'
import * as F from '../../http/faults.ts'
import { BY_CHUNKS, BY_CLOSE, NO_BODY, ResponseHead, readResponseHead } from '../../http/response-head.ts'
import type { UpstreamWire } from '../wire.ts'
import type { UpstreamPool } from './upstream-pool.ts'
import type { Distrust } from './upstream-tls.ts'

/** Bounds of an upstream's response head. */
const HEAD_LIMITS = { headBytes: 64 * 1024, fields: 256 }
/** Informational responses before the final one: more is no conversation. */
const INFORMATIONAL_MAX = 16

/** What takes a response. All calls are synchronous, from within one read of the socket, between `startOfRead` and `endOfRead`. */
export interface ResponseTaker {
  readonly toHead: boolean
  startOfRead(): void
  responseInformational(head: ResponseHead): void
  /** True when the connection is now a tunnel (101): every octet from here on is the taker's. */
  responseHead(head: ResponseHead): boolean
  responseBody(bytes: Buffer, start: number, end: number): void
  /** What is told behind the body, names and values in turn. */
  responseTrailers(fields: readonly string[]): void
  /** The response is whole: it is sent now, for the connection may be another's in the next moment. False: the exchange has been given up meanwhile. */
  responseWhole(): boolean
  /** After that: the connection has gone back to its pool, or is closed. */
  responseEnd(): void
  /** The response cannot be completed. `fault` is a message fault, 0 when the connection itself failed. */
  responseFailed(fault: number): void
  endOfRead(): void
  upstreamConnected(): void
  upstreamDrained(): void
  tunnelClosed(): void
  /** Nothing of the request is still to come. */
  readonly whole: boolean
  /** Gives the exchange up when it has waited for its client since before this time. */
  yieldIfIdle(sinceMs: number): boolean
}

const HEAD = new ResponseHead()

const READING_HEAD = 0
const READING_BODY = 1
const TUNNEL = 2
/** Ended by us: what still comes is thrown away. */
const ENDED = 3

/** How long an upstream may take to end a tunnel that we have ended. */
const FAREWELL_MS = 2000

export class UpstreamConnection {
  readonly socket: UpstreamWire
  /** Responses that came whole over it: 0 on a fresh one. */
  served = 0
  /** Octets of the current response have arrived: the request must not be sent a second time. */
  answered = false
  /** The whole request has been written: without that the connection is not reused after its response. */
  requestSent = false
  taker: ResponseTaker | undefined
  /** Time since which it is idle, on the gateway's coarse clock. */
  idleSinceMs = 0
  connected = false
  /** Its other end is where the upstream's name led once, and does not any more. */
  isOutdated = false
  /** Why the other end is not believed, or does not believe us: nothing of a request went there. */
  distrust: Distrust | undefined
  /** Until when what its handshake proved holds: past it no request begins here. */
  trustedUntilMs = Number.POSITIVE_INFINITY
  private unfinished = false
  private state = READING_HEAD
  private framing = NO_BODY
  private remaining = 0
  private keepAlive = true
  private informational = 0
  private chunked: ChunkedReader | undefined
  private partial: Buffer | undefined
  private readonly pool: UpstreamPool

  /** Whoever makes it tells it what comes over the wire: `stands`, `received`, `drained`, `ended`, `closed`. */
  constructor(pool: UpstreamPool, wire: UpstreamWire) {
    this.pool = pool
    this.socket = wire
  }
  stands(): void {
    this.connected = true
    this.taker?.upstreamConnected()
  }
  drained(): void {
    this.taker?.upstreamDrained()
  }

  /** Of TLS alone. RFC 8446 4.4.2.4: under TLS 1.3 the other end may still refuse our certificate when ours is done. What was answered by then was no refusal. */
  distrusted(distrust: Distrust): void {
    if (this.connected && (distrust !== 'refused-ours' || this.served > 0 || this.answered)) return
    this.distrust = distrust
    this.pool.distrusts(distrust)
  }

  /** Begins an exchange. */
  open(taker: ResponseTaker): void {
    this.taker = taker
    this.state = READING_HEAD
    this.answered = false
    this.requestSent = false
    this.informational = 0
    this.unfinished = !taker.whole
    if (this.unfinished) this.pool.unfinishedBegan()
  }
  /** The whole request is out, or never will be. Others may be given connections by this: the output must be empty. */
  requestOver(): void {
    if (!this.unfinished) return
    this.unfinished = false
    this.pool.unfinishedEnded()
  }

  /** Gives the connection up: whatever still arrives is nobody's. */
  destroy(): void {
    this.taker = undefined
    this.socket.destroy()
  }

  /** Ends a tunnel: what was written still leaves. */
  farewell(): void {
    this.taker = undefined
    this.state = ENDED
    this.socket.end()
    this.socket.resume()
    setTimeout(() => this.socket.destroy(), FAREWELL_MS).unref()
  }

  /** Takes `bytes[0, count)`, which hold only until it returns. */
  received(bytes: Buffer, count: number): boolean {
    const taker = this.taker
    if (taker === undefined) {
      if (this.state === ENDED) return true
      // Octets on an idle connection answer no request (response splitting): it is never used again.
      this.socket.destroy()
      return true
    }
    this.answered = true
    taker.startOfRead()
    try {
      if (this.partial) this.consumePartial(taker, bytes, count)
      else this.consume(taker, bytes, 0, count)
    } catch (cause) {
      this.pool.report(cause)
      this.fail(F.BAD_STATUS_LINE)
    }
    try {
      taker.endOfRead()
    } catch (cause) {
      this.broke(cause)
    }
    return true
  }

  private consumePartial(taker: ResponseTaker, bytes: Buffer, count: number): void {
    const whole = Buffer.concat([this.partial!, bytes.subarray(0, count)])
    this.partial = undefined
    this.consume(taker, whole, 0, whole.length)
  }

  private consume(taker: ResponseTaker, bytes: Buffer, from: number, to: number): void {
    let p = from
    while (p < to) {
      if (this.taker !== taker) {
        // Surplus octets after the response: it was already put back; take it out of use.
        this.socket.destroy()
        return
      }
      if (this.state === TUNNEL) {
        taker.responseBody(bytes, p, to)
        return
      }
      p = this.state === READING_HEAD ? this.readHead(taker, bytes, p, to) : this.readBody(taker, bytes, p, to)
      if (p < 0) return
    }
  }

  /** Answers the position after the head, or -1 when the read is over. */
  private readHead(taker: ResponseTaker, bytes: Buffer, from: number, to: number): number {
    const end = readResponseHead(HEAD, bytes, from, to, HEAD_LIMITS, taker.toHead)
    if (end < 0) return this.fail(-end)
    if (end === 0) {
      this.partial = Buffer.from(bytes.subarray(from, to))
      return -1
    }
    if (HEAD.status < 200 && HEAD.status !== 101) {
      if (++this.informational > INFORMATIONAL_MAX) return this.fail(F.BAD_STATUS_LINE)
      taker.responseInformational(HEAD)
      return end
    }
    // A stream marks its end itself, and the library has compared what came with what was declared (RFC 9113 8.1.1).
    this.framing = this.socket.marksEnd ? BY_CLOSE : HEAD.framing
    this.keepAlive = HEAD.keepAlive
    this.remaining = HEAD.contentLength
    if (this.framing === BY_CHUNKS) {
      this.chunked ??= new ChunkedReader()
      this.chunked.reset()
    }
    // RFC 9112 9.8: such a response is whole only by the closure alert, and Node tells an end without one by nothing from an end with it.
    if (this.framing === BY_CLOSE && this.pool.tls !== undefined && !this.socket.marksEnd) return this.fail(F.END_UNPROVEN)
    // What follows the end of a response in the same read belongs to no request.
    if (this.framing === NO_BODY && end < to && HEAD.status !== 101) this.keepAlive = false
    if (taker.responseHead(HEAD)) {
      this.state = TUNNEL
      return end
    }
    if (this.taker !== taker) return -1
    this.state = READING_BODY
    if (this.framing !== NO_BODY) return end
    this.finish(taker)
    return -1
  }

  private readBody(taker: ResponseTaker, bytes: Buffer, from: number, to: number): number {
    if (this.framing === BY_CHUNKS) return this.readChunks(taker, bytes, from, to)
    if (this.framing === BY_CLOSE) {
      taker.responseBody(bytes, from, to)
      return this.taker === taker ? to : -1
    }
    const end = Math.min(to, from + this.remaining)
    this.remaining -= end - from
    taker.responseBody(bytes, from, end)
    // Given up by who takes it: nobody waits for the rest.
    if (this.taker !== taker) return -1
    if (this.remaining > 0) return end
    if (end < to) this.keepAlive = false
    this.finish(taker)
    return -1
  }

  private readChunks(taker: ResponseTaker, bytes: Buffer, from: number, to: number): number {
    const reader = this.chunked!
    const p = reader.step(bytes, from, to)
    if (p < 0) return this.fail(-p)
    if (reader.dataEnd > reader.dataStart) taker.responseBody(bytes, reader.dataStart, reader.dataEnd)
    if (this.taker !== taker) return -1
    if (!reader.done) return p
    if (p < to) this.keepAlive = false
    this.finish(taker)
    return -1
  }

  private finish(taker: ResponseTaker): void {
    this.taker = undefined
    this.served++
    // Before the connection is given away: whoever waits for it writes its request into the same output.
    const goesOn = taker.responseWhole()
    this.requestOver()
    // hardening.md: no reuse after a response that ended before the request's body did.
    if (goesOn && this.keepAlive && this.requestSent && this.socket.writable) this.pool.release(this)
    else this.socket.destroy()
    if (goesOn) taker.responseEnd()
  }

  private fail(fault: number): -1 {
    const taker = this.taker
    this.taker = undefined
    this.partial = undefined
    this.socket.destroy()
    taker?.responseFailed(fault)
    return -1
  }

  /** Something inside broke while the wire told of something: nobody waits for this response any more. */
  broke(cause: unknown): void {
    this.pool.report(cause)
    const taker = this.taker
    this.fail(F.BAD_STATUS_LINE)
    taker?.endOfRead()
  }

  /** Of a stream alone: HTTP/1.1 has its trailers inside of the body. */
  trailers(fields: readonly string[]): void {
    this.taker?.responseTrailers(fields)
  }

  ended(): void {
    const taker = this.taker
    if (taker === undefined) {
      this.socket.destroy()
      return
    }
    if (this.state === TUNNEL) {
      this.taker = undefined
      taker.tunnelClosed()
    } else if (this.state === READING_BODY && this.framing === BY_CLOSE) this.finish(taker)
    else this.fail(this.answered ? F.BAD_STATUS_LINE : 0)
    taker.endOfRead()
  }

  closed(): void {
    this.pool.forget(this)
    this.requestOver()
    const taker = this.taker
    if (taker === undefined) return
    this.taker = undefined
    if (this.state === TUNNEL) taker.tunnelClosed()
    // A reset is no end: a body that is delimited by the close must close in order (RFC 9112 8).
    else taker.responseFailed(this.answered ? F.BAD_STATUS_LINE : 0)
    taker.endOfRead()
  }
}
