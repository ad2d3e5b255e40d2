// One HTTP/2 connection of a client: a request for each of its streams, all of them judged alone.
import type { Socket } from 'node:net'
import { HEAD_TOO_LARGE } from '../../http/faults.ts'
import * as F from '../../http/frames/frame-faults.ts'
import * as T from '../../http/frames/frame-types.ts'
import { putGoaway, putPing, putReset, putSettings, putSettingsAck, putWindowUpdate } from '../../http/frames/frame-writer.ts'
import { StreamRequest, type StreamRequestTerms } from '../../http/stream-request.ts'
import type { ClientOrigin } from '../callers/client-origin.ts'
import { ClientConnection } from '../clients/client-connection.ts'
import { readInto } from '../clients/read-buffer.ts'
import type { Gateway } from '../gateway.ts'
import { websocketNonce } from '../websocket/websocket.ts'
import { ClientStream, type Told } from './client-stream.ts'
import { BATCH_BYTES_MAX, SESSION_TAKES_BYTES_MAX, SESSION_WINDOW_BYTES, settingsOf } from './guards.ts'
import { Reading } from './reading.ts'
import { SECTION, SessionInput } from './session-input.ts'
import { SessionOutput } from './session-output.ts'

/** How long a connection that was told to go away may stay, and how much of it is still read so that it gets to know why. */
const LINGER_MS = 2000
const LINGER_BYTES_MAX = 1024 * 1024
/** How long a client that is asked whether it knows that we go is waited for. */
const PARTING_MS = 1000
const PARTING = Buffer.from('parting ')

/** The request that was read last: all connections of a thread share it. */
const request = new StreamRequest()
type SessionSocket = Socket & { [SESSION]: ClientSession }
const SESSION = Symbol('session')

export class ClientSession {
  readonly gateway: Gateway
  readonly streams = new Map<number, ClientStream>()
  readonly reading: Reading
  readonly input: SessionInput
  readonly output: SessionOutput
  private readonly socket: Socket
  private readonly origin: ClientOrigin
  private readonly terms: StreamRequestTerms
  /** When the sweep acts: nothing has been asked for too long, or the client does not go away. */
  private deadlineMs: number
  private readonly bornMs: number
  /** What streams are told, and which have closed, once what is under way is done: nothing of theirs runs inside of something else of theirs. */
  private told: [stream: ClientStream, what: Told][] = []
  private gone: ClientStream[] = []
  private isBusy = false
  private isStirred = false
  /** What was read while its client takes nothing, and since when. */
  private held: Buffer | undefined
  private heldSinceMs = 0
  /** Octets of the bodies that were read, and not told to the client yet. */
  private owed = 0
  private isEnding = false
  /** It knows which stream is the last that we take up. */
  private knowsLast = false
  /** Nothing is taken any more. */
  private isOver = false
  private lingered = 0

  constructor(gateway: Gateway, socket: Socket, origin: ClientOrigin) {
    this.gateway = gateway
    this.socket = socket
    this.origin = origin
    this.terms = { scheme: origin.entrance.scheme, websocketKey: websocketNonce }
    this.reading = new Reading(gateway)
    this.input = new SessionInput(this)
    this.output = new SessionOutput(socket, () => this.stir())
    this.bornMs = gateway.coarseMs
    this.deadlineMs = gateway.coarseMs + gateway.settings.timeouts.headMs
    const own = socket as SessionSocket
    own[SESSION] = this
    own.on('drain', onDrain)
    own.on('end', onEnd)
    own.on('error', onError)
    own.on('close', onClose)
    putSettings(this.output.frames, settingsOf(gateway.settings.limits.headBytes))
    putWindowUpdate(this.output.frames, 0, SESSION_WINDOW_BYTES - T.FIRST_WINDOW)
    readInto(own, onRead)
  }

  /** Takes `bytes[0, count)`, which hold only until it returns. */
  received(count: number, bytes: Buffer): void {
    if (this.isOver) {
      this.lingered += count
      if (this.lingered > LINGER_BYTES_MAX) this.socket.destroy()
      return
    }
    this.busy(() => this.read(bytes, count))
  }
  private read(bytes: Buffer, count: number): void {
    let p = 0
    // What waits comes first.
    if (this.held !== undefined) {
      this.held = Buffer.concat([this.held, bytes.subarray(0, count)])
      return
    }
    while (p < count && !this.isOver) {
      if (this.output.size > BATCH_BYTES_MAX) this.output.flush()
      if (this.output.isUnread) {
        this.held = Buffer.from(bytes.subarray(p, count))
        this.heldSinceMs = this.gateway.coarseMs
        this.socket.pause()
        return
      }
      p = this.input.step(bytes, p, count)
    }
  }
  drained(): void {
    this.busy(() => {
      this.output.flush()
      const { held } = this
      if (held === undefined || this.output.isUnread) return
      this.held = undefined
      this.read(held, held.length)
      if (this.held === undefined) this.socket.resume()
    })
  }

  /** Does it, tells streams what they are to know, and sends what there is. What breaks ends this connection, and no other. */
  private busy(act: () => void): void {
    if (this.isBusy) return
    this.isBusy = true
    try {
      act()
      this.settle()
    } catch (cause) {
      this.gateway.report(cause)
      this.destroy()
    } finally {
      this.isBusy = false
    }
    if (this.gone.length > 0) this.stir()
  }
  private settle(): void {
    for (;;) {
      const { told, gone } = this
      if (told.length > 0) {
        this.told = []
        for (const [stream, what] of told) if (!stream.isOver) this.guarded(stream, what)
      } else if (gone.length > 0) {
        this.gone = []
        for (const stream of gone) this.guarded(stream, closed)
      } else {
        // What leaves makes room: whoever waited for that is told in the same breath.
        this.output.flush()
        if (this.told.length === 0 && this.gone.length === 0) return
      }
    }
  }
  /** What breaks in one stream's hands is that stream's. */
  private guarded(stream: ClientStream, what: Told): void {
    try {
      what(stream)
    } catch (cause) {
      this.gateway.report(cause)
      stream.destroy()
    }
  }
  /** There is something to send or to tell: at the end of what is under way, or once all that came in this turn of the event loop is read. */
  private stir(): void {
    if (this.isBusy || this.isStirred) return
    this.isStirred = true
    this.gateway.sessions.stir(this)
  }
  /** Once the turn is over. */
  turn(): void {
    this.isStirred = false
    this.busy(nothing)
  }
  tell(stream: ClientStream, what: Told): void {
    this.told.push([stream, what])
    this.stir()
  }

  /** A request came on a new stream; its fields are in the section. */
  asked(id: number, ended: boolean): void {
    const { gateway, origin } = this
    if (this.output.waiting > SESSION_TAKES_BYTES_MAX) {
      this.refuseStream(id)
      return
    }
    const stream = new ClientStream(this, id, this.output.firstWindow, ended)
    const client = new ClientConnection(gateway, stream, origin)
    stream.client = client
    this.streams.set(id, stream)
    if (!this.isEnding) this.deadlineMs = Number.POSITIVE_INFINITY
    gateway.take(client)
    // RFC 9113 10.5.1.
    const fault = SECTION.isTooLarge ? HEAD_TOO_LARGE : request.read(SECTION, ended, this.terms)
    if (fault === 0) {
      stream.begins(request.chunked, request.contentLength)
      client.received(request.length, request.bytes)
    } else if (request.isStreamError && !SECTION.isTooLarge) stream.refuse(fault)
    else client.misread(fault)
  }
  /** A stream that was not taken up (RFC 9113 8.7). */
  refuseStream(id: number): void {
    putReset(this.output.frames, id, T.REFUSED_STREAM)
    this.input.remember(id)
    this.input.strike()
  }
  get takesNoMore(): boolean {
    return this.knowsLast
  }

  /** So many octets of bodies were read: told when it is worth a frame. */
  credit(count: number): void {
    this.owed += count
    if (this.owed < SESSION_WINDOW_BYTES / 2 || this.isOver) return
    this.tellWindow(0, this.owed)
    this.input.widen(this.owed)
    this.owed = 0
  }
  tellWindow(stream: number, count: number): void {
    putWindowUpdate(this.output.frames, stream, count)
  }
  acknowledge(): void {
    putSettingsAck(this.output.frames)
  }
  pong(bytes: Buffer, start: number): void {
    putPing(this.output.frames, T.ACK, bytes, start)
  }
  /** False when it answers what was not asked. */
  pinged(bytes: Buffer, start: number): boolean {
    if (!this.isEnding || PARTING.compare(bytes, start, start + PARTING.length) !== 0) return false
    this.part()
    return true
  }

  reset(stream: ClientStream, error: number): void {
    putReset(this.output.frames, stream.id, error)
    if (!stream.inputEnded) this.input.remember(stream.id)
    this.drop(stream, true)
  }
  /** Its client reset it. */
  gaveUp(stream: ClientStream): void {
    this.drop(stream, false)
  }
  /** Both sides have said all. */
  closeIfOver(stream: ClientStream): void {
    if (stream.inputEnded && stream.outputEnded && !stream.isOver) this.drop(stream, false)
  }
  private drop(stream: ClientStream, byUs: boolean): void {
    this.streams.delete(stream.id)
    stream.over(byUs)
    this.gone.push(stream)
    this.stir()
    if (this.streams.size > 0) return
    this.deadlineMs = this.gateway.coarseMs + this.gateway.settings.timeouts.idleMs
    if (this.isEnding) this.part()
  }

  /** The client said GOAWAY. One that leaves in error takes nothing any more. */
  left(inOrder: boolean): void {
    if (inOrder) this.end()
    else this.leave(T.NO_ERROR, '')
  }
  /** Whatever is wrong with the frames of a connection ends it (RFC 9113 5.4.1). */
  fail(fault: number): void {
    if (this.isOver) return
    this.gateway.countCode('connection.http2-error')
    const { error, reason } = F.frameFault(fault)
    this.leave(error, reason)
  }
  private leave(error: number, reason: string): void {
    if (this.isOver) return
    putGoaway(this.output.frames, this.input.lastStream, error, reason)
    this.knowsLast = true
    for (const stream of this.streams.values()) this.drop(stream, true)
    this.close()
  }
  /** Our side ends once all has left; the other is read on a little, for a reset would take the last word away from the client. */
  private close(): void {
    if (this.isOver) return
    this.isOver = true
    this.held = undefined
    this.output.flush()
    this.socket.end()
    this.socket.resume()
    this.deadlineMs = this.gateway.coarseMs + LINGER_MS
  }

  /** Takes no further stream and ends once those that are open are answered (RFC 9113 6.8). Whoever asks for something just now is still served. */
  end(): void {
    if (this.isEnding || this.isOver) return
    this.isEnding = true
    if (this.streams.size === 0) {
      this.part()
      return
    }
    putGoaway(this.output.frames, T.WINDOW_MAX, T.NO_ERROR, '')
    putPing(this.output.frames, 0, PARTING, 0)
    this.deadlineMs = this.gateway.coarseMs + PARTING_MS
  }
  /** What the client asks for from now on it asks for knowing that it is not taken up. */
  private part(): void {
    if (this.isOver) return
    if (!this.knowsLast) {
      this.knowsLast = true
      this.deadlineMs = Number.POSITIVE_INFINITY
      putGoaway(this.output.frames, this.input.lastStream, T.NO_ERROR, '')
    }
    if (this.streams.size === 0) this.close()
  }
  destroy(): void {
    this.isOver = true
    for (const stream of this.streams.values()) this.drop(stream, true)
    this.socket.destroy()
  }

  sweep(nowMs: number): void {
    const { headMs, idleMs } = this.gateway.settings.timeouts
    if (this.isOver) {
      if (this.deadlineMs <= nowMs) this.socket.destroy()
    } else if (this.held !== undefined && nowMs - this.heldSinceMs > idleMs) this.destroy()
    else if (this.input.blockSinceMs > 0 && nowMs - this.input.blockSinceMs > headMs) this.fail(F.BLOCK_TOO_SLOW)
    else if (this.deadlineMs <= nowMs) {
      if (this.isEnding) this.part()
      else this.end()
    } else if (!this.input.isAcknowledged && nowMs - this.bornMs > headMs) this.fail(F.NO_ACK)
  }

  closed(): void {
    this.isOver = true
    for (const stream of this.streams.values()) this.drop(stream, false)
    this.gateway.forgetSession(this)
  }
}
const nothing = (): void => {}
const closed: Told = ({ client }) => client.closed()

function onRead(this: SessionSocket, count: number, bytes: Buffer): true {
  this[SESSION].received(count, bytes)
  return true
}
function onDrain(this: SessionSocket): void {
  this[SESSION].drained()
}
/** Sockets stay half open for HTTP/1.1. HTTP/2 knows no such connection: nobody is there to read an answer, and under TLS nobody else would notice. */
function onEnd(this: SessionSocket): void {
  this[SESSION].destroy()
}
function onClose(this: SessionSocket): void {
  this[SESSION].closed()
}
/** A close follows. */
const onError = (): void => {}
