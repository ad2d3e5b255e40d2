// An upstream that keeps every byte it was sent, reads it with the strict reader of these tests, and answers each message with its number.
import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { type ReadMessage, readMessage } from './http-message.ts'

/** A message as it reached the upstream. */
export interface RecordedMessage extends ReadMessage {
  /** The number that the answer carries in `X-Upstream-Message`. */
  readonly number: number
  readonly connection: number
}

export interface RecordingUpstream {
  readonly port: number
  /** Whole messages since the last call, in order of arrival. */
  take(): RecordedMessage[]
  /** What the gateway may never send: bytes that the strict reader refuses. */
  readonly faults: string[]
  stop(): Promise<void>
}

/** Starts an upstream on a port that the OS picks; with a certificate and its key, under TLS. */
export async function startRecordingUpstream(secured?: { readonly cert: string; readonly key: string }): Promise<RecordingUpstream> {
  let messages: RecordedMessage[] = []
  const faults: string[] = []
  const sockets = new Set<Socket>()
  let connections = 0
  let count = 0
  const serve = (socket: Socket): void => {
    const connection = ++connections
    let pending: Buffer = Buffer.alloc(0)
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (data: Buffer) => {
      pending = pending.length === 0 ? data : Buffer.concat([pending, data])
      let at = 0
      while (at < pending.length) {
        const read = readMessage(pending, at, { kind: 'request' })
        if (read === 'more') break
        if ('fault' in read) {
          faults.push(`${read.fault} in ${JSON.stringify(pending.toString('latin1', at, at + 2000))}`)
          socket.destroy()
          return
        }
        count += 1
        messages.push({ ...read.message, number: count, connection })
        socket.write(answer(count, read.message.method))
        at = read.end
      }
      pending = pending.subarray(at)
    })
  }
  const server = secured ? createTlsServer({ noDelay: true, ...secured }, serve) : createServer({ noDelay: true }, serve)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    faults,
    take() {
      const taken = messages
      messages = []
      return taken
    },
    stop() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function answer(number: number, method: string): string {
  const body = `message ${number}`
  const head = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Upstream-Message: ${number}\r\nContent-Length: ${body.length}\r\n\r\n`
  return method === 'HEAD' ? head : head + body
}
