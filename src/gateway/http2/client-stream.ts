// One stream of a client's HTTP/2 connection, as the wire of one request and its response.
import * as F from '../../http/faults.ts'
import * as T from '../../http/frames/frame-types.ts'
import { statusAt } from '../../http/stream-response.ts'
import type { ClientConnection } from '../clients/client-connection.ts'
import { TUNNEL } from '../clients/client-state.ts'
import type { Wire } from '../wire.ts'
import type { ClientSession } from './client-session.ts'
import { SESSION_HELD_BYTES_MAX, SESSION_WAITING_BYTES_MAX, STREAM_WAITING_BYTES_MAX, STREAM_WINDOW_BYTES } from './guards.ts'
import { Pieces } from './pieces.ts'

const LAST_CHUNK = Buffer.from('0\r\n\r\n')
/** A line with the length of a chunk, its octets, CRLF, and the last chunk: room for one frame. All streams share it. */
const CHUNK = Buffer.allocUnsafeSlow(T.FRAME_BYTES_MAX + 32)
const NONE: readonly string[] = []

export class ClientStream implements Wire {
  /** A stream always answers later, as TLS does. */
  readonly encrypted = true
  readonly copies = true
  readonly id: number
  readonly session: ClientSession
  client!: ClientConnection
  /** Octets that the client gives us room for; below nothing when it took some back (RFC 9113 6.9.2). */
  sendWindow: number
  /** Where in the batch its latest frame begins, and in which: its end may still be told there. */
  lastFrame = 0
  lastBatch = -1
  isQueued = false
  /** The client has said all (half-closed (remote), RFC 9113 5.1). */
  inputEnded: boolean
  /** We have (half-closed (local)). */
  outputEnded = false
  /** Nothing comes and nothing goes any more. */
  isOver = false
  /** Octets that the client may still send, and those that were read and not told to it yet. */
  private receiveWindow = STREAM_WINDOW_BYTES
  private owed = 0
  /** The body comes in chunks to whoever reads the message; otherwise so many octets are still announced, or -1. */
  private chunked = false
  private announced = -1
  /** What came while nobody reads. */
  private input: Pieces | undefined
  private endWaits = false
  private paused = false
  /** What waits for a window. */
  private readonly waits = new Pieces()
  private headPending = true
  private ends = false
  private trailers = NONE
  private sent: (() => void) | undefined
  /** The only answer is a reset. */
  private isRefused = false

  constructor(session: ClientSession, id: number, sendWindow: number, inputEnded: boolean) {
    this.session = session
    this.id = id
    this.sendWindow = sendWindow
    this.inputEnded = inputEnded
  }

  /** The request was read: how its body is told. */
  begins(chunked: boolean, contentLength: number): void {
    this.chunked = chunked
    if (!this.inputEnded) this.announced = contentLength
  }
  /** RFC 9113 8.1.1: it is refused by a reset; the log and the counts are told as of every request. */
  refuse(fault: number): void {
    this.isRefused = true
    this.client.misread(fault)
  }
  /** What came behind the head makes the request malformed. */
  malformed(fault: number): void {
    const { client } = this
    const { code } = F.messageFault(fault)
    client.gateway.countFault(F.messageFault(fault))
    if (client.code === '') client.code = code
    this.reset(T.PROTOCOL_ERROR)
    this.session.input.strike()
  }

  /** Takes a DATA frame; `length` is what it counts for windows. Answers 0, or false when its window has less. */
  data(bytes: Buffer, start: number, end: number, length: number, ended: boolean): boolean {
    this.receiveWindow -= length
    if (this.receiveWindow < 0) return false
    const count = end - start
    if (this.announced >= 0) {
      this.announced -= count
      if (this.announced < 0 || (ended && this.announced > 0)) {
        this.session.credit(length)
        this.malformed(F.BAD_CONTENT_LENGTH)
        return true
      }
    }
    // Padding is read by being there.
    if (length > count) this.read(length - count)
    if (ended) this.inputEnded = true
    if (this.paused || this.input !== undefined) {
      if (count > 0) (this.input ??= new Pieces()).add(bytes, start, end)
      this.endWaits = ended
    } else this.deliver(bytes, start, end, ended)
    return true
  }
  /** Trailers, which were checked, end the request. */
  endOfInput(): void {
    this.inputEnded = true
    if (this.announced > 0) this.malformed(F.BAD_CONTENT_LENGTH)
    else if (this.paused || this.input !== undefined) this.endWaits = true
    else this.deliver(NOTHING, 0, 0, true)
  }

  private deliver(bytes: Buffer, start: number, end: number, ended: boolean): void {
    const { client } = this
    if (this.chunked) {
      const length = this.asChunk(bytes, start, end, ended)
      if (length > 0) client.received(length, CHUNK)
    } else {
      if (end > start) client.received(end - start, start === 0 ? bytes : bytes.subarray(start, end))
      if (ended && client.state === TUNNEL) client.ended()
    }
    if (end > start) this.read(end - start)
    if (ended) this.session.closeIfOver(this)
  }
  private asChunk(bytes: Buffer, start: number, end: number, ended: boolean): number {
    let length = 0
    if (end > start) {
      length = CHUNK.write(`${(end - start).toString(16)}\r\n`, 0, 'latin1')
      bytes.copy(CHUNK, length, start, end)
      length += end - start
      CHUNK[length++] = 13
      CHUNK[length++] = 10
    }
    if (ended) length += LAST_CHUNK.copy(CHUNK, length)
    return length
  }
  /** So much was read: the client may send as much again, and is told so when it is worth a frame. */
  private read(count: number): void {
    this.session.credit(count)
    if (this.inputEnded || this.isOver) return
    this.owed += count
    if (this.owed < STREAM_WINDOW_BYTES / 2) return
    this.session.tellWindow(this.id, this.owed)
    this.receiveWindow += this.owed
    this.owed = 0
  }

  get stalled(): boolean {
    return this.session.reading.isStalled
  }
  /** As few as let a client read on: it has a hundred streams, and may read none. */
  get waitingBytesMax(): number {
    return this.session.output.waiting > SESSION_WAITING_BYTES_MAX ? 0 : STREAM_WAITING_BYTES_MAX
  }
  get writableLength(): number {
    return this.waits.bytes
  }
  write(octets: Buffer): void {
    if (this.isOver || this.isRefused || this.ends) return
    const { output } = this.session
    let at = 0
    // Heads are written whole; informational ones come before the one that counts.
    while (this.headPending && at < octets.length) {
      const status = statusAt(octets, at)
      at = output.head(this, octets, at)
      this.headPending = status < 200 && status !== 101
    }
    if (this.waits.isEmpty) at = output.body(this, octets, at)
    if (at === octets.length) return
    if (output.waiting > SESSION_HELD_BYTES_MAX) this.reset(T.ENHANCE_YOUR_CALM)
    else this.keep(octets, at)
  }
  private keep(octets: Buffer, from: number): void {
    const { session } = this
    this.waits.add(octets, from, octets.length)
    session.output.waiting += octets.length - from
    session.reading.waits(this)
    session.output.queue(this)
  }
  /** What waits longest. */
  nextQueued(): Buffer {
    return this.waits.first
  }
  /** So many octets of it have left. */
  left(count: number): void {
    const { session, waits } = this
    if (count === 0) return
    const before = waits.bytes
    waits.advance(count)
    session.output.waiting -= count
    if (waits.isEmpty) session.reading.goesOn(this)
    else session.reading.moves()
    if (waits.isEmpty && this.ends) this.finish()
    // Half of what may wait: nobody waits for the last octet before the next are fetched.
    const half = STREAM_WAITING_BYTES_MAX / 2
    if (waits.isEmpty || (before > half && waits.bytes <= half)) this.session.tell(this, drained)
  }

  /** What is told behind the body, names and values in turn: sent once the body has left. */
  tellLast(fields: readonly string[]): void {
    this.trailers = fields
  }
  end(sent?: () => void): void {
    if (this.ends || this.isOver) return
    this.ends = true
    this.sent = sent
    if (this.isRefused) {
      this.reset(T.PROTOCOL_ERROR)
      this.session.input.strike()
    } else if (this.headPending) this.reset(T.INTERNAL_ERROR)
    else if (this.waits.isEmpty) this.finish()
  }
  private finish(): void {
    this.session.output.end(this, this.trailers)
    this.outputEnded = true
    if (this.sent !== undefined) this.session.tell(this, this.sent)
    this.session.closeIfOver(this)
  }
  destroySoon(): void {
    this.end()
  }
  /** RFC 9113 8.1: behind a whole response the client is asked, without error, to send no more; one that began is seen broken, never short. */
  destroy(): void {
    this.reset(this.outputEnded ? T.NO_ERROR : T.INTERNAL_ERROR)
  }
  private reset(error: number): void {
    if (!this.isOver) this.session.reset(this, error)
  }
  /** The stream is closed, whoever closed it: nothing of what waits is anybody's. `byUs`: its client might still have read it. */
  over(byUs: boolean): void {
    if (this.isOver) return
    this.isOver = true
    const { session } = this
    session.reading.isOver(this, this.outputEnded, byUs)
    session.output.forget(this)
    this.waits.clear()
    const unread = this.input?.bytes ?? 0
    this.input = undefined
    if (unread > 0) session.credit(unread)
  }

  pause(): void {
    this.paused = true
  }
  /** What came in the meantime is told later, as a socket does. */
  resume(): void {
    if (!this.paused) return
    this.paused = false
    if (this.input !== undefined || this.endWaits) this.session.tell(this, goesOn)
  }
  isPaused(): boolean {
    return this.paused
  }
  /** Tells what came while it was paused, as far as it is not paused again. */
  goOn(): void {
    const { input } = this
    while (input !== undefined && !input.isEmpty && !this.paused && !this.isOver) {
      const octets = input.first
      input.advance(octets.length)
      const isLast = input.isEmpty && this.endWaits
      if (isLast) this.endWaits = false
      this.deliver(octets, 0, octets.length, isLast)
    }
    if (this.paused || this.isOver) return
    this.input = undefined
    if (!this.endWaits) return
    this.endWaits = false
    this.deliver(NOTHING, 0, 0, true)
  }
}
const NOTHING = Buffer.alloc(0)
/** What a stream is told in its session's turn. */
export type Told = (this: void, stream: ClientStream) => void
const drained: Told = ({ client }) => client.drained()
const goesOn: Told = (stream) => stream.goOn()
