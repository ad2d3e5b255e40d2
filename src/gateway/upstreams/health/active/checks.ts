// One check of one target: a connection of its own, made as those of requests are, that ends within its time whatever the other end does.
import { type ClientHttp2Session, connect as connectSession } from 'node:http2'
import { connect, type LookupFunction, type Socket, type TcpNetConnectOpts } from 'node:net'
import { ResponseHead, readResponseHead } from '../../../../http/response-head.ts'
import type { ActiveHealth } from '../../../../model/resilience.ts'
import { upstreamSessionOptions } from '../../../http2/guards.ts'
import type { UpstreamTls } from '../../upstream-tls.ts'
import { healthRequest, healthStatus, SERVING } from './health-messages.ts'

/** What of an answer is read: a head fits, and whatever goes beyond is a failure. */
const ANSWER_BYTES_MAX = 16 * 1024
const HEAD_LIMITS = { headBytes: ANSWER_BYTES_MAX, fields: 256 }
const INFORMATIONAL_MAX = 16

export interface CheckedTarget {
  readonly host: string
  readonly port: number
  /** HTTP/2 is what it speaks. */
  readonly http2: boolean
  /** Put before the path that is asked for. */
  readonly basePath: string
  readonly lookup: LookupFunction
  /** Absent: in clear. */
  readonly tls?: UpstreamTls
}

/** Why a target is not well; undefined: it is. Never rejects. */
export function check(target: CheckedTarget, settings: ActiveHealth, nowMs: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    let socket: Socket | undefined
    let session: ClientHttp2Session | undefined
    let isOver = false
    const over = (why: string | undefined): void => {
      if (isOver) return
      isOver = true
      clearTimeout(timer)
      session?.destroy()
      socket?.destroy()
      resolve(why)
    }
    const timer = setTimeout(() => over('no answer in time'), settings.timeoutMs)
    const open = (verified: () => void): Socket => {
      socket = dial(target, nowMs, verified, over)
      socket.on('error', (cause: NodeJS.ErrnoException) => over(cause.code ?? cause.message))
      socket.on('close', () => over('the connection was closed'))
      return socket
    }
    try {
      if (settings.kind === 'tcp') open(() => over(undefined))
      else if (settings.kind === 'grpc' || target.http2) session = askStream(target, settings, open, over)
      else askHttp(open, target, settings, over)
    } catch (cause) {
      over((cause as Error).message)
    }
  })
}

function dial({ host, port, lookup, tls }: CheckedTarget, nowMs: number, verified: () => void, failed: (why: string) => void): Socket {
  const way: TcpNetConnectOpts = { host, port, noDelay: true, lookup, autoSelectFamily: true }
  if (tls !== undefined) return tls.connect(way, nowMs, { verified, failed })
  return connect(way, verified)
}

const hostOf = ({ host, port, tls }: CheckedTarget): string => {
  const name = host.includes(':') ? `[${host}]` : host
  return port === (tls ? 443 : 80) ? name : `${name}:${port}`
}
const isExpected = (status: number, { statuses }: ActiveHealth): boolean => statuses.some(([from, to]) => status >= from && status <= to)

function askHttp(open: (verified: () => void) => Socket, target: CheckedTarget, settings: ActiveHealth, over: (why: string | undefined) => void): void {
  const { method, path, host = hostOf(target) } = settings
  // Written at once: under TLS it waits until the other end is verified.
  const socket = open(() => {})
  socket.write(`${method} ${target.basePath}${path} HTTP/1.1\r\nHost: ${host}\r\nUser-Agent: gatehouse-health\r\nConnection: close\r\n\r\n`)
  const head = new ResponseHead()
  let octets = Buffer.alloc(0)
  let informational = 0
  socket.on('data', (part: Buffer) => {
    octets = Buffer.concat([octets, part])
    for (;;) {
      const end = readResponseHead(head, octets, 0, octets.length, HEAD_LIMITS, method === 'HEAD')
      if (end < 0) return over('its answer is malformed')
      if (end === 0) {
        if (octets.length > ANSWER_BYTES_MAX) over('its answer is malformed')
        return
      }
      if (head.status >= 200 || head.status === 101) return over(isExpected(head.status, settings) ? undefined : `it answers ${head.status}`)
      if (++informational > INFORMATIONAL_MAX) return over('its answer is malformed')
      octets = octets.subarray(end)
    }
  })
}

/** Over HTTP/2: the same question, or that of the gRPC health protocol. */
function askStream(
  target: CheckedTarget,
  settings: ActiveHealth,
  open: (verified: () => void) => Socket,
  over: (why: string | undefined) => void,
): ClientHttp2Session {
  const isGrpc = settings.kind === 'grpc'
  const scheme = target.tls ? 'https' : 'http'
  const authority = settings.host ?? hostOf(target)
  const session = connectSession(`${scheme}://${hostOf(target)}`, { ...upstreamSessionOptions, createConnection: () => open(() => {}) })
  session.on('error', (cause: NodeJS.ErrnoException) => over(cause.code ?? cause.message))
  const stream = session.request(
    isGrpc
      ? {
          ...{ ':method': 'POST', ':scheme': scheme, ':authority': authority, ':path': '/grpc.health.v1.Health/Check' },
          ...{ te: 'trailers', 'content-type': 'application/grpc', 'grpc-timeout': `${settings.timeoutMs}m`, 'user-agent': 'gatehouse-health' },
        }
      : {
          ...{ ':method': settings.method, ':scheme': scheme, ':authority': authority, ':path': target.basePath + settings.path },
          'user-agent': 'gatehouse-health',
        },
    { endStream: !isGrpc },
  )
  stream.on('error', (cause: NodeJS.ErrnoException) => over(cause.code ?? cause.message))
  const parts: Buffer[] = []
  let size = 0
  let grpcStatus: unknown
  stream.on('response', (fields) => {
    const status = Number(fields[':status'])
    if (!isGrpc) over(isExpected(status, settings) ? undefined : `it answers ${status}`)
    else if (status !== 200) over(`it answers ${status}`)
    // An answer without a message is told with the head (Trailers-Only).
    else grpcStatus = fields['grpc-status']
  })
  stream.on('data', (part: Buffer) => {
    size += part.length
    if (size > ANSWER_BYTES_MAX) over('its answer is malformed')
    else parts.push(part)
  })
  stream.on('trailers', (fields) => (grpcStatus = fields['grpc-status']))
  stream.on('end', () => {
    if (grpcStatus !== '0') return over(`gRPC status ${String(grpcStatus).slice(0, 3)}`)
    const status = healthStatus(Buffer.concat(parts))
    over(status === SERVING ? undefined : status === undefined ? 'its answer is malformed' : `it says that it does not serve (${status})`)
  })
  if (isGrpc) stream.end(healthRequest(settings.service))
  return session
}
