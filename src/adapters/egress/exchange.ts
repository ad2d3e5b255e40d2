// One request and its answer over a connection that was opened by the guard: HTTP/1.1, bounded in everything the other side chooses.
import { type IncomingMessage, request as send } from 'node:http'
import { isIP, type Socket } from 'node:net'
import { connect as secure, type TLSSocket } from 'node:tls'
import { EgressFailed, EgressRefused, type OutboundResponse } from '../../ports/egress.ts'
import { codeOf, tooSlow } from './dial.ts'
import type { OutboundTarget } from './outbound-url.ts'

export interface Sending {
  readonly method: 'GET' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array | undefined
  readonly bytesMax: number
  readonly trust: string | undefined
}

const HEAD_BYTES_MAX = 32 * 1024
/** 1xx answers before the answer: each is bounded by itself, their number is not. */
const INFORMATIONAL_MAX = 8

/** TLS over a connection, with the certificate checked against the host of the URL (RFC 9110 4.3.4), whatever the environment says. */
export function secured(socket: Socket, host: string, trust: string | undefined, name: string, signal: AbortSignal): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const give = (error: Error): void => {
      tls.destroy()
      reject(error)
    }
    const abort = (): void => give(tooSlow({ name }))
    let tls: TLSSocket
    try {
      tls = secure({
        socket,
        host,
        // RFC 6066 3: an address is no server name.
        ...(isIP(host) === 0 && { servername: host.replace(/\.$/, '') }),
        ...(trust !== undefined && { ca: trust }),
        rejectUnauthorized: true,
        minVersion: 'TLSv1.2',
        ALPNProtocols: ['http/1.1'],
      })
    } catch {
      socket.destroy()
      reject(new EgressRefused(`the certificates to trust for ${name} cannot be read`))
      return
    }
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort)
    tls.on('error', (error) => give(new EgressFailed(`${name} does not speak TLS as it should (${codeOf(error)})`)))
    tls.once('close', () => give(new EgressFailed(`${name} closed the connection`)))
    tls.once('secureConnect', () => {
      signal.removeEventListener('abort', abort)
      resolve(tls)
    })
  })
}

/** Sends the request and reads the whole answer. The socket is used once and destroyed. */
export function exchange(target: OutboundTarget, sending: Sending, socket: Socket, signal: AbortSignal): Promise<OutboundResponse> {
  return new Promise<OutboundResponse>((resolve, reject) => {
    const fail = (why: string): void => reject(new EgressFailed(`${target.origin} ${why}`))
    const request = send({
      // No agent, and so no proxy of the environment and no connection of somebody else's.
      createConnection: () => socket,
      method: sending.method,
      path: target.path,
      setHost: false,
      maxHeaderSize: HEAD_BYTES_MAX,
      insecureHTTPParser: false,
      joinDuplicateHeaders: true,
      headers: {
        host: target.authority,
        'user-agent': 'Gatehouse',
        accept: '*/*',
        ...sending.headers,
        // A compressed answer could be a thousand times what was read of it.
        'accept-encoding': 'identity',
        connection: 'close',
        ...(sending.body && { 'content-length': sending.body.length }),
      },
    })
    let informational = 0
    request.on('information', () => void (++informational > INFORMATIONAL_MAX && fail('sends too many interim answers')))
    request.on('upgrade', () => fail('switches to another protocol'))
    request.on('error', (error) => fail(`broke off (${codeOf(error)})`))
    request.on('response', (response) => readBody(response, sending.bytesMax).then(resolve, (cause: Error) => fail(cause.message)))
    signal.addEventListener('abort', () => reject(tooSlow({ name: target.origin })))
    if (signal.aborted) reject(tooSlow({ name: target.origin }))
    request.end(sending.body)
  }).finally(() => socket.destroy())
}

async function readBody(response: IncomingMessage, bytesMax: number): Promise<OutboundResponse> {
  const { headers } = response
  const coding = headers['content-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'identity') throw new Error('compresses its answer, though asked not to')
  if (headers['transfer-encoding'] !== undefined && headers['transfer-encoding'].toLowerCase() !== 'chunked')
    throw new Error('uses a transfer coding that is not understood')
  if (Number(headers['content-length']) > bytesMax) throw new Error(`answers with more than ${bytesMax} octets`)
  const parts: Buffer[] = []
  let size = 0
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      size += part.length
      if (size > bytesMax) break
      parts.push(part)
    }
  } catch (error) {
    throw new Error(`broke off in its answer (${codeOf(error)})`)
  }
  if (size > bytesMax) throw new Error(`answers with more than ${bytesMax} octets`)
  if (!response.complete) throw new Error('broke off in its answer')
  return { status: response.statusCode!, headers: joined(response), body: Buffer.concat(parts) }
}

function joined(response: IncomingMessage): Readonly<Record<string, string>> {
  const out: Record<string, string> = Object.create(null)
  for (const [name, values] of Object.entries(response.headersDistinct)) if (values) out[name] = values.join(', ')
  return out
}
