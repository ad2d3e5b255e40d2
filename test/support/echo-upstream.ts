// An upstream that echoes each request's nonce and body, at once or late, and fails in whatever way the path asks for.
import { createServer, type Socket } from 'node:net'
import { type ReadMessage, readMessage, valuesOf } from './http-message.ts'

export interface EchoUpstream {
  readonly port: number
  readonly connections: number
  /** Whole requests that came in. */
  readonly requests: number
  /** Octets that the strict reader could not read as requests. */
  readonly faults: readonly string[]
  /** Refuses connections and breaks those that there are, as a process that is killed does. */
  kill(): Promise<void>
  /** Listens again on the same port. */
  revive(): Promise<void>
}

/** What a path asks for, by its first segment; anything else is echoed with a length. */
export type Failure =
  | 'hang'
  | 'reset'
  | 'reset-in-body'
  | 'garbage'
  | 'half-close'
  | 'half-close-chunked'
  | 'silent-close'
  | 'bad-chunk'
  | 'surplus'
  | 'stall-in-body'

const field = (nonce: string): string => `X-Nonce: ${nonce}\r\n`
const failures: Record<Failure, (socket: Socket, nonce: string) => void> = {
  hang: () => {},
  reset: (socket) => socket.resetAndDestroy(),
  'reset-in-body': (socket, nonce) => socket.write(`HTTP/1.1 200 OK\r\n${field(nonce)}Content-Length: 100\r\n\r\n${nonce}`, () => socket.resetAndDestroy()),
  garbage: (socket, nonce) => socket.write(`\x16\x03\x01 ${nonce} is no response\r\n\r\n`),
  'half-close': (socket, nonce) => socket.end(`HTTP/1.1 200 OK\r\n${field(nonce)}Content-Length: 100\r\n\r\n${nonce}`),
  'half-close-chunked': (socket, nonce) => socket.end(`HTTP/1.1 200 OK\r\n${field(nonce)}Transfer-Encoding: chunked\r\n\r\n20\r\n${nonce}`),
  'silent-close': (socket) => socket.end(),
  'bad-chunk': (socket, nonce) => socket.write(`HTTP/1.1 200 OK\r\n${field(nonce)}Transfer-Encoding: chunked\r\n\r\n-5\r\n${nonce}\r\n0\r\n\r\n`),
  // A second response that nobody asked for: whoever reuses the connection hands it to somebody else.
  surplus: (socket, nonce) => {
    const twice = `HTTP/1.1 200 OK\r\n${field(nonce)}Content-Length: ${nonce.length}\r\n\r\n${nonce}`
    socket.write(twice + twice)
  },
  'stall-in-body': (socket, nonce) => socket.write(`HTTP/1.1 200 OK\r\n${field(nonce)}Content-Length: 100\r\n\r\n${nonce}`),
}
export const FAILURES = Object.keys(failures) as readonly Failure[]

export async function startEchoUpstream(): Promise<EchoUpstream> {
  const sockets = new Set<Socket>()
  const faults: string[] = []
  let port = 0
  let requests = 0
  let server = create()

  function create() {
    return createServer({ noDelay: true, allowHalfOpen: true }, (socket) => {
      let pending: Buffer = Buffer.alloc(0)
      sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => sockets.delete(socket))
      socket.on('end', () => socket.end())
      socket.on('data', (data: Buffer) => {
        pending = pending.length === 0 ? data : Buffer.concat([pending, data])
        while (pending.length > 0) {
          const read = readMessage(pending, 0, { kind: 'request' })
          if (read === 'more') return
          if ('fault' in read) {
            faults.push(`${read.fault} in ${JSON.stringify(pending.toString('latin1', 0, 500))}`)
            socket.destroy()
            return
          }
          pending = pending.subarray(read.end)
          requests++
          respond(socket, read.message)
        }
      })
    })
  }
  async function listen(): Promise<void> {
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    const address = server.address()
    if (typeof address === 'object' && address !== null) port = address.port
  }
  await listen()
  return {
    get port() {
      return port
    },
    get connections() {
      return sockets.size
    },
    get requests() {
      return requests
    },
    faults,
    kill() {
      for (const socket of sockets) socket.resetAndDestroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
    revive() {
      server = create()
      return listen()
    },
  }
}

function respond(socket: Socket, message: ReadMessage): void {
  const [, kind = '', delay = ''] = message.target.split('/')
  const nonce = valuesOf(message, 'x-nonce')[0] ?? 'none'
  const failure = failures[kind as Failure]
  if (failure !== undefined) failure(socket, nonce)
  else if (delay === '') socket.write(echo(kind, nonce, message))
  else setTimeout(() => socket.write(echo(kind, nonce, message)), Number(delay))
}

/** The nonce in the head and, with the request's body behind it, in the body. */
function echo(kind: string, nonce: string, message: ReadMessage): string {
  const body = `${nonce} ${message.body.toString('latin1')}`
  const head = `HTTP/1.1 200 OK\r\n${field(nonce)}`
  if (message.method === 'HEAD') return `${head}Content-Length: ${body.length}\r\n\r\n`
  if (kind !== 'chunked') return `${head}Content-Length: ${body.length}\r\n\r\n${body}`
  const half = body.length >> 1
  return `${head}Transfer-Encoding: chunked\r\n\r\n${chunk(body.slice(0, half))}${chunk(body.slice(half))}0\r\n\r\n`
}
const chunk = (text: string): string => (text === '' ? '' : `${text.length.toString(16)}\r\n${text}\r\n`)
