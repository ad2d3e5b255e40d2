// Takes the frames of an HTTP/2 connection out of its octets, and holds each to what RFC 9113 4 and 6 say of its length, its stream and its padding.
import * as F from './frame-faults.ts'
import * as T from './frame-types.ts'

/** Payloads of a fixed length, by type; -1: any. */
const LENGTHS = new Int32Array(256).fill(-1)
LENGTHS[T.PRIORITY] = 5
LENGTHS[T.RST_STREAM] = 4
LENGTHS[T.PING] = 8
LENGTHS[T.WINDOW_UPDATE] = 4

/** Which types belong to a stream, and which to the connection; all others may come on either. */
const OF_STREAM = new Uint8Array(256)
for (const type of [T.DATA, T.HEADERS, T.PRIORITY, T.RST_STREAM, T.CONTINUATION]) OF_STREAM[type] = 1
const OF_CONNECTION = new Uint8Array(256)
for (const type of [T.SETTINGS, T.PING, T.GOAWAY]) OF_CONNECTION[type] = 1

const GOAWAY_BYTES_MIN = 8
const SETTING_BYTES = 6
const PRIORITY_BYTES = 5

/** One frame at a time. A frame in pieces is put together in memory that grows with what came, never with what was announced. */
export class FrameReader {
  type = 0
  flags = 0
  stream = 0
  /** Of the payload as it was sent, padding and all: what counts for windows (RFC 9113 6.9.1). */
  length = 0
  /** What is told, at `bytes[start, end)`: without padding and priority. It holds only until the next frame is asked for. */
  bytes: Buffer = NOTHING
  start = 0
  end = 0
  /** A frame is there. */
  isWhole = false
  /** A field block that began must go on at this stream; 0: none has. */
  private blockOn = 0
  private held: Buffer = NOTHING
  private heldLength = 0

  /** Reads on at `from`. Answers the position reached, with `isWhole` or at `to`; or `-n` for `frameFault(n)`. */
  next(bytes: Buffer, from: number, to: number): number {
    this.isWhole = false
    if (this.heldLength > 0) return this.complete(bytes, from, to)
    if (to - from < T.FRAME_HEAD_BYTES) return this.hold(bytes, from, to)
    const fault = this.readHead(bytes, from)
    if (fault !== 0) return -fault
    const end = from + T.FRAME_HEAD_BYTES + this.length
    return end > to ? this.hold(bytes, from, to) : this.open(bytes, from + T.FRAME_HEAD_BYTES, end, end)
  }
  /** Octets of a frame that is not whole yet. */
  get waits(): number {
    return this.heldLength
  }
  /** A field block has begun and not ended. */
  get isInBlock(): boolean {
    return this.blockOn !== 0
  }

  private readHead(bytes: Buffer, at: number): number {
    const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
    const type = bytes[at + 3]!
    const flags = bytes[at + 4]!
    // RFC 9113 4.1: the reserved bit is ignored.
    const stream = ((bytes[at + 5]! & 0x7f) << 24) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 8) | bytes[at + 8]!
    this.length = length
    this.type = type
    this.flags = flags
    this.stream = stream
    if (length > T.FRAME_BYTES_MAX) return F.FRAME_TOO_LARGE
    if (this.blockOn !== 0) {
      if (type !== T.CONTINUATION || stream !== this.blockOn) return F.BLOCK_INTERRUPTED
    } else if (type === T.CONTINUATION) return stream === 0 ? F.ON_NO_STREAM : F.NO_BLOCK
    if (type === T.PUSH_PROMISE) return F.PUSHED
    if (stream === 0) {
      if (OF_STREAM[type] === 1) return F.ON_NO_STREAM
    } else if (OF_CONNECTION[type] === 1) return F.ON_A_STREAM
    if (LENGTHS[type] !== -1 && LENGTHS[type] !== length) return F.WRONG_LENGTH
    if (type === T.SETTINGS && ((flags & T.ACK) !== 0 ? length !== 0 : length % SETTING_BYTES !== 0)) return F.WRONG_LENGTH
    return type === T.GOAWAY && length < GOAWAY_BYTES_MIN ? F.WRONG_LENGTH : 0
  }

  /** The payload is here: takes padding and priority off. Answers `next`. */
  private open(bytes: Buffer, from: number, to: number, next: number): number {
    const { type, flags } = this
    let start = from
    let end = to
    if (type === T.DATA || type === T.HEADERS) {
      if ((flags & T.PADDED) !== 0) {
        if (start === end) return -F.WRONG_LENGTH
        end -= bytes[start++]!
      }
      // RFC 9113 6.2: what it says of priorities is of no use any more (5.3.2).
      if (type === T.HEADERS && (flags & T.WITH_PRIORITY) !== 0) {
        if (to - start < PRIORITY_BYTES) return -F.WRONG_LENGTH
        start += PRIORITY_BYTES
      }
      if (end < start) return -F.TOO_MUCH_PADDING
    }
    if (type === T.HEADERS || type === T.CONTINUATION) this.blockOn = (flags & T.END_HEADERS) !== 0 ? 0 : this.stream
    this.bytes = bytes
    this.start = start
    this.end = end
    this.isWhole = true
    return next
  }

  private complete(bytes: Buffer, from: number, to: number): number {
    let p = from
    if (this.heldLength < T.FRAME_HEAD_BYTES) {
      const end = Math.min(to, p + T.FRAME_HEAD_BYTES - this.heldLength)
      this.hold(bytes, p, end)
      if (this.heldLength < T.FRAME_HEAD_BYTES) return end
      const fault = this.readHead(this.held, 0)
      if (fault !== 0) return -fault
      p = end
    }
    const end = Math.min(to, p + T.FRAME_HEAD_BYTES + this.length - this.heldLength)
    this.hold(bytes, p, end)
    if (this.heldLength < T.FRAME_HEAD_BYTES + this.length) return end
    const { held, heldLength } = this
    this.held = NOTHING
    this.heldLength = 0
    return this.open(held, T.FRAME_HEAD_BYTES, heldLength, end)
  }
  private hold(bytes: Buffer, from: number, to: number): number {
    const length = this.heldLength + to - from
    if (length > this.held.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(64, length * 2))
      this.held.copy(larger, 0, 0, this.heldLength)
      this.held = larger
    }
    bytes.copy(this.held, this.heldLength, from, to)
    this.heldLength = length
    return to
  }
}
const NOTHING = Buffer.alloc(0)

/** The 31 bits of a number of four octets: the highest is reserved (RFC 9113 6.9). */
export const number31 = (bytes: Buffer, at: number): number => ((bytes[at]! & 0x7f) << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
