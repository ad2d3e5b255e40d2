// The control listener: health, metrics, and the first operations of the management API. On loopback unless the operator said otherwise.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { problemDocument } from '../model/problem.ts'
import type { AdminToken } from './admin-token.ts'

/** What the control plane can be asked. */
export interface ControlPlane {
  ready(): boolean
  metrics(): Promise<string>
  /** Makes a key for a consumer. The secret is told once. */
  createKey(
    consumer: string,
    expiresMs: number | undefined,
  ): Promise<{ readonly secret: string; readonly credential: string } | { readonly refused: string; readonly says: string }>
}
export interface ControlSettings {
  readonly host: string
  readonly port: number
}

const BODY_BYTES_MAX = 64 * 1024
const KEYS_PATH = /^\/api\/v1\/consumers\/([A-Za-z0-9._-]{1,64})\/keys$/

/** Listens; resolves when it does. */
export function startControl(settings: ControlSettings, token: AdminToken, plane: ControlPlane): Promise<Server> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000, maxHeaderSize: 16 * 1024 }, (request, response) => {
    handle(request, response, settings, token, plane).catch(() => refuse(response, 500, 'management.broken', 'The request could not be handled.'))
  })
  server.maxConnections = 256
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(settings, () => resolve(server))
  })
}

async function handle(request: IncomingMessage, response: ServerResponse, settings: ControlSettings, token: AdminToken, plane: ControlPlane): Promise<void> {
  // hardening.md: a name that an attacker's DNS points at loopback is not ours (DNS rebinding).
  if (!isOwnHost(request.headers.host, settings)) return refuse(response, 421, 'management.misdirected', 'This server does not answer for that host.')
  const path = (request.url ?? '').split('?')[0]!
  const reads = request.method === 'GET' || request.method === 'HEAD'
  if (path === '/livez' && reads) return text(response, 200, 'ok\n')
  if (path === '/readyz' && reads) return plane.ready() ? text(response, 200, 'ready\n') : text(response, 503, 'not ready\n')
  if (path === '/metrics' && reads) return text(response, 200, await plane.metrics(), 'text/plain; version=0.0.4; charset=utf-8')
  if (!path.startsWith('/api/')) return refuse(response, 404, 'management.unknown', 'Nothing is served at this address.')
  if (!token.accepts(request.headers.authorization))
    return refuse(response, 401, 'management.unauthorized', 'A bearer token is needed.', { 'WWW-Authenticate': 'Bearer realm="gatehouse"' })
  if (request.headers.origin !== undefined && !reads && request.headers.origin !== `http://${request.headers.host}`)
    return refuse(response, 403, 'management.foreign-origin', 'Requests from other origins are refused.')
  const consumer = KEYS_PATH.exec(path)?.[1]
  if (consumer === undefined) return refuse(response, 404, 'management.unknown', 'Nothing is served at this address.')
  if (request.method !== 'POST') return refuse(response, 405, 'management.method-not-allowed', 'This method is not served at this address.', { Allow: 'POST' })
  await createKey(request, response, plane, consumer)
}

async function createKey(request: IncomingMessage, response: ServerResponse, plane: ControlPlane, consumer: string): Promise<void> {
  const body = await readJson(request)
  if (typeof body !== 'object' || body === null || Object.keys(body).some((key) => key !== 'expires'))
    return refuse(response, 400, 'management.invalid', 'The body is a JSON object that may have the member expires.')
  const { expires } = body as { expires?: unknown }
  const expiresMs = expires === undefined ? undefined : typeof expires === 'string' ? Date.parse(expires) : Number.NaN
  if (Number.isNaN(expiresMs)) return refuse(response, 400, 'management.invalid', 'expires is a time such as 2027-01-31T00:00:00Z.')
  const made = await plane.createKey(consumer, expiresMs)
  if ('refused' in made) return refuse(response, made.refused === 'unknown-consumer' ? 404 : 400, `management.${made.refused}`, made.says)
  response.writeHead(201, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' }).end(JSON.stringify(made))
}

function isOwnHost(host: string | undefined, settings: ControlSettings): boolean {
  if (host === undefined) return false
  const name = host.toLowerCase().replace(/:\d{1,5}$/, '')
  return name === 'localhost' || name === '127.0.0.1' || name === '[::1]' || name === settings.host.toLowerCase() || name === `[${settings.host.toLowerCase()}]`
}

/** The body as JSON; undefined when it is none, or too large. An empty body is an empty object. */
async function readJson(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = []
  let length = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    length += part.length
    if (length > BODY_BYTES_MAX) return undefined
    parts.push(part)
  }
  if (length === 0) return {}
  try {
    return JSON.parse(Buffer.concat(parts).toString('utf8'))
  } catch {
    return undefined
  }
}

function text(response: ServerResponse, status: number, body: string, type = 'text/plain; charset=utf-8'): void {
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' }).end(body)
}
function refuse(response: ServerResponse, status: number, code: string, detail: string, fields: Record<string, string> = {}): void {
  if (response.headersSent) return
  response.writeHead(status, { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store', ...fields }).end(problemDocument(status, code, detail))
}
