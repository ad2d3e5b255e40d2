// One stream of a client's HTTP/2 connection, as the wire of one request and its response.
import type { OutgoingHttpHeaders } from 'node:http'
import { constants, type ServerHttp2Stream } from 'node:http2'
import { responseForStream } from '../../http/stream-forms.ts'
import type { ClientConnection } from '../clients/client-connection.ts'
import { TUNNEL } from '../clients/client-state.ts'
import type { Wire } from '../wire.ts'
import { breakOff } from './breaking-off.ts'
import { guarded, listening } from './guarded-events.ts'
import type { Reading } from './reading.ts'

const { NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants
const LAST_CHUNK = Buffer.from('0\r\n\r\n')
const CRLF = Buffer.from('\r\n')

const HEAD = 0
const BODY = 1
const ENDED = 2

export class ClientStream implements Wire {
  /** A stream always answers later, as TLS does. */
  readonly encrypted = true
  /** As few as the library tells of when they have left: a client has a hundred streams, and may read none. */
  readonly waitingBytesMax: number
  client!: ClientConnection
  private readonly stream: ServerHttp2Stream
  private readonly reading: Reading
  /** The body comes in chunks to whoever reads the message. */
  private readonly chunked: boolean
  private state = HEAD
  private trailers: OutgoingHttpHeaders = {}
  private awaitsTrailers = false
  private brokenOff = false
  /** The head of the response, as long as it is kept back. */
  private fields: readonly string[] | undefined

  constructor(stream: ServerHttp2Stream, chunked: boolean, reading: Reading) {
    this.stream = stream
    this.reading = reading
    this.waitingBytesMax = stream.writableHighWaterMark
    this.chunked = chunked
    listen(stream, this)
  }

  failed(cause: unknown): void {
    this.client.gateway.report(cause)
    this.destroy()
  }

  closed(): void {
    this.reading.isOver(this, this.stream.writableFinished, this.brokenOff)
    this.client.closed()
  }
  ended(): void {
    // A reset without an error ends the stream too: what came of the body is not all of it.
    if (this.stream.closed) return
    if (this.chunked) this.client.received(LAST_CHUNK.length, LAST_CHUNK)
    else if (this.client.state === TUNNEL) this.client.ended()
  }
  received(octets: Buffer): void {
    const message = this.chunked ? Buffer.concat([Buffer.from(`${octets.length.toString(16)}\r\n`), octets, CRLF]) : octets
    this.client.received(message.length, message)
  }

  private readonly left = (failed?: Error | null): void => {
    if (!failed && this.stream.writableLength === 0) this.reading.goesOn(this)
  }
  get stalled(): boolean {
    return this.reading.isStalled
  }
  get writableLength(): number {
    return this.stream.writableLength
  }
  write(octets: Buffer): void {
    let at = 0
    // Heads are written whole; informational ones come before the one that counts.
    while (this.state === HEAD && at < octets.length) {
      const { status, fields, end } = responseForStream(octets, at)
      at = end
      if (status >= 200 || status === 101) this.begin(fields)
      else if (!this.stream.closed) this.stream.additionalHeaders(together(fields))
    }
    if (at === octets.length) return
    this.respond(false)
    // Without a head of ours the library would make one up.
    if (!this.stream.headersSent || !this.stream.writable) return
    this.reading.waits(this)
    this.stream.write(at === 0 ? octets : octets.subarray(at), this.left)
  }
  /** Kept back for an instant: a response without a body is told to end in its head (which is how gRPC tells a failure). */
  private begin(fields: readonly string[]): void {
    this.state = BODY
    this.fields = fields
    queueMicrotask(() => guarded(this, respond))
  }
  respond(endStream: boolean): void {
    const { stream, fields } = this
    this.fields = undefined
    if (fields !== undefined && !stream.destroyed && !stream.closed)
      stream.respond(fields as never, { endStream, waitForTrailers: this.awaitsTrailers && !endStream })
  }

  /** Something may be told behind the body: said before the response begins. */
  awaitTrailers(): void {
    this.awaitsTrailers = true
  }
  /** What is told behind the body, names and values in turn: sent once the body has left. */
  tellLast(fields: readonly string[]): void {
    this.trailers = together(fields)
  }
  sendTrailers(): void {
    if (!this.stream.closed) this.stream.sendTrailers(this.trailers)
  }

  pause(): void {
    this.stream.pause()
  }
  resume(): void {
    this.stream.resume()
  }
  isPaused(): boolean {
    return this.stream.isPaused()
  }

  end(sent?: () => void): void {
    if (this.state === ENDED) return
    this.state = ENDED
    this.respond(Object.keys(this.trailers).length === 0)
    // A callback of `end` itself would be called with an error, made for each stream, where the other side closed first.
    if (sent !== undefined) this.stream.once('finish', sent)
    this.stream.end()
  }
  destroySoon(): void {
    this.end()
  }
  /** RFC 9113 8.1: behind a whole response the client is asked, without error, to send no more; one that began is seen broken, never short. */
  destroy(): void {
    this.brokenOff = true
    breakOff(this.stream, this.state === ENDED && this.stream.writableFinished ? NGHTTP2_NO_ERROR : NGHTTP2_INTERNAL_ERROR)
  }
}

const respond = (wire: ClientStream): void => wire.respond(false)
const listen = listening<ClientStream>({
  data: (wire, octets: Buffer) => wire.received(octets),
  end: (wire) => wire.ended(),
  drain: (wire) => wire.client.drained(),
  wantTrailers: (wire) => wire.sendTrailers(),
  close: (wire) => wire.closed(),
})

/** Fields of one name together, as the library wants them. */
function together(fields: readonly string[]): OutgoingHttpHeaders {
  const all: Record<string, string[]> = Object.create(null)
  for (let i = 0; i < fields.length; i += 2) (all[fields[i]!] ??= []).push(fields[i + 1]!)
  return all
}
