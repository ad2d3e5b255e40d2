// A client that writes bytes as told, in the pieces told, and reads what comes back: nothing in it mends a request.
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type ReadMessage, readMessage } from './http-message.ts'

/** What came back over one connection. */
export interface Heard {
  readonly bytes: Buffer
  /** Final responses (status 200 and up), in order. */
  readonly responses: readonly ReadMessage[]
  readonly interim: readonly ReadMessage[]
  /** Bytes that are no whole message, or the reason why they are no message at all. */
  readonly rest: Buffer
  readonly fault: string | undefined
  /** True when the server ended the connection by itself. */
  readonly closed: boolean
  readonly reset: boolean
  /** True when the client gave up waiting and half-closed: the server wanted more bytes, or kept the connection for another request. */
  readonly gaveUp: boolean
}

export interface ConverseOptions {
  readonly localAddress?: string
  /** The certificate of the authority that is believed, in PEM form: with it the bytes go through TLS. */
  readonly authority?: string
  /** The name that is asked for in the handshake. */
  readonly servername?: string
  /** Methods of the requests, to know which answers have no body. Missing ones count as GET. */
  readonly methods?: readonly string[]
  /** Stop listening after so many final responses; without it, listen until the server closes. */
  readonly responses?: number
  /** After the responses, go on until the server closes. */
  readonly untilClose?: boolean
  /** Quiet time in milliseconds after which the client half-closes: only for streams that may leave the server waiting. */
  readonly quietMs?: number
  /** Upper bound in milliseconds on the whole conversation; on a healthy server it never strikes. */
  readonly patienceMs?: number
}

/** A piece to write, or what must have come back before the next piece is written. */
export type Step = Buffer | string | { readonly awaits: string }

/** Opens a connection, writes the steps each in a segment of its own, and listens. Strings are latin1. */
export function converse(port: number, steps: readonly Step[], options: ConverseOptions = {}): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const { authority, localAddress, servername = 'gateway.example' } = options
    const place = { port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true, ...(localAddress ? { localAddress } : {}) }
    const socket: Socket = authority === undefined ? connect(place) : connectTls({ ...place, ca: authority, servername })
    const parts: Buffer[] = []
    let connected = false
    let settled = false
    let reset = false
    let gaveUp = false
    let next = 0
    let quiet: NodeJS.Timeout | undefined
    const patience = setTimeout(() => finish(false), options.patienceMs ?? 10_000)

    function finish(closed: boolean): void {
      if (settled) return
      settled = true
      clearTimeout(patience)
      clearTimeout(quiet)
      socket.destroy()
      resolve({ ...understand(Buffer.concat(parts), closed, options.methods ?? []), closed, reset, gaveUp })
    }
    function stir(): void {
      if (options.quietMs === undefined || settled) return
      clearTimeout(quiet)
      quiet = setTimeout(() => {
        gaveUp = true
        socket.end()
      }, options.quietMs)
    }
    function write(): void {
      if (settled || socket.destroyed) return
      let step = steps[next]
      while (typeof step === 'object' && 'awaits' in step) {
        if (!Buffer.concat(parts).includes(step.awaits, 0, 'latin1')) return
        step = steps[++next]
      }
      if (step === undefined) {
        stir()
        return
      }
      next += 1
      // setImmediate lets the event loop turn, so that the kernel gets each piece in a call of its own.
      socket.write(typeof step === 'string' ? Buffer.from(step, 'latin1') : step, () => setImmediate(write))
    }

    socket.on(authority === undefined ? 'connect' : 'secureConnect', () => {
      connected = true
      write()
    })
    socket.on('data', (data: Buffer) => {
      parts.push(data)
      stir()
      if (options.responses !== undefined && !options.untilClose) {
        if (understand(Buffer.concat(parts), false, options.methods ?? []).responses.length >= options.responses) return finish(false)
      }
      const step = steps[next]
      if (typeof step === 'object' && 'awaits' in step) write()
    })
    socket.on('end', () => finish(true))
    socket.on('close', () => finish(true))
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (!connected) {
        settled = true
        clearTimeout(patience)
        return reject(error)
      }
      reset ||= error.code === 'ECONNRESET' || error.code === 'EPIPE'
    })
  })
}

function understand(bytes: Buffer, ended: boolean, methods: readonly string[]): Omit<Heard, 'closed' | 'reset' | 'gaveUp'> {
  const responses: ReadMessage[] = []
  const interim: ReadMessage[] = []
  let at = 0
  let fault: string | undefined
  while (at < bytes.length) {
    const read = readMessage(bytes, at, { kind: 'response', answers: methods[responses.length] ?? 'GET', ended })
    if (read === 'more') break
    if ('fault' in read) {
      fault = read.fault
      break
    }
    ;(read.message.status < 200 ? interim : responses).push(read.message)
    at = read.end
  }
  return { bytes, responses, interim, rest: bytes.subarray(at), fault }
}

/** The bytes cut at the given offsets. */
export function cutAt(bytes: Buffer | string, ...offsets: readonly number[]): Buffer[] {
  const whole = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
  const marks = [0, ...offsets.filter((offset) => offset > 0 && offset < whole.length).sort((a, b) => a - b), whole.length]
  return marks.slice(1).map((mark, index) => whole.subarray(marks[index]!, mark))
}

/** The bytes in pieces of `size`. */
export function cutEvery(bytes: Buffer | string, size: number): Buffer[] {
  const length = bytes.length
  return cutAt(bytes, ...Array.from({ length: Math.max(0, Math.ceil(length / size) - 1) }, (_, index) => (index + 1) * size))
}
