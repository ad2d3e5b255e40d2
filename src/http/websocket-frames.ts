// Reads one direction of a WebSocket frame by frame (RFC 6455 5) without keeping or changing an octet of it, and says where it breaks the rules.
import { Utf8Reader } from './utf8-reader.ts'

/** Codes that a WebSocket is closed with (RFC 6455 7.4.1, and the registry that it founded). */
export const GOING_AWAY = 1001
export const PROTOCOL_ERROR = 1002
export const NOT_CONSISTENT = 1007
export const POLICY_VIOLATION = 1008
export const TOO_BIG = 1009
export const TRY_AGAIN_LATER = 1013

const CONTINUATION = 0
const TEXT = 1
const BINARY = 2
const CLOSE = 8
const PONG = 10
/** RFC 6455 5.5 */
const CONTROL_BYTES_MAX = 125
const HEADER_BYTES_MAX = 14
/** The most that stands at the end of a stretch and is not passed on: a control frame that is not whole. */
export const REST_BYTES_MAX = HEADER_BYTES_MAX + CONTROL_BYTES_MAX
/** Frames of one message: who sends empty ones without end never reaches the limit on octets. */
const FRAGMENTS_MAX = 16_384
const UNMASKED = new Uint8Array(4)

export interface FrameRules {
  /** Frames of a client are masked, those of a server never are (RFC 6455 5.1). */
  readonly masked: boolean
  readonly frameBytes: number
  /** Of all frames of a message together, as they are sent: compressed ones are not inflated. */
  readonly messageBytes: number
  /** permessage-deflate was agreed on, and gives the bit RSV1 a meaning (RFC 7692 6). */
  readonly compressed: boolean
  /** Whether reading stops in front of each message. */
  readonly counts: boolean
}

export class WebsocketFrames {
  /** The code to close with, once a rule is broken; else 0. */
  closeCode = 0
  /** Which rule, for the log. */
  fault = ''
  /** A Close was read: what comes after it means nothing (RFC 6455 5.5.1). */
  closed = false
  /** Reading stopped in front of a message or control frame that is to be counted: after `admit` it goes on. */
  awaitsCount = false
  private readonly rules: FrameRules
  private readonly text = new Utf8Reader()
  private readonly mask = new Uint8Array(4)
  /** Octets of payload of the frame in hand that were read, and those that are still to come. */
  private read = 0
  private remaining = 0
  private final = true
  /** The frame in hand is text that can be judged. */
  private judges = false
  /** Of the message in hand: TEXT or BINARY, 0 between messages. */
  private kind = 0
  private isCompressed = false
  private messageBytes = 0
  private fragments = 0
  private admitted = false

  constructor(rules: FrameRules) {
    this.rules = rules
  }

  /** No frame stands half: another one may be put in here. */
  get betweenFrames(): boolean {
    return this.remaining === 0
  }

  /** What was stopped for may pass. */
  admit(): void {
    this.awaitsCount = false
    this.admitted = true
  }

  /**
   * Reads `bytes[from, to)`; answers how far they are sound. What stands from there to `to` is the beginning of a frame that is not whole, and is handed in
   * again with more behind it: never more than `REST_BYTES_MAX`, unless `closeCode`, `closed` or `awaitsCount` says why the reading ended.
   */
  advance(bytes: Buffer, from: number, to: number): number {
    let p = from
    while (p < to && this.closeCode === 0 && !this.closed) {
      if (this.remaining > 0) {
        p = this.readPayload(bytes, p, to)
        if (p >= 0) continue
        this.remaining = Math.max(1, this.remaining)
        return from
      }
      const next = this.readFrame(bytes, p, to)
      if (next === p) return p
      if (next < 0) {
        // Nothing of the frame that is wrong was passed on.
        this.remaining = 0
        return p
      }
      p = next
    }
    return p
  }

  /** Reads a header, and all of a control frame; answers the position after it, `from` when there is not enough, or -1 when it breaks a rule. */
  private readFrame(bytes: Buffer, from: number, to: number): number {
    if (to - from < 2) return from
    const first = bytes[from]!
    const second = bytes[from + 1]!
    const opcode = first & 15
    const final = (first & 128) !== 0
    const wrong = this.judgeFirst(first, opcode, final, second)
    if (wrong !== '') return this.fail(PROTOCOL_ERROR, wrong)
    const short = second & 127
    const extended = short === 126 ? 2 : short === 127 ? 8 : 0
    const headerBytes = 2 + extended + (this.rules.masked ? 4 : 0)
    if (to - from < 2 + extended) return from
    const length = extended === 0 ? short : extended === 2 ? bytes.readUInt16BE(from + 2) : lengthOf8(bytes, from + 2)
    // RFC 6455 5.2: the fewest octets that can hold the length, and the highest bit of eight is 0.
    if (length < 0 || (extended === 2 && length < 126) || (extended === 8 && length < 65_536))
      return this.fail(PROTOCOL_ERROR, 'a length that is not written in its one way')
    const tooBig = opcode < CLOSE ? this.judgeSize(opcode, length) : 0
    if (tooBig !== 0) return this.fail(tooBig, tooBig === TOO_BIG ? 'a message above the limit' : 'a message of too many frames')
    if (to - from < headerBytes) return from
    if (opcode >= CLOSE) {
      if (to - from < headerBytes + length) return from
      if (this.holds(opcode)) return from
      this.takeMask(bytes, from + headerBytes)
      return opcode === CLOSE ? this.readClose(bytes, from + headerBytes, length) : from + headerBytes + length
    }
    if (this.holds(opcode)) return from
    this.takeMask(bytes, from + headerBytes)
    this.begin(opcode, final, (first & 64) !== 0, length)
    const after = from + headerBytes
    if (length === 0) return this.endFrame() ? after : -1
    // In the same stretch, so that a small frame that is wrong is not passed on by its beginning.
    return after < to ? this.readPayload(bytes, after, to) : after
  }

  /** What its first two octets say that no frame may say here; '' is nothing. */
  private judgeFirst(first: number, opcode: number, final: boolean, second: number): string {
    if ((first & 48) !== 0) return 'a reserved bit without a meaning'
    if ((first & 64) !== 0 && (!this.rules.compressed || opcode === CONTINUATION || opcode >= CLOSE)) return 'the bit of an extension that was not agreed on'
    if ((opcode > BINARY && opcode < CLOSE) || opcode > PONG) return 'a reserved opcode'
    if (((second & 128) !== 0) !== this.rules.masked) return this.rules.masked ? 'a frame of a client without a mask' : 'a frame of a server with a mask'
    if (opcode >= CLOSE) return final && (second & 127) <= CONTROL_BYTES_MAX ? '' : 'a control frame in fragments, or too long'
    if ((opcode === CONTINUATION) !== (this.kind !== 0)) return this.kind === 0 ? 'a continuation of nothing' : 'a message within a message'
    return ''
  }

  private judgeSize(opcode: number, length: number): number {
    const before = opcode === CONTINUATION ? this.messageBytes : 0
    if (length > this.rules.frameBytes || before + length > this.rules.messageBytes) return TOO_BIG
    return opcode === CONTINUATION && this.fragments >= FRAGMENTS_MAX ? POLICY_VIOLATION : 0
  }

  /** A message, or a control frame, is counted before any of it goes on. The answer to a Close is nothing to be counted. */
  private holds(opcode: number): boolean {
    if (!this.rules.counts || opcode === CONTINUATION || opcode === CLOSE) return false
    if (this.admitted) {
      this.admitted = false
      return false
    }
    this.awaitsCount = true
    return true
  }

  private takeMask(bytes: Buffer, end: number): void {
    if (this.rules.masked) bytes.copy(this.mask, 0, end - 4, end)
  }

  private begin(opcode: number, final: boolean, compressed: boolean, length: number): void {
    if (opcode !== CONTINUATION) {
      this.kind = opcode
      this.isCompressed = compressed
      this.messageBytes = 0
      this.fragments = 0
      this.text.reset()
    }
    this.fragments++
    this.messageBytes += length
    this.final = final
    this.read = 0
    this.remaining = length
    // RFC 6455 8.1: only inflated text can be judged.
    this.judges = this.kind === TEXT && !this.isCompressed
  }

  private readPayload(bytes: Buffer, from: number, to: number): number {
    const end = Math.min(to, from + this.remaining)
    if (this.judges && !this.text.read(bytes, from, end, this.rules.masked ? this.mask : UNMASKED, this.read)) return this.failText()
    this.read += end - from
    this.remaining -= end - from
    return this.remaining > 0 || this.endFrame() ? end : -1
  }

  private endFrame(): boolean {
    if (!this.final) return true
    const whole = !this.judges || this.text.whole
    this.kind = 0
    if (!whole) this.failText()
    return whole
  }

  /** RFC 6455 5.5.1: nothing, or a code that may be sent and a reason in UTF-8. */
  private readClose(bytes: Buffer, from: number, length: number): number {
    const mask = this.rules.masked ? this.mask : UNMASKED
    if (length === 1) return this.fail(PROTOCOL_ERROR, 'a Close with half a code')
    if (length > 0) {
      const code = ((bytes[from]! ^ mask[0]!) << 8) | (bytes[from + 1]! ^ mask[1]!)
      if (!mayBeSent(code)) return this.fail(PROTOCOL_ERROR, 'a Close with a code that is never sent')
      const reason = new Utf8Reader()
      if (!reason.read(bytes, from + 2, from + length, mask, 2) || !reason.whole) return this.fail(NOT_CONSISTENT, 'a Close whose reason is not UTF-8')
    }
    this.closed = true
    return from + length
  }

  private failText(): -1 {
    return this.fail(NOT_CONSISTENT, 'text that is not UTF-8')
  }
  private fail(code: number, fault: string): -1 {
    this.closeCode = code
    this.fault = fault
    return -1
  }
}

/** Eight octets, most significant first; -1 when the highest bit is set. What is above 2^53 is too much for any limit. */
function lengthOf8(bytes: Buffer, at: number): number {
  const high = bytes.readUInt32BE(at)
  return high >= 0x80000000 ? -1 : high * 0x100000000 + bytes.readUInt32BE(at + 4)
}

/** RFC 6455 7.4: 1004 means nothing yet; 1005, 1006 and 1015 stand for what happened and are never sent; the rest below 3000 is not given out. */
const mayBeSent = (code: number): boolean => (code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999)

/** A Close frame. With a mask it is a client's. */
export function closeFrame(code: number, reason: string, mask?: Uint8Array): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason))
  payload.writeUInt16BE(code)
  payload.write(reason, 2)
  if (payload.length > CONTROL_BYTES_MAX) throw new RangeError('a reason that is too long')
  if (mask === undefined) return Buffer.concat([Buffer.of(128 | CLOSE, payload.length), payload])
  for (let i = 0; i < payload.length; i++) payload[i]! ^= mask[i & 3]!
  return Buffer.concat([Buffer.of(128 | CLOSE, 128 | payload.length), mask, payload])
}
