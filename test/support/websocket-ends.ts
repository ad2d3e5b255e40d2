// The two ends of a WebSocket through the gateway, on raw sockets: an upstream that takes every upgrade, and clients in clear, over TLS and over HTTP/2.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const proofOf = (key: string): string => createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')

/** One end, which keeps all that comes. */
export class WebsocketEnd {
  readonly stream: Duplex
  /** The head that opened it: the request at the upstream, the answer at the client. */
  readonly head: string
  private readonly parts: Buffer[] = []
  private length = 0
  private readonly heard: Promise<void>
  private stir: (() => void) | undefined

  constructor(stream: Duplex, head: string, first: Buffer) {
    this.stream = stream
    this.head = head
    const take = (part: Buffer): void => {
      this.parts.push(part)
      this.length += part.length
      this.stir?.()
    }
    if (first.length > 0) take(first)
    stream.on('data', take)
    stream.on('error', () => {})
    this.heard = new Promise((resolve) => {
      stream.once('end', resolve)
      stream.once('close', resolve)
    })
    stream.resume()
  }
  send(octets: Buffer): void {
    this.stream.write(octets)
  }
  /** What has come once there are so many octets. */
  async atLeast(count: number): Promise<Buffer> {
    let ended = false
    void this.heard.then(() => {
      ended = true
      this.stir?.()
    })
    while (this.length < count && !ended) await new Promise<void>((resolve) => (this.stir = resolve))
    return this.all
  }
  /** All that came, once the other side has ended. */
  async untilEnd(): Promise<Buffer> {
    await this.heard
    return this.all
  }
  get all(): Buffer {
    return Buffer.concat(this.parts)
  }
}

export interface WebsocketUpstream {
  readonly port: number
  /** The next one that is opened. */
  next(): Promise<WebsocketEnd>
  stop(): void
}
/** `lines`: what else the answer says, by path. */
export async function startWebsocketUpstream(lines: (path: string) => string = () => ''): Promise<WebsocketUpstream> {
  const sockets = new Set<Socket>()
  const opened: WebsocketEnd[] = []
  const waiting: ((end: WebsocketEnd) => void)[] = []
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
    let bytes: Buffer = Buffer.alloc(0)
    const heard = (part: Buffer): void => {
      bytes = Buffer.concat([bytes, part])
      const end = bytes.indexOf('\r\n\r\n')
      if (end < 0) return
      socket.off('data', heard)
      const head = bytes.toString('latin1', 0, end + 4)
      const key = /^sec-websocket-key: (.*)\r$/im.exec(head)?.[1] ?? ''
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${proofOf(key)}\r\n${lines(head.split(' ')[1]!)}\r\n`,
      )
      const made = new WebsocketEnd(socket, head, bytes.subarray(end + 4))
      const taker = waiting.shift()
      if (taker) taker(made)
      else opened.push(made)
    }
    socket.on('data', heard)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    next: () => {
      const made = opened.shift()
      return made ? Promise.resolve(made) : new Promise((resolve) => waiting.push(resolve))
    },
    stop() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

export interface OpenOptions {
  readonly path?: string
  readonly host?: string
  /** Further field lines, each with CR LF. */
  readonly lines?: string
  /** Sent in one piece with the handshake. */
  readonly early?: Buffer
  /** The authority to believe: with it, over TLS. */
  readonly authority?: string | undefined
}
/** Opens one; its head tells when it was refused. */
export async function openWebsocket(
  port: number,
  { path = '/', host = 'gateway.example', lines = '', early, authority }: OpenOptions = {},
): Promise<WebsocketEnd> {
  const place = { port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true } as const
  const socket: Socket = authority === undefined ? connect(place) : connectTls({ ...place, ca: authority, servername: 'gateway.example' })
  socket.on('error', () => {})
  const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n${lines}\r\n`
  socket.write(Buffer.concat([Buffer.from(request, 'latin1'), ...(early ? [early] : [])]))
  let bytes: Buffer = Buffer.alloc(0)
  return new Promise((resolve, reject) => {
    const heard = (part: Buffer): void => {
      bytes = Buffer.concat([bytes, part])
      const end = bytes.indexOf('\r\n\r\n')
      if (end < 0) return
      socket.off('data', heard)
      socket.off('close', failed)
      resolve(new WebsocketEnd(socket, bytes.toString('latin1', 0, end + 4), bytes.subarray(end + 4)))
    }
    const failed = (): void => reject(new Error('closed before it was open'))
    socket.on('data', heard)
    socket.on('close', failed)
  })
}

/** The same over HTTP/2 (RFC 8441), on a connection of its own. */
export async function openWebsocketStream(port: number, { path = '/', authority }: OpenOptions = {}): Promise<WebsocketEnd> {
  const session = connectHttp2(`https://gateway.example:${port}`, {
    createConnection: () => connectTls({ port, host: '127.0.0.1', ca: authority!, servername: 'gateway.example', ALPNProtocols: ['h2'] }),
  })
  session.on('error', () => {})
  await once(session, 'remoteSettings')
  const stream = session.request({
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': 'https',
    ':authority': 'gateway.example',
    ':path': path,
    'sec-websocket-version': '13',
  })
  stream.once('close', () => session.close())
  const [fields] = (await once(stream, 'response')) as [Record<string, string | number>]
  return new WebsocketEnd(
    stream,
    Object.entries(fields)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join(''),
    Buffer.alloc(0),
  )
}
