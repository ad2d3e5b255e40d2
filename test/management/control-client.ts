// Speaks to a control listener as any client may: every header by hand, so that a test can send what an honest client would not.
import { request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { duplexPair } from 'node:stream'
import { startControl } from '../../src/management/control-server.ts'
import type { AnyOperation } from '../../src/management/operation.ts'
import type { Plane } from '../../src/management/plane.ts'

export interface Told {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  /** The body as JSON; undefined when it is none. */
  readonly json: Record<string, unknown> | undefined
  /** `401 management.unauthorized`, or the status alone. */
  readonly short: string
}
export interface Sent {
  readonly as?: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as JSON, unless it is text. */
  readonly body?: unknown
  /** How long the body is, is not said before. */
  readonly chunked?: true
}
export interface ControlClient {
  readonly port: number
  readonly origin: string
  send(method: string, path: string, sent?: Sent): Promise<Told>
  close(): Promise<void>
}

export async function controlClient(operations: readonly AnyOperation[], plane: Plane): Promise<ControlClient> {
  const server = await startControl({ host: '127.0.0.1', port: 0, version: '0.0.0' }, operations, plane)
  return clientOf((server.address() as AddressInfo).port, server)
}

export function clientOf(port: number, server?: Server): ControlClient {
  const origin = `http://127.0.0.1:${port}`
  return {
    port,
    origin,
    send: (method, path, { as, headers = {}, body, chunked } = {}) =>
      new Promise((resolve, reject) => {
        const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
        const fields: Record<string, string> = {
          host: `127.0.0.1:${port}`,
          ...(as !== undefined && { authorization: `Bearer ${as}` }),
          ...(text !== undefined && { 'content-type': 'application/json' }),
          ...(text !== undefined && (chunked ? { 'transfer-encoding': 'chunked' } : { 'content-length': String(Buffer.byteLength(text)) })),
          ...headers,
        }
        const sent = request({ port, host: '127.0.0.1', method, path, headers: fields, agent: false }, (response) => {
          const parts: Buffer[] = []
          response.on('data', (part: Buffer) => parts.push(part))
          response.on('error', reject)
          response.on('end', () => resolve(told(response.statusCode!, response.headers, Buffer.concat(parts).toString('utf8'))))
        })
        sent.on('error', reject)
        sent.end(text)
      }),
    close: () =>
      new Promise((resolve) => {
        if (server === undefined) return resolve()
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Asks as another machine of the network: over a connection of its own making, whose other end has an address that is not this machine's. */
export function askFrom(server: Server, peer: string, method: string, path: string, { headers = {}, body }: Omit<Sent, 'as'> = {}): Promise<Told> {
  const [near, far] = duplexPair()
  Object.assign(near, { remoteAddress: peer, localAddress: '10.0.0.5', setTimeout: () => near })
  server.emit('connection', near)
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
  const fields = { ...(text !== undefined && { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(text)) }), ...headers }
  return new Promise((resolve, reject) => {
    const sent = request({ method, path, headers: fields, createConnection: () => far }, async (response) => {
      let answer = ''
      for await (const part of response.setEncoding('utf8')) answer += part
      resolve(told(response.statusCode!, response.headers, answer))
      far.destroy()
    })
    sent.on('error', reject)
    sent.end(text)
  })
}

function told(status: number, headers: Told['headers'], body: string): Told {
  let json: Record<string, unknown> | undefined
  try {
    json = JSON.parse(body) as Record<string, unknown>
  } catch {
    json = undefined
  }
  const code = json?.['code']
  return { status, headers, body, json, short: typeof code === 'string' ? `${status} ${code}` : String(status) }
}
