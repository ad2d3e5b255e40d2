// A fast client for load: pipelines requests over raw connections, and hands each answer, read strictly, to whoever asked for it.
import { connect, type Socket } from 'node:net'

/** One whole final response. `fields` are the field lines as text. */
export interface Answer {
  readonly status: number
  readonly fields: string
  readonly body: string
}

/** The value of a field of an answer, or undefined. */
export function fieldOf(answer: Answer, name: string): string | undefined {
  const at = answer.fields.toLowerCase().indexOf(`\r\n${name.toLowerCase()}: `)
  if (at < 0) return undefined
  const from = at + name.length + 4
  const end = answer.fields.indexOf('\r\n', from)
  return answer.fields.slice(from, end < 0 ? undefined : end)
}

interface Asked {
  readonly isHead: boolean
  tell(answer: Answer | undefined): void
}

/** One connection. Answers come in the order of the requests (RFC 9112 9.3.2); octets that nobody asked for are a fault. */
export class LoadConnection {
  /** What the server did that no server may do. */
  fault: string | undefined
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>
  readonly socket: Socket
  private readonly asked: Asked[] = []
  private first = 0
  private text = ''
  private corked = ''

  /** `socket`: one that was made already, such as behind a handshake. */
  constructor(port: number, socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true })) {
    this.socket = socket
    this.socket.setEncoding('latin1')
    this.socket.on('data', (data) => this.read(String(data)))
    this.socket.on('error', () => {})
    this.closed = new Promise((resolve) =>
      this.socket.on('close', () => {
        for (const { tell } of this.asked.splice(this.first)) tell(undefined)
        resolve()
      }),
    )
  }

  get waiting(): number {
    return this.asked.length - this.first
  }

  /** Sends a request (latin-1) behind those under way; undefined when the connection ended before the answer was whole. */
  ask(request: string, options: { isHead?: boolean } = {}): Promise<Answer | undefined> {
    if (this.socket.destroyed || this.socket.readableEnded) return Promise.resolve(undefined)
    if (this.corked === '') queueMicrotask(() => this.flush())
    this.corked += request
    return new Promise((tell) => this.asked.push({ isHead: options.isHead ?? false, tell }))
  }
  private flush(): void {
    const text = this.corked
    this.corked = ''
    this.socket.write(text, 'latin1')
  }

  /** Ends our side, and waits until the server has ended its own. */
  async close(): Promise<void> {
    this.socket.end()
    await this.closed
  }

  private read(data: string): void {
    this.text = this.text === '' ? data : this.text + data
    let at = 0
    while (at < this.text.length) {
      const end = this.readOne(at)
      if (end < 0) break
      at = end
    }
    if (at > 0) this.text = this.text.slice(at)
  }

  /** Answers the position after one response, or -1 when it is not whole. */
  private readOne(from: number): number {
    const headEnd = this.text.indexOf('\r\n\r\n', from)
    if (headEnd < 0) return -1
    const fields = this.text.slice(from, headEnd)
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(fields)?.[1])
    const asked = this.asked[this.first]
    if (Number.isNaN(status) || asked === undefined) {
      this.fault = `${asked === undefined ? 'nobody asked for' : 'no response'}: ${JSON.stringify(this.text.slice(from, from + 200))}`
      this.socket.destroy()
      return -1
    }
    if (status < 200) return headEnd + 4
    const whole = asked.isHead || status === 204 || status === 304 ? { body: '', end: headEnd + 4 } : bodyOf(this.text, headEnd + 4, fields)
    if (whole === undefined) return -1
    this.first++
    if (this.first > 1024) {
      this.asked.splice(0, this.first)
      this.first = 0
    }
    asked.tell({ status, fields, body: whole.body })
    return whole.end
  }
}

function bodyOf(text: string, from: number, fields: string): { readonly body: string; readonly end: number } | undefined {
  const length = /\r\ncontent-length: (\d+)(?:\r\n|$)/i.exec(fields)?.[1]
  if (length !== undefined) {
    const end = from + Number(length)
    return text.length < end ? undefined : { body: text.slice(from, end), end }
  }
  if (!/\r\ntransfer-encoding: chunked(?:\r\n|$)/i.test(fields)) return { body: '', end: from }
  let body = ''
  for (let at = from; ; ) {
    const lineEnd = text.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const size = Number.parseInt(text.slice(at, lineEnd), 16)
    const end = lineEnd + 2 + size + 2
    if (text.length < end) return undefined
    if (size === 0) return { body, end }
    body += text.slice(lineEnd + 2, end - 2)
    at = end
  }
}

/** Opens so many connections; resolves when all of them stand. */
export async function openConnections(port: number, count: number): Promise<LoadConnection[]> {
  const connections = Array.from({ length: count }, () => new LoadConnection(port))
  await Promise.all(
    connections.map(
      ({ socket }) =>
        new Promise<void>((resolve, reject) => {
          socket.once('connect', resolve)
          socket.once('error', reject)
        }),
    ),
  )
  return connections
}

/** One number of a metrics page: the sum of the samples of that name whose labels hold all of `labels`. */
export function metric(page: string, name: string, ...labels: readonly string[]): number {
  let sum = 0
  for (const line of page.split('\n')) {
    if (!line.startsWith(`${name} `) && !line.startsWith(`${name}{`)) continue
    if (labels.every((label) => line.includes(label))) sum += Number(line.slice(line.lastIndexOf(' ') + 1))
  }
  return sum
}
