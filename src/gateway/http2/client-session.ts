// One HTTP/2 connection of a client: a request for each of its streams, all of them judged alone.
import { constants, performServerHandshake, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import { requestOfStream } from '../../http/stream-request.ts'
import type { ClientOrigin } from '../callers/client-origin.ts'
import { ClientConnection } from '../clients/client-connection.ts'
import type { Gateway } from '../gateway.ts'
import { websocketNonce } from '../websocket/websocket.ts'
import { ClientStream } from './client-stream.ts'
import { SESSION_WINDOW_BYTES, sessionOptions } from './guards.ts'
import { Reading } from './reading.ts'

const { NGHTTP2_FLAG_END_STREAM, NGHTTP2_INTERNAL_ERROR } = constants

/** How long a connection that was told to go away may stay without a stream. */
const LINGER_MS = 2000

export class ClientSession {
  readonly session: ServerHttp2Session
  /** When the sweep acts: nothing has been asked for too long, or the client does not go away. */
  deadlineMs: number
  private readonly socket: Socket
  private readonly reading: Reading
  private ending = false
  private readonly gateway: Gateway
  private readonly origin: ClientOrigin
  streams = 0

  constructor(gateway: Gateway, socket: Socket, origin: ClientOrigin) {
    this.gateway = gateway
    this.socket = socket
    this.origin = origin
    this.reading = new Reading(gateway)
    this.deadlineMs = gateway.coarseMs + gateway.settings.timeouts.headMs
    this.session = performServerHandshake(socket as never, sessionOptions(gateway.settings.limits))
    this.session.on('stream', (stream, _headers, flags, fields) => {
      stream.on('error', ignore)
      try {
        // Reset already, in the same octets that brought it: nobody asks any more.
        if (!stream.closed) this.asked(stream as ServerHttp2Stream, flags, fields as unknown as string[])
      } catch (cause) {
        gateway.report(cause)
        stream.close(NGHTTP2_INTERNAL_ERROR)
      }
    })
    this.session.on('error', () => gateway.countCode('connection.http2-error'))
    this.session.on('close', () => gateway.forgetSession(this))
    // Sockets stay half open for HTTP/1.1. HTTP/2 knows no such connection: nobody is there to read an answer, and under TLS nobody else would notice.
    socket.on('end', () => this.destroy())
    this.session.setLocalWindowSize(SESSION_WINDOW_BYTES)
  }

  private asked(stream: ServerHttp2Stream, flags: number, fields: string[]): void {
    const { gateway, origin } = this
    const ended = (flags & NGHTTP2_FLAG_END_STREAM) !== 0
    const message = requestOfStream(fields, { scheme: origin.entrance.scheme, ended, websocketKey: websocketNonce })
    const wire = new ClientStream(stream, typeof message !== 'number' && message.chunked, this.reading)
    const client = new ClientConnection(gateway, wire, origin)
    wire.client = client
    this.streams++
    this.deadlineMs = Number.POSITIVE_INFINITY
    stream.once('close', () => this.answered())
    gateway.take(client)
    if (typeof message === 'number') client.misread(message)
    else client.received(message.head.length, message.head)
  }
  private answered(): void {
    if (--this.streams === 0) this.deadlineMs = this.gateway.coarseMs + (this.ending ? LINGER_MS : this.gateway.settings.timeouts.idleMs)
  }

  /** The sweep found the deadline passed. The library itself waits for ever for a client that it told to go away. */
  expire(): void {
    if (this.ending) this.destroy()
    else this.end()
  }
  /** Takes no further stream and ends once those that are open are answered (RFC 9113 6.8). */
  end(): void {
    this.ending = true
    this.deadlineMs = this.streams === 0 ? this.gateway.coarseMs + LINGER_MS : Number.POSITIVE_INFINITY
    this.session.close()
  }
  destroy(): void {
    this.session.destroy()
    this.socket.destroy()
  }
}
/** A close follows. */
const ignore = (): void => {}
