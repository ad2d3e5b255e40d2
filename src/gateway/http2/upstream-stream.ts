// One stream to an upstream, as the wire of one request and its response.
import { type ClientHttp2Stream, constants } from 'node:http2'
import { ChunkedReader } from '../../http/chunked-reader.ts'
import { requestForStream, responseOfStream, trailersOfStream } from '../../http/stream-forms.ts'
import type { UpstreamConnection } from '../upstreams/upstream-connection.ts'
import type { UpstreamWire } from '../wire.ts'
import { breakOff, hasEnded, watchEnd } from './breaking-off.ts'
import { guarded, listening } from './guarded-events.ts'
import type { UpstreamSession } from './upstream-session.ts'

const { NGHTTP2_CANCEL, NGHTTP2_FLAG_END_STREAM, NGHTTP2_REFUSED_STREAM } = constants
/** What a stream is closed with that the upstream did not act upon (RFC 9113 8.7), or whose connection is gone. */
const NO_ANSWER: ReadonlySet<number> = new Set([NGHTTP2_REFUSED_STREAM, NGHTTP2_CANCEL])

export class UpstreamStream implements UpstreamWire {
  /** A stream always answers later, as TLS does. */
  readonly encrypted = true
  readonly marksEnd = true
  connection!: UpstreamConnection
  private readonly owner: UpstreamSession
  private stream: ClientHttp2Stream | undefined
  private chunks: ChunkedReader | undefined
  private remaining = 0
  private isOver = false
  /** The response is whole. */
  private answered = false

  /** `owner.over` is called once, when the stream has closed or never will be opened. */
  constructor(owner: UpstreamSession) {
    this.owner = owner
  }

  /** The head is written whole, alone or with some of the body behind it. */
  write(octets: Buffer): void {
    if (this.isOver) return
    if (this.stream !== undefined) {
      this.writeBody(octets, 0)
      return
    }
    const { fields, end, chunked, length } = requestForStream(octets, this.owner.scheme)
    this.remaining = length
    if (chunked) this.chunks = new ChunkedReader()
    const ends = !chunked && length === 0
    try {
      this.stream = this.owner.session.request(fields as never, { endStream: ends })
    } catch {
      // The session is on its way out: nothing was sent.
      this.closeSoon()
      return
    }
    watchEnd(this.stream)
    listen(this.stream, this)
    if (!ends && end < octets.length) this.writeBody(octets, end)
  }
  failed(cause: unknown): void {
    this.connection.broke(cause)
  }
  private closeSoon(): void {
    queueMicrotask(() => guarded(this, close))
  }
  close(): void {
    if (this.isOver) return
    this.isOver = true
    // Whatever else ended the stream was an answer of a kind: it is not asked for again.
    if (this.stream !== undefined && !this.owner.lost && !NO_ANSWER.has(this.stream.rstCode ?? 0)) this.connection.answered = true
    this.owner.over(this)
    this.connection.closed()
  }

  head(fields: readonly string[], flags: number): void {
    const head = responseOfStream(fields)
    // What is malformed goes no further (RFC 9113 8.1.1): the reader is given what no reader takes.
    const octets = typeof head === 'number' ? MALFORMED : head
    this.connection.received(octets, octets.length)
    // Told at once: what has no body is passed on as that.
    if ((flags & NGHTTP2_FLAG_END_STREAM) !== 0) this.ended()
  }
  endOfInput(): void {
    if (hasEnded(this.stream!)) this.ended()
  }
  private ended(): void {
    if (this.answered) return
    this.answered = true
    this.connection.ended()
  }

  private writeBody(octets: Buffer, from: number): void {
    const stream = this.stream!
    if (this.chunks === undefined) {
      this.remaining -= octets.length - from
      stream.write(octets.subarray(from))
      if (this.remaining === 0) stream.end()
      return
    }
    for (let p = from; p < octets.length && !this.chunks.done; ) {
      p = this.chunks.step(octets, p, octets.length)
      if (p < 0) throw new RangeError('chunks of our own that cannot be read')
      const { dataStart, dataEnd } = this.chunks
      if (dataEnd > dataStart) stream.write(octets.subarray(dataStart, dataEnd))
    }
    if (this.chunks.done) stream.end()
  }

  get writableLength(): number {
    return this.stream?.writableLength ?? 0
  }
  get destroyed(): boolean {
    return this.isOver || this.stream?.destroyed === true
  }
  /** A stream carries one request. */
  get writable(): boolean {
    return this.stream === undefined && !this.isOver
  }
  get readableEnded(): boolean {
    return this.stream?.readableEnded ?? false
  }
  pause(): void {
    this.stream?.pause()
  }
  resume(): void {
    this.stream?.resume()
  }
  isPaused(): boolean {
    return this.stream?.isPaused() ?? false
  }
  end(): void {
    this.stream?.end()
  }
  destroySoon(): void {
    this.destroy()
  }
  /** Nobody waits for this response any more, or it is whole. */
  destroy(): void {
    const { stream } = this
    if (stream === undefined) this.closeSoon()
    // What is over on both sides closes by itself: a reset for each response would look like an attack.
    else if (!stream.closed && !(this.answered && stream.writableEnded)) {
      if (!this.answered) this.owner.doubt()
      breakOff(stream, NGHTTP2_CANCEL)
    }
  }
}
const close = (wire: UpstreamStream): void => wire.close()
const head = (wire: UpstreamStream, _headers: unknown, flags: number, fields: readonly string[]): void => wire.head(fields, flags)
const listen = listening<UpstreamStream>({
  headers: head,
  response: head,
  data: ({ connection }, octets: Buffer) => connection.received(octets, octets.length),
  trailers: ({ connection }, _headers: unknown, _flags: number, fields: readonly string[]) => connection.trailers(trailersOfStream(fields)),
  end: (wire) => wire.endOfInput(),
  drain: ({ connection }) => connection.drained(),
  close,
  // A close follows.
  error: () => {},
})
const MALFORMED = Buffer.from('malformed\r\n\r\n')
