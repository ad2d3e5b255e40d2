// Speaks to a control listener as any client may: every header by hand, so that a test can send what an honest client would not.
import { request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
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
