// An upstream of HTTP/2 that answers each request with the frames it is told: nothing in it keeps to any rule.
import { createServer, type Socket } from 'node:net'
import { block, data, type Fields, FLAG, headers, PREFACE, settings, settingsAck, TYPE } from './stream-frames.ts'

/** One request as it came: where to answer. */
export interface AskedStream {
  readonly stream: number
  /** Of this connection, from 0. */
  readonly number: number
  readonly socket: Socket
  send(...frames: readonly Buffer[]): void
}
/** Answers a request whose head has come; its body may still be on its way. */
export type Answerer = (asked: AskedStream) => void

export interface StreamUpstream {
  readonly port: number
  answer: Answerer
  /** What is said first on a connection. */
  greeting: Buffer
  /** Frames that came, by connection. */
  readonly connections: readonly { readonly socket: Socket; readonly frames: readonly { type: number; flags: number; stream: number; payload: Buffer }[] }[]
  stop(): Promise<void>
}

/** A whole response. */
export const whole = (stream: number, body: string, fields: Fields = []): Buffer[] => [
  headers(stream, block([[':status', '200'], ['content-length', String(body.length)], ...fields]), FLAG.endHeaders),
  data(stream, body),
]
/** A head behind which more comes. */
export const head = (stream: number, fields: Fields = [[':status', '200']], flags: number = FLAG.endHeaders): Buffer => headers(stream, block(fields), flags)

export async function startStreamUpstream(): Promise<StreamUpstream> {
  const connections: { socket: Socket; frames: { type: number; flags: number; stream: number; payload: Buffer }[] }[] = []
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
    const frames: (typeof connections)[number]['frames'] = []
    connections.push({ socket, frames })
    let pending: Buffer = Buffer.alloc(0)
    let greeted = false
    let number = 0
    const send = (...parts: readonly Buffer[]): void => {
      if (socket.writable) socket.write(Buffer.concat(parts))
    }
    socket.on('error', () => {})
    socket.on('data', (octets: Buffer) => {
      pending = Buffer.concat([pending, octets])
      if (!greeted) {
        if (pending.length < PREFACE.length) return
        greeted = true
        pending = pending.subarray(PREFACE.length)
        send(upstream.greeting)
      }
      while (pending.length >= 9) {
        const length = pending.readUIntBE(0, 3)
        if (pending.length < 9 + length) return
        const [type, flags, stream] = [pending[3]!, pending[4]!, pending.readUInt32BE(5)]
        frames.push({ type, flags, stream, payload: Buffer.from(pending.subarray(9, 9 + length)) })
        pending = pending.subarray(9 + length)
        if (type === TYPE.settings && (flags & FLAG.ack) === 0) send(settingsAck)
        if (type === TYPE.headers) upstream.answer({ stream, number: number++, socket, send })
      }
    })
  })
  const upstream: StreamUpstream & { port: number } = {
    port: 0,
    greeting: settings(),
    answer: ({ stream, send }) => send(...whole(stream, 'honest')),
    connections,
    stop() {
      for (const { socket } of connections) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  upstream.port = typeof address === 'object' && address !== null ? address.port : 0
  return upstream
}
