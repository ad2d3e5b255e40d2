// The control listener: health, metrics, the management API and its description. On loopback unless the operator said otherwise.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { parseIp } from '../base/ip.ts'
import { type Answer, problem, send, text, withFields } from './answer.ts'
import { callerGroup, common } from './arrival.ts'
import type { ControlTls } from './control-tls.ts'
import { handle } from './handling.ts'
import { metrics } from './metrics.ts'
import { openapiDocument } from './openapi.ts'
import type { AnyOperation } from './operation.ts'
import { OperationTable } from './operation-table.ts'
import { isInClear, isOwnHost, ownOrigin } from './own-origin.ts'
import type { Plane } from './plane.ts'
import { isPublishedPath, publishedAuthority } from './published-authorities.ts'

export interface ControlSettings {
  readonly host: string
  readonly port: number
  /** Absent: it speaks HTTP in clear. */
  readonly tls?: ControlTls | undefined
  /** Reached from other machines: then metrics take a credential like everything else that tells something. */
  readonly exposed?: boolean
  /** How long somebody may read nothing of what they are answered. */
  readonly unreadMs?: number
  /** Of Gatehouse: the version of the API's description. */
  readonly version: string
}

const API = '/api/v1'
const CONNECTIONS_MAX = 256
/** Of one caller: nobody alone takes what all operators connect by. */
export const CONNECTIONS_OF_CALLER = 128
const UNREAD_MS = 30_000
const BOUNDS = { requestTimeout: 10_000, headersTimeout: 5_000, maxHeaderSize: 16 * 1024 }

/** Listens; resolves when it does. */
export function startControl(settings: ControlSettings, operations: readonly AnyOperation[], plane: Plane): Promise<Server> {
  const table = new OperationTable(operations)
  const document = JSON.stringify(openapiDocument(operations, settings.version))
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    respond(request, settings, table, document, plane)
      .catch((cause) => {
        plane.report(cause)
        return common('broken')
      })
      .then((answer) => {
        // An answer that nobody reads would keep its connection for ever, and the next stranger's too, until none is left.
        response.setTimeout(settings.unreadMs ?? UNREAD_MS)
        return finish(request, response, answer, plane.origin, settings.tls)
      })
      .catch(() => response.destroy())
  }
  const server = settings.tls?.serverOf(BOUNDS, listener) ?? createServer(BOUNDS, listener)
  server.maxConnections = CONNECTIONS_MAX
  boundCallers(server)
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: settings.host, port: settings.port }, () => resolve(server))
  })
}

function boundCallers(server: Server): void {
  const open = new Map<string, number>()
  // Before the handshake, where there is one: it costs more than anything that comes after it.
  server.prependListener('connection', (socket) => {
    const caller = callerGroup(socket.remoteAddress ?? '')
    const count = (open.get(caller) ?? 0) + 1
    open.set(caller, count)
    socket.once('close', () => {
      const left = open.get(caller)! - 1
      if (left > 0) open.set(caller, left)
      else open.delete(caller)
    })
    if (count > CONNECTIONS_OF_CALLER) socket.destroy()
  })
}

/** Who is answered before their body was read does not get to send the rest of it. */
function finish(request: IncomingMessage, response: ServerResponse, answer: Answer, site: string | undefined, tls: ControlTls | undefined): Promise<void> {
  const isWhole =
    request.complete || request.headers['content-length'] === '0' || (request.headers['content-length'] ?? request.headers['transfer-encoding']) === undefined
  // Own origin, and so nobody's else: no page of another site reads anything here. A Host that is not ours is never repeated.
  const { host = '' } = request.headers
  const said = tls?.transportSecurity
  const own: Answer['fields'] = {
    ...(answer.status !== 421 && { 'Access-Control-Allow-Origin': ownOrigin(host, site, tls !== undefined) }),
    ...(said !== undefined && isDomain(host) && { 'Strict-Transport-Security': said }),
  }
  return send(response, withFields(answer, isWhole ? own : { ...own, Connection: 'close' }), request.method === 'HEAD')
}

/** RFC 6797 8.1.1: addresses have no such policy. `localhost` belongs to everything that runs on its machine, on other ports in clear. */
function isDomain(host: string): boolean {
  const name = host.replace(/:\d{1,5}$/, '')
  return name !== '' && name.toLowerCase() !== 'localhost' && !name.startsWith('[') && parseIp(name) === undefined
}

/** Fields that say one thing (RFC 9110 5.3): of two, this reader would take one and a proxy before it perhaps the other. Node joins or drops them. */
const SINGLE_FIELDS = new Set(['host', 'authorization', 'content-type', 'content-encoding', 'origin', 'x-csrf-token', 'idempotency-key'])
function repeatedField({ rawHeaders }: IncomingMessage): string | undefined {
  const seen = new Set<string>()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase()
    if (SINGLE_FIELDS.has(name) && seen.has(name)) return name
    seen.add(name)
  }
  return undefined
}

async function respond(request: IncomingMessage, settings: ControlSettings, table: OperationTable, document: string, plane: Plane): Promise<Answer> {
  // hardening.md: a name that an attacker's DNS points at loopback is not ours (DNS rebinding).
  if (!isOwnHost(request.headers.host, settings.host, plane.origin, (name) => settings.tls?.names(name) === true)) return common('misdirected')
  const repeated = repeatedField(request)
  if (repeated !== undefined) return problem(400, 'management.invalid', `The field '${repeated}' stands in the request more than once.`)
  const url = request.url ?? ''
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  // They hold no secret, are signed, and are fetched in clear on purpose (RFC 5280 8).
  if (isPublishedPath(path)) return isRead ? publishedAuthority(request, plane, path) : common('unknown-path')
  // Health holds no secret, and whoever watches it comes as they can. Everything else takes or tells one.
  if (settings.exposed && path !== '/livez' && path !== '/readyz' && isInClear(request.headers.host, request.socket, plane.origin)) return common('in-clear')
  if (path.startsWith(`${API}/`)) return handle(plane, table, request, path.slice(API.length), mark < 0 ? '' : url.slice(mark + 1))
  if (!isRead) return common('unknown-path')
  switch (path) {
    case '/livez':
      return text(200, 'ok\n')
    case '/readyz':
      return plane.ready()
        ? text(200, ['ready', ...(plane.unready?.() ?? []).map((name) => `waits for its certificate: ${name}`), ''].join('\n'))
        : text(503, 'not ready\n')
    case '/metrics':
      return metrics(request, plane, settings.exposed === true)
    case '/api/openapi.json':
      return text(200, document, 'application/json')
    default:
      return common('unknown-path')
  }
}
