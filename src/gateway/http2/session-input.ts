// What comes in on one HTTP/2 connection: each frame has its effect on a stream or the connection (RFC 9113 5.1 and 6), and what costs more than it asks for is counted.
import { BAD_TRAILER } from '../../http/faults.ts'
import * as F from '../../http/frames/frame-faults.ts'
import { FrameReader, number31 } from '../../http/frames/frame-reader.ts'
import * as T from '../../http/frames/frame-types.ts'
import { HpackDecoder } from '../../http/hpack/decoder.ts'
import { FieldSection } from '../../http/hpack/field-section.ts'
import { trailersFault } from '../../http/stream-request.ts'
import { Allowance } from './allowance.ts'
import type { ClientSession } from './client-session.ts'
import * as G from './guards.ts'

/** The fields of the block that was read last: all connections of a thread share it, for whoever reads is done with it at once. */
export const SECTION = new FieldSection()
/** Streams that we reset and of which frames may still be on their way (RFC 9113 5.1). */
const REMEMBERED_MAX = 256

export class SessionInput {
  /** The highest stream that was taken up. */
  lastStream = 0
  /** The highest that its client opened: past the one above, what was asked for behind our last GOAWAY. */
  private opened = 0
  /** Since when a field block is coming, or 0. */
  blockSinceMs = 0
  /** Our settings were acknowledged. */
  isAcknowledged = false
  private readonly session: ClientSession
  private readonly frames = new FrameReader()
  private readonly decoder = new HpackDecoder(T.FIRST_TABLE_BYTES)
  private prefaceRead = 0
  private hasSettings = false
  /** A block that came in more than one frame, so far. */
  private block: Buffer | undefined
  private blockEnds = false
  private continuations = 0
  private window = G.SESSION_WINDOW_BYTES
  private readonly resets: Allowance
  private readonly idleFrames: Allowance
  private readonly remembered = new Set<number>()

  constructor(session: ClientSession) {
    this.session = session
    const nowMs = session.gateway.coarseMs
    this.resets = new Allowance(G.RESET_BURST, G.RESETS_A_SECOND, nowMs)
    this.idleFrames = new Allowance(G.IDLE_FRAMES_BURST, G.IDLE_FRAMES_A_SECOND, nowMs)
  }

  /** Reads one frame on. Answers the position reached; the session may be over then. */
  step(bytes: Buffer, from: number, to: number): number {
    let p = from
    for (; this.prefaceRead < T.PREFACE.length && p < to; p++) if (bytes[p] !== T.PREFACE[this.prefaceRead++]) return this.fail(F.NOT_A_PREFACE, to)
    if (p === to) return p
    const next = this.frames.next(bytes, p, to)
    if (next < 0) return this.fail(-next, to)
    if (this.frames.isWhole) {
      const fault = this.take()
      if (fault !== 0) return this.fail(fault, to)
    }
    return next
  }
  private fail(fault: number, to: number): number {
    this.session.fail(fault)
    return to
  }

  /** Frames of bodies bring others along, honestly: windows, and PINGs that measure. */
  earnByData(): void {
    this.idleFrames.earn(G.EARNED_BY_DATA)
  }
  /** The client did what ends in a reset of a stream (CVE-2023-44487, CVE-2025-8671). */
  strike(): void {
    if (!this.resets.take(this.session.gateway.coarseMs)) this.session.fail(F.TOO_MANY_RESETS)
  }
  /** We reset it: what its client sent before it knew is no fault. */
  remember(stream: number): void {
    this.remembered.add(stream)
    if (this.remembered.size > REMEMBERED_MAX) for (const oldest of this.remembered) return void this.remembered.delete(oldest)
  }
  /** So much of the window of the connection was given back. */
  widen(count: number): void {
    this.window += count
  }

  /** Answers 0, or what ends the connection. */
  private take(): number {
    const { frames } = this
    if (!this.hasSettings) {
      if (frames.type !== T.SETTINGS || (frames.flags & T.ACK) !== 0) return F.NO_SETTINGS_FIRST
      this.hasSettings = true
    }
    switch (frames.type) {
      case T.DATA:
        return this.data()
      case T.HEADERS:
      case T.CONTINUATION:
        return this.fields()
      case T.RST_STREAM:
        return this.reset()
      case T.SETTINGS:
        return this.settings()
      case T.PING:
        return this.ping()
      case T.GOAWAY:
        // RFC 9113 6.8: it opens no further streams of its own, we none at all. One that leaves in error waits for nothing.
        this.session.left(number32(frames.bytes, frames.start + 4) === T.NO_ERROR)
        return this.idle()
      case T.WINDOW_UPDATE:
        return this.windowUpdate()
      default:
        // RFC 9113 5.3.2 and 5.5: priorities say nothing any more, and unknown frames are ignored.
        return this.idle()
    }
  }
  /** A frame that asks for nothing. */
  private idle(): number {
    return this.idleFrames.take(this.session.gateway.coarseMs) ? 0 : F.TOO_MANY_FRAMES
  }

  private data(): number {
    const { frames, session } = this
    const { length, stream: id, start, end } = frames
    if (id > this.opened || id % 2 === 0) return F.IDLE_STREAM
    this.window -= length
    if (this.window < 0) return F.WINDOW_EXCEEDED
    const ended = (frames.flags & T.END_STREAM) !== 0
    if (end === start && !ended) {
      const fault = this.idle()
      if (fault !== 0) return fault
    } else this.idleFrames.earn(1)
    const stream = session.streams.get(id)
    if (stream === undefined) {
      session.credit(length)
      return this.idle()
    }
    if (stream.inputEnded) return F.ENDED_STREAM
    return stream.data(frames.bytes, start, end, length, ended) ? 0 : F.WINDOW_EXCEEDED
  }

  private fields(): number {
    const { frames } = this
    const { bytes, start, end } = frames
    const isLast = (frames.flags & T.END_HEADERS) !== 0
    if (frames.type === T.HEADERS) {
      this.blockEnds = (frames.flags & T.END_STREAM) !== 0
      if (isLast) return this.blockRead(bytes, start, end)
      this.continuations = 0
      this.blockSinceMs = this.session.gateway.coarseMs
      this.block = Buffer.from(bytes.subarray(start, end))
      return 0
    }
    const block = this.block!
    const { headBytes } = this.session.gateway.settings.limits
    if (++this.continuations > G.continuationsMax(headBytes) || block.length + end - start > G.blockBytesMax(headBytes)) return F.BLOCK_TOO_LONG
    const whole = Buffer.concat([block, bytes.subarray(start, end)])
    if (!isLast) {
      this.block = whole
      return 0
    }
    this.block = undefined
    this.blockSinceMs = 0
    return this.blockRead(whole, 0, whole.length)
  }
  /** RFC 9113 4.3: a block is decoded whatever becomes of it, so that both sides go on with the same table. */
  private blockRead(bytes: Buffer, start: number, end: number): number {
    const { session, blockEnds: ended } = this
    const id = this.frames.stream
    const { headBytes } = session.gateway.settings.limits
    SECTION.begin(headBytes, G.blockBytesMax(headBytes))
    if (!this.decoder.decode(bytes, start, end, SECTION)) return F.BROKEN_BLOCK
    const stream = session.streams.get(id)
    if (stream !== undefined) {
      if (stream.inputEnded) return F.ENDED_STREAM
      // RFC 9113 8.1: a second block is the trailers, and ends the stream.
      if (!ended || SECTION.isTooLarge || trailersFault(SECTION) !== 0) stream.malformed(BAD_TRAILER)
      else stream.endOfInput()
      return 0
    }
    if (id <= this.lastStream) return this.remembered.has(id) ? this.idle() : F.WRONG_STREAM
    if (id % 2 === 0) return F.WRONG_STREAM
    // RFC 9113 6.8: told to go away, what it asks for since then was not taken up; bodies and trailers of that still come.
    this.opened = Math.max(this.opened, id)
    if (session.takesNoMore) return this.idle()
    this.lastStream = id
    if (session.streams.size >= G.STREAMS_MAX) {
      // RFC 9113 5.1.2: who did not see our settings yet may ask for more than they allow.
      if (this.isAcknowledged) return F.TOO_MANY_STREAMS
      session.refuseStream(id)
      return 0
    }
    this.idleFrames.earn(G.EARNED_BY_REQUEST)
    session.asked(id, ended)
    return 0
  }

  private reset(): number {
    const { stream: id } = this.frames
    if (id > this.opened || id % 2 === 0) return F.IDLE_STREAM
    const stream = this.session.streams.get(id)
    if (stream === undefined) return this.idle()
    // Behind its whole answer a client only says that it sends no more.
    if (!stream.outputEnded) this.strike()
    this.session.gaveUp(stream)
    return 0
  }

  private settings(): number {
    const { frames, session } = this
    if ((frames.flags & T.ACK) !== 0) {
      if (this.isAcknowledged) return F.UNEXPECTED_ACK
      this.isAcknowledged = true
      return 0
    }
    if (frames.length > G.SETTINGS_MAX * 6) return F.TOO_MANY_SETTINGS
    let window = -1
    for (let p = frames.start; p < frames.end; p += 6) {
      const value = number32(frames.bytes, p + 2)
      switch ((frames.bytes[p]! << 8) | frames.bytes[p + 1]!) {
        case T.ENABLE_PUSH:
        case T.ENABLE_CONNECT_PROTOCOL:
          if (value > 1) return F.BAD_SETTING
          break
        case T.MAX_FRAME_SIZE:
          if (value < T.FRAME_BYTES_MAX || value > 0xffffff) return F.BAD_SETTING
          break
        case T.INITIAL_WINDOW_SIZE:
          if (value > T.WINDOW_MAX) return F.BAD_WINDOW_SETTING
          window = value
      }
    }
    if (window >= 0) {
      const fault = session.output.changeFirstWindow(window, session.streams.values())
      if (fault !== 0) return fault
    }
    session.acknowledge()
    return this.idle()
  }

  private ping(): number {
    const { frames, session } = this
    if ((frames.flags & T.ACK) !== 0) return session.pinged(frames.bytes, frames.start) ? this.idle() : F.UNEXPECTED_ACK
    session.pong(frames.bytes, frames.start)
    return this.idle()
  }

  private windowUpdate(): number {
    const { frames, session } = this
    const { stream: id } = frames
    const increment = number31(frames.bytes, frames.start)
    if (id > this.opened || (id !== 0 && id % 2 === 0)) return F.IDLE_STREAM
    if (increment === 0) return F.NO_INCREMENT
    const stream = session.streams.get(id)
    if (id === 0 ? !session.output.widen(increment) : stream !== undefined && !session.output.widenStream(stream, increment)) return F.WINDOW_OVERFLOW
    return this.idle()
  }
}
const number32 = (bytes: Buffer, at: number): number => bytes.readUInt32BE(at)
