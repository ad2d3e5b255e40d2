// An open WebSocket between two sides, whatever carries them, a socket or a stream of HTTP/2: passes on what keeps to the rules, and closes both sides when something does not.
import { randomSecret } from '../../base/ids.ts'
import { closeFrame, GOING_AWAY, POLICY_VIOLATION, TOO_BIG, TRY_AGAIN_LATER, WebsocketFrames } from '../../http/websocket-frames.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import type { Limiter, Taken } from '../../ports/counters.ts'
import type { LiveWebsocket } from './websocket.ts'

/** Octets that may wait for a side before the other one is no longer read. */
const WAITING_BYTES_MAX = 256 * 1024
/** How long the other side may take for its Close, once one has said it (RFC 6455 7.1.1). */
const CLOSING_MS = 10_000

/** One side of a tunnel. */
export interface TunnelSide {
  /** Takes octets that hold only until it returns; they leave with the next `flush`. */
  put(bytes: Buffer, start: number, end: number): void
  /** Sends what was put. Answers how many octets still wait to leave. */
  flush(): number
  /** Whether the side is read. */
  pause(): void
  resume(): void
}

/** What a tunnel stands between, and whose it is. */
export interface TunnelMeans {
  readonly client: TunnelSide
  readonly upstream: TunnelSide
  readonly clock: TunnelClock
  /** When the sweep calls `expire`, on the clock's coarse time. */
  readonly timed: { deadlineMs: number }
  /** Nothing passes any more: what was flushed is the last that either side gets, and now both are ended. `code` is for the access log, '' when all was in order. */
  readonly over: (code: string) => void
  /** Something inside broke. */
  readonly broke: (cause: unknown) => void
}

/** The gateway's clock: coarse for time-outs, and exact for what is counted. */
export interface TunnelClock {
  readonly coarseMs: number
  nowUs(): number
}

/** One direction. */
class Lane {
  readonly frames: WebsocketFrames
  readonly from: TunnelSide
  readonly to: TunnelSide
  /** What came last and is not sound yet, for it is not whole; and while a count is waited for, all that came since. */
  rest: Buffer | undefined
  awaitsCount = false
  private holds = 0

  constructor(frames: WebsocketFrames, from: TunnelSide, to: TunnelSide) {
    this.frames = frames
    this.from = from
    this.to = to
  }
  /** The side is read again once every reason to pause it is gone. */
  hold(): void {
    if (this.holds++ === 0) this.from.pause()
  }
  release(): void {
    if (--this.holds === 0) this.from.resume()
  }
  keep(bytes: Buffer, start: number, end: number): void {
    const part = bytes.subarray(start, end)
    this.rest = this.rest === undefined ? Buffer.from(part) : Buffer.concat([this.rest, part])
  }
}

export class Tunnel {
  private readonly means: TunnelMeans
  private readonly up: Lane
  private readonly down: Lane
  private readonly idleMs: number
  private readonly limiter: Limiter | undefined
  private readonly countedAs: string
  private clientIsSlow = false
  private upstreamIsSlow = false
  private closing = false
  private over = false

  constructor(means: TunnelMeans, websocket: LiveWebsocket, compressed: boolean, x: Exchange) {
    const { client, upstream } = means
    this.means = means
    this.up = new Lane(new WebsocketFrames(websocket.rulesOf('client', compressed)), client, upstream)
    this.down = new Lane(new WebsocketFrames(websocket.rulesOf('upstream', compressed)), upstream, client)
    this.idleMs = websocket.idleMs
    this.limiter = websocket.counts?.limiter
    this.countedAs = websocket.counts?.keyOf(x) ?? ''
    this.touch()
  }

  /** Octets from the client, which hold only until it returns. */
  fromClient(bytes: Buffer, start: number, end: number): void {
    this.pass(this.up, bytes, start, end)
    this.flushUpstream()
  }
  /** Octets from the upstream, which hold only until it returns; they leave with `flushClient`. */
  fromUpstream(bytes: Buffer, start: number, end: number): void {
    this.pass(this.down, bytes, start, end)
  }
  /** The upstream was read as far as there was something. */
  flushClient(): void {
    if (this.over || this.down.to.flush() <= WAITING_BYTES_MAX || this.clientIsSlow) return
    this.clientIsSlow = true
    this.down.hold()
  }
  private flushUpstream(): void {
    if (this.over || this.up.to.flush() <= WAITING_BYTES_MAX || this.upstreamIsSlow) return
    this.upstreamIsSlow = true
    this.up.hold()
  }
  clientDrained(): void {
    if (!this.clientIsSlow) return
    this.clientIsSlow = false
    this.down.release()
  }
  upstreamDrained(): void {
    if (!this.upstreamIsSlow) return
    this.upstreamIsSlow = false
    this.up.release()
  }

  private pass(lane: Lane, bytes: Buffer, start: number, end: number): void {
    if (this.over) return
    this.touch()
    const { frames } = lane
    if (lane.awaitsCount) {
      lane.keep(bytes, start, end)
      return
    }
    let all = bytes
    let from = start
    let to = end
    if (lane.rest !== undefined) {
      all = Buffer.concat([lane.rest, bytes.subarray(start, end)])
      lane.rest = undefined
      from = 0
      to = all.length
    }
    let p = from
    for (;;) {
      p = frames.advance(all, p, to)
      if (!frames.awaitsCount) break
      const taken = this.take()
      if (taken instanceof Promise) {
        if (p > from) lane.to.put(all, from, p)
        lane.keep(all, p, to)
        this.awaitCount(lane, taken)
        return
      }
      if (taken !== ADMITTED) {
        if (p > from) lane.to.put(all, from, p)
        this.refuse(taken)
        return
      }
      frames.admit()
    }
    if (p > from) lane.to.put(all, from, p)
    if (frames.closeCode !== 0)
      this.close(
        frames.closeCode,
        frames.fault,
        lane === this.down ? 'upstream.invalid' : frames.closeCode === TOO_BIG ? 'websocket.too-big' : 'websocket.invalid',
      )
    else if (frames.closed) this.afterClose()
    else if (p < to) lane.keep(all, p, to)
  }

  /** Counts one message: ADMITTED, or the code to close with. */
  private take(): number | Promise<number> {
    let taken: Taken | Promise<Taken>
    try {
      taken = this.limiter!.take(this.countedAs, this.means.clock.nowUs())
    } catch {
      return TRY_AGAIN_LATER
    }
    return taken instanceof Promise ? taken.then(verdictOf, () => TRY_AGAIN_LATER) : verdictOf(taken)
  }
  private awaitCount(lane: Lane, pending: Promise<number>): void {
    lane.awaitsCount = true
    lane.hold()
    pending
      .then((taken) => {
        lane.awaitsCount = false
        if (this.over) return
        if (taken !== ADMITTED) {
          this.refuse(taken)
          return
        }
        lane.frames.admit()
        this.fromClient(NOTHING, 0, 0)
        if (!this.over) lane.release()
      })
      .catch((cause: unknown) => this.means.broke(cause))
  }
  private refuse(code: number): void {
    if (code === POLICY_VIOLATION) this.close(code, 'too many messages', 'websocket.exceeded')
    else this.close(code, 'messages cannot be counted now', 'websocket.unavailable')
  }

  /** One side has said its last word; once both have, the connections end (RFC 6455 7.1.1). */
  private afterClose(): void {
    if (this.up.frames.closed && this.down.frames.closed) {
      this.finish('')
      return
    }
    if (this.closing) return
    this.closing = true
    this.means.timed.deadlineMs = this.means.clock.coarseMs + CLOSING_MS
  }

  /** The sweep found the deadline passed. */
  expire(): void {
    if (this.closing) this.finish('')
    else this.close(GOING_AWAY, 'idle', 'websocket.idle')
  }

  /** Closes both sides with this code (RFC 6455 7.4.1), as far as a Close can still be said there: not within a frame, nor behind another Close. */
  close(code: number, reason: string, why: string): void {
    if (this.over) return
    if (mayClose(this.down.frames)) putWhole(this.down.to, closeFrame(code, reason))
    if (mayClose(this.up.frames)) putWhole(this.up.to, closeFrame(code, reason, randomSecret(4)))
    this.finish(why)
  }

  /** A side is gone. Whatever the count says that is still waited for, nothing is written to the other, and no deadline is moved. */
  abandon(): void {
    this.over = true
  }

  private finish(why: string): void {
    this.over = true
    this.down.to.flush()
    this.up.to.flush()
    this.means.over(why)
  }

  private touch(): void {
    if (!this.closing) this.means.timed.deadlineMs = this.means.clock.coarseMs + this.idleMs
  }
}

const NOTHING = Buffer.alloc(0)
const ADMITTED = 0
/** A table that is full is no reason to let through uncounted, and no fault of the client's. */
const verdictOf = ({ admitted, full }: Taken): number => (full ? TRY_AGAIN_LATER : admitted ? ADMITTED : POLICY_VIOLATION)
const mayClose = (frames: WebsocketFrames): boolean => frames.betweenFrames && !frames.closed
const putWhole = (side: TunnelSide, frame: Buffer): void => side.put(frame, 0, frame.length)
