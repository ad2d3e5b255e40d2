// A program: makes one TLS connection after the other in some lanes, sends a request over each, and prints what it saw as wrk's script does.

import { type ConnectionOptions, connect, createSecureContext } from 'node:tls'
import type { TlsVersion } from './work.ts'
import { resultLine } from './wrk.ts'

export type HandshakeOrder = {
  readonly host: string
  readonly port: number
  readonly path: string
  readonly version: TlsVersion
  /** Every connection but a lane's first resumes the session of the one before; else none does. */
  readonly resumed: boolean
  readonly seconds: number
  readonly lanes: number
}

const order = JSON.parse(process.argv[2]!) as HandshakeOrder
const version = `TLSv${order.version}` as const
const options: ConnectionOptions = {
  host: order.host,
  port: order.port,
  // X25519, and P-256 for the certificate: nginx's OpenSSL may not know the hybrid group that this Node would offer first, and another group is another work.
  secureContext: createSecureContext({ minVersion: version, maxVersion: version, ecdhCurve: 'X25519:P-256' }),
  // Who it is was checked before the rounds; here only the proxy's cost counts.
  rejectUnauthorized: false,
}
const request = `GET ${order.path} HTTP/1.1\r\nHost: ${order.host}:${order.port}\r\nConnection: close\r\n\r\n`
const failures: Record<string, number> = {}
let failed = false
const fail = (what: string): void => {
  failed = true
  failures[what] = (failures[what] ?? 0) + 1
}

/** One connection, one request; answers the session for the next. */
function exchange(session: Buffer | undefined, isFirst: boolean): Promise<Buffer | undefined> {
  return new Promise((resolve) => {
    let next: Buffer | undefined
    let answer = ''
    const socket = connect({ ...options, ...(session !== undefined && { session }) }, () => {
      if (socket.getProtocol() !== version) fail('wrong version')
      if (socket.isSessionReused() !== (order.resumed && !isFirst)) fail(order.resumed ? 'not resumed' : 'resumed')
      socket.write(request)
    })
    socket.on('session', (given) => (next = given))
    socket.setEncoding('latin1').on('data', (part) => (answer += part))
    socket.on('error', (cause: NodeJS.ErrnoException) => fail(cause.code ?? cause.message))
    socket.on('close', () => {
      if (!answer.startsWith('HTTP/1.1 200 ')) fail('no 200')
      // Who gives no new ticket with a resumed session lets the old one be shown again.
      resolve(order.resumed ? (next ?? session) : undefined)
    })
  })
}

const latencies: number[] = []
let begun = 0
async function lane(): Promise<void> {
  // It has no session to resume.
  let session = await exchange(undefined, true)
  begun ||= performance.now()
  // One failure fails the row: there is nothing more to find out.
  while (!failed && performance.now() - begun < order.seconds * 1000) {
    const from = performance.now()
    session = await exchange(session, false)
    latencies.push(performance.now() - from)
  }
}
await Promise.all(Array.from({ length: order.lanes }, lane))
const durationMicros = (performance.now() - begun) * 1000
const sorted = latencies.sort((a, b) => a - b)
const micros = (share: number): number => Math.round(1000 * (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0))
// The first of each lane cost the proxy as well.
const requests = sorted.length + order.lanes
process.stdout.write(resultLine({ requests, durationMicros, p50: micros(0.5), p99: micros(0.99), max: micros(1), failures }))
