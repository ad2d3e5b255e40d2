// What goes out on one HTTP/2 connection: frames are put together and sent in one go, and bodies take turns as far as the client's windows allow.
import type { Socket } from 'node:net'
import * as F from '../../http/frames/frame-faults.ts'
import * as T from '../../http/frames/frame-types.ts'
import { beginHeaders, endHeaders, patchEndStream, putData } from '../../http/frames/frame-writer.ts'
import { putNoTable } from '../../http/hpack/encoder.ts'
import { putResponseBlock, putTrailerBlock } from '../../http/stream-response.ts'
import { Output } from '../output.ts'
import type { ClientStream } from './client-stream.ts'
import { BATCH_BYTES_MAX, SOCKET_BYTES_MAX, UNREAD_BYTES_MAX } from './guards.ts'

const OUTPUT_BYTES = 32 * 1024
/** A frame that a window made smaller than this is no honest one. */
const WORTH_BYTES = 1024
/** Outputs that nobody uses now: a connection holds one only while it has something to send. */
const spares: Output[] = []
const SPARES_MAX = 16

export class SessionOutput {
  /** Octets of all bodies that wait for a window or for the socket. */
  waiting = 0
  /** Frames of one batch are still in our hands. */
  private batch = 0
  private output: Output | undefined
  private readonly socket: Socket
  private readonly stir: () => void
  private window = T.FIRST_WINDOW
  /** The client's SETTINGS_INITIAL_WINDOW_SIZE. */
  private streamWindow = T.FIRST_WINDOW
  /** Streams whose bodies wait, and whose own window is open, in turn. */
  private readonly ready: ClientStream[] = []
  private saidNoTable = false

  /** `stir` is told that there is something to send. */
  constructor(socket: Socket, stir: () => void) {
    this.socket = socket
    this.stir = stir
  }

  get firstWindow(): number {
    return this.streamWindow
  }
  /** Frames for it; they leave with the next `flush`. */
  get frames(): Output {
    if (this.output === undefined) {
      this.output = spares.pop() ?? new Output(OUTPUT_BYTES)
      this.stir()
    }
    return this.output
  }
  /** Its client does not take what it was sent: nothing more is read of it. */
  get isUnread(): boolean {
    return this.socket.writableLength > UNREAD_BYTES_MAX
  }
  /** Octets that were put together and not sent. */
  get size(): number {
    return this.output?.size ?? 0
  }

  /** Writes the head that begins at `from`; answers where it ends. */
  head(stream: ClientStream, octets: Buffer, from: number): number {
    const out = this.frames
    this.mark(stream, beginHeaders(out, stream.id, 0))
    this.sayNoTable(out)
    const end = putResponseBlock(out, octets, from)
    endHeaders(out, stream.lastFrame, stream.id)
    return end
  }
  /** Writes what may be written now of a body; answers where it stopped. */
  body(stream: ClientStream, octets: Buffer, from: number): number {
    let p = from
    // Whoever waits already comes first.
    while (p < octets.length && this.ready.length === 0 && this.size < BATCH_BYTES_MAX && this.socket.writableLength <= SOCKET_BYTES_MAX) {
      const next = this.data(stream, octets, p, octets.length)
      if (next === p) break
      p = next
    }
    return p
  }
  /** The stream has said all: in its last frame, as long as that has not left. */
  end(stream: ClientStream, trailers: readonly string[]): void {
    const out = this.frames
    if (trailers.length > 0) {
      const begin = beginHeaders(out, stream.id, T.END_STREAM)
      this.sayNoTable(out)
      putTrailerBlock(out, trailers)
      endHeaders(out, begin, stream.id)
    } else if (stream.lastBatch === this.batch) patchEndStream(out, stream.lastFrame)
    else putData(out, stream.id, NOTHING, 0, 0, T.END_STREAM)
  }
  /** Something of its body waits. */
  queue(stream: ClientStream): void {
    if (stream.isQueued || stream.sendWindow <= 0) return
    stream.isQueued = true
    this.ready.push(stream)
    this.stir()
  }

  /** It is over: nothing of it waits, and a turn that never comes would keep all of it. */
  forget(stream: ClientStream): void {
    this.waiting -= stream.writableLength
    if (!stream.isQueued) return
    stream.isQueued = false
    this.ready.splice(this.ready.indexOf(stream), 1)
  }

  private sayNoTable(out: Output): void {
    if (this.saidNoTable) return
    this.saidNoTable = true
    putNoTable(out)
  }
  private mark(stream: ClientStream, begin: number): void {
    stream.lastFrame = begin
    stream.lastBatch = this.batch
  }
  private data(stream: ClientStream, octets: Buffer, from: number, to: number): number {
    const length = Math.min(to - from, T.FRAME_BYTES_MAX, this.window, stream.sendWindow)
    if (length <= 0) return from
    const out = this.frames
    this.mark(stream, out.size)
    putData(out, stream.id, octets, from, from + length, 0)
    this.window -= length
    stream.sendWindow -= length
    // CVE-2019-9511: a window that is opened octet by octet earns nothing.
    if (length >= WORTH_BYTES || length === to - from) stream.session.input.earnByData()
    return from + length
  }

  /** RFC 9113 6.9. False when the window would pass what a window may be. */
  widen(increment: number): boolean {
    this.window += increment
    this.stir()
    return this.window <= T.WINDOW_MAX
  }
  widenStream(stream: ClientStream, increment: number): boolean {
    stream.sendWindow += increment
    if (stream.writableLength > 0) this.queue(stream)
    return stream.sendWindow <= T.WINDOW_MAX
  }
  /** RFC 9113 6.9.2: what is open changes with it, below nothing if need be. Answers 0, or the fault. */
  changeFirstWindow(bytes: number, streams: Iterable<ClientStream>): number {
    const more = bytes - this.streamWindow
    this.streamWindow = bytes
    for (const stream of streams) if (!this.widenStream(stream, more)) return F.WINDOW_OVERFLOW
    return 0
  }

  /** Sends all that may be sent now. */
  flush(): void {
    for (;;) {
      this.fill()
      const { output } = this
      if (output === undefined) return
      this.output = undefined
      this.batch++
      const isSent = output.size > 0
      if (isSent) output.send(this.socket)
      if (spares.length < SPARES_MAX) spares.push(output)
      if (!isSent) return
    }
  }
  /** One frame of each body in turn. */
  private fill(): void {
    const { ready } = this
    while (ready.length > 0 && this.window > 0 && this.size < BATCH_BYTES_MAX && this.socket.writableLength <= SOCKET_BYTES_MAX) {
      const stream = ready.shift()!
      stream.isQueued = false
      if (stream.writableLength === 0 || stream.sendWindow <= 0) continue
      const octets = stream.nextQueued()
      stream.left(this.data(stream, octets, 0, octets.length))
      if (stream.writableLength > 0) this.queue(stream)
    }
  }
}
const NOTHING = Buffer.alloc(0)
