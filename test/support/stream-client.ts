// A client of HTTP/2 that writes frames as told and keeps every frame that comes back: nothing in it mends a request.
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { CODE, FLAG, PREFACE, SETTING, settings, settingsAck, statusIn, TYPE } from './stream-frames.ts'

export interface HeardFrame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

/** What became of one stream. */
export interface HeardStream {
  /** Statuses of its heads, informational ones too; 0 for trailers. */
  readonly statuses: readonly number[]
  readonly body: Buffer
  readonly ended: boolean
  /** The code of the reset, if there was one. */
  readonly reset: number | undefined
}

export interface StreamClientOptions {
  /** The certificate of the authority that is believed, in PEM form: with it the frames go through TLS. */
  readonly authority?: string
  /** What is said first, in the place of preface, settings and acknowledgement. */
  readonly greeting?: Buffer
  /** Beside that of a table of no size: then every field says itself what it is. */
  readonly settings?: readonly (readonly [id: number, value: number])[]
  readonly localAddress?: string
}

export class StreamClient {
  readonly socket: Socket
  readonly frames: HeardFrame[] = []
  /** The server has ended the connection. */
  closed = false
  private pending: Buffer = Buffer.alloc(0)
  private waiting: (() => void)[] = []

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (octets: Buffer) => this.received(octets))
    socket.on('error', () => {})
    socket.on('end', () => this.over())
    socket.on('close', () => this.over())
  }

  static async open(port: number, options: StreamClientOptions = {}): Promise<StreamClient> {
    const { authority, localAddress } = options
    const place = { port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true, ...(localAddress ? { localAddress } : {}) }
    const socket: Socket =
      authority === undefined ? connect(place) : connectTls({ ...place, ca: authority, servername: 'gateway.example', ALPNProtocols: ['h2'] })
    const client = new StreamClient(socket)
    await new Promise<void>((resolve, reject) => {
      socket.once(authority === undefined ? 'connect' : 'secureConnect', resolve)
      socket.once('error', reject)
    })
    client.send(options.greeting ?? Buffer.concat([PREFACE, settings([SETTING.tableSize, 0], ...(options.settings ?? [])), settingsAck]))
    return client
  }

  send(...octets: readonly Buffer[]): void {
    if (!this.socket.destroyed && this.socket.writable) this.socket.write(Buffer.concat(octets))
  }
  /** Resolves to true once that is so, to false when the connection ended or the patience did before. */
  async until(isSo: () => boolean, patienceMs = 20_000): Promise<boolean> {
    const endMs = performance.now() + patienceMs
    while (!isSo()) {
      const leftMs = endMs - performance.now()
      if (this.closed || leftMs <= 0) return isSo()
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs)
        this.waiting.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
    return true
  }
  untilClosed(patienceMs?: number): Promise<boolean> {
    return this.until(() => this.closed, patienceMs)
  }
  /** Waits until the stream is over, one way or the other. */
  async answered(stream: number, patienceMs?: number): Promise<HeardStream> {
    await this.until(() => {
      const { ended, reset } = this.stream(stream)
      return ended || reset !== undefined
    }, patienceMs)
    return this.stream(stream)
  }

  stream(id: number): HeardStream {
    const own = this.frames.filter(({ stream }) => stream === id)
    const heads = own.filter(({ type }) => type === TYPE.headers)
    const bodies = own.filter(({ type }) => type === TYPE.data).map(({ payload }) => payload)
    const over = own.find(({ type }) => type === TYPE.reset)
    return {
      statuses: heads.map(({ payload }) => statusIn(payload)),
      body: Buffer.concat(bodies),
      ended: own.some(({ type, flags }) => (type === TYPE.data || type === TYPE.headers) && (flags & FLAG.endStream) !== 0),
      reset: over?.payload.readUInt32BE(0),
    }
  }
  /** The code with which the server went away: that of an error, if there was one. */
  get goaway(): number | undefined {
    const codes = this.frames.filter(({ type }) => type === TYPE.goaway).map(({ payload }) => payload.readUInt32BE(4))
    return codes.find((code) => code !== CODE.none) ?? codes[0]
  }
  count(type: number): number {
    return this.frames.filter((each) => each.type === type).length
  }
  destroy(): void {
    this.socket.destroy()
  }

  private received(octets: Buffer): void {
    this.pending = this.pending.length === 0 ? octets : Buffer.concat([this.pending, octets])
    let at = 0
    while (this.pending.length - at >= 9) {
      const length = this.pending.readUIntBE(at, 3)
      if (this.pending.length - at < 9 + length) break
      const payload = Buffer.from(this.pending.subarray(at + 9, at + 9 + length))
      this.frames.push({ type: this.pending[at + 3]!, flags: this.pending[at + 4]!, stream: this.pending.readUInt32BE(at + 5) & 0x7fffffff, payload })
      at += 9 + length
    }
    this.pending = this.pending.subarray(at)
    this.stir()
  }
  private over(): void {
    this.closed = true
    this.stir()
  }
  private stir(): void {
    for (const each of this.waiting.splice(0)) each()
  }
}
