// A request that came as the fields of an HTTP/2 stream, as the head of an HTTP/1.1 message: judged by RFC 9113 first, then written for the one reader.
import * as F from './faults.ts'
import { STREAM_NAME, STREAM_VALUE, type StreamFields } from './stream-forms.ts'

export interface StreamRequest {
  readonly head: Buffer
  /** The body of this message comes in chunks. */
  readonly chunked: boolean
}

export interface StreamRequestTerms {
  /** By which scheme the connection came; over TLS a stream may claim no other. */
  readonly scheme: 'http' | 'https'
  /** The stream ended with its head: there is no body. */
  readonly ended: boolean
  /** Makes the nonce of a WebSocket handshake, which RFC 8441 leaves out. */
  readonly websocketKey: () => string
}

/**
 * The head of the message that means the same, or the fault that makes the request malformed (RFC 9113 8.1.1): then nothing of it goes further. What is
 * left to judge, as the target and the host, is the reader's. A stream carries one request, and so does its message: it says `Connection: close`. A body
 * of unknown length comes in chunks.
 */
export function requestOfStream(fields: StreamFields, terms: StreamRequestTerms): StreamRequest | number {
  const pseudo = new Map<string, string>()
  let lines = ''
  let cookies = ''
  let host: string | undefined
  let hasLength = false
  let at = 0
  // RFC 9113 8.3: pseudo-fields come first, each once, and none but those that are defined.
  for (; at < fields.length && fields[at]!.startsWith(':'); at += 2) {
    const name = fields[at]!
    if (!PSEUDO.has(name) || pseudo.has(name)) return F.BAD_PSEUDO_FIELDS
    if (!STREAM_VALUE.test(fields[at + 1]!)) return F.BAD_FIELD_VALUE
    pseudo.set(name, fields[at + 1]!)
  }
  const websocket = pseudo.has(':protocol')
  for (; at < fields.length; at += 2) {
    const name = fields[at]!
    const value = fields[at + 1]!
    if (name.startsWith(':')) return F.BAD_PSEUDO_FIELDS
    if (!STREAM_NAME.test(name)) return F.BAD_FIELD_NAME
    if (!STREAM_VALUE.test(value)) return F.BAD_FIELD_VALUE
    switch (name) {
      case 'connection':
      case 'proxy-connection':
      case 'keep-alive':
      case 'transfer-encoding':
      case 'upgrade':
        return F.CONNECTION_FIELD_IN_STREAM
      case 'te':
        if (value.toLowerCase() !== 'trailers') return F.CONNECTION_FIELD_IN_STREAM
        break
      case 'cookie':
        // RFC 9113 8.2.3: crumbs become one field before they leave HTTP/2.
        if (value !== '') cookies += cookies === '' ? value : `; ${value}`
        break
      case 'host':
        if (host !== undefined) return F.BAD_HOST
        host = value
        break
      case 'content-length':
        hasLength = true
        // RFC 9110 9.3.6: a CONNECT has no content.
        if (websocket || (terms.ended && value !== '0')) return F.BAD_CONTENT_LENGTH
        lines += `content-length: ${value}\r\n`
        break
      case 'sec-websocket-key':
        // RFC 8441 5: not used here. Beside the one that is made below it would be a second.
        if (!websocket) lines += `${name}: ${value}\r\n`
        break
      default:
        lines += `${name}: ${value}\r\n`
    }
  }
  const line = requestLine(pseudo, terms)
  if (typeof line === 'number') return line
  const authority = pseudo.get(':authority')
  // RFC 9113 8.3.1: no user information in it, and a Host beside it names the same.
  if (authority?.includes('@')) return F.BAD_HOST
  if (authority !== undefined && host !== undefined && authority.toLowerCase() !== host.toLowerCase()) return F.HOST_DISAGREES
  const named = authority ?? host
  const chunked = !websocket && !hasLength && !terms.ended
  const head = Buffer.from(
    `${line}${named === undefined ? '' : `Host: ${named}\r\n`}${lines}${cookies === '' ? '' : `cookie: ${cookies}\r\n`}` +
      (websocket
        ? `Upgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Key: ${terms.websocketKey()}\r\n\r\n`
        : `${chunked ? 'Transfer-Encoding: chunked\r\n' : ''}Connection: close\r\n\r\n`),
    'latin1',
  )
  return { head, chunked }
}

function requestLine(pseudo: ReadonlyMap<string, string>, { scheme, ended }: StreamRequestTerms): string | number {
  const method = pseudo.get(':method')
  const path = pseudo.get(':path')
  const claimed = pseudo.get(':scheme')
  const protocol = pseudo.get(':protocol')
  if (method === undefined || !METHOD.test(method)) return F.BAD_METHOD
  if (method === 'CONNECT' && protocol === undefined) return F.CONNECT_REFUSED
  if (path === undefined || claimed === undefined) return F.BAD_PSEUDO_FIELDS
  // In clear a proxy in front may have ended TLS; over TLS nothing else is true.
  if (claimed !== 'https' && (claimed !== 'http' || scheme === 'https')) return F.BAD_PSEUDO_FIELDS
  // RFC 9113 8.3.1: a path, or the asterisk of OPTIONS; the other forms of a target are HTTP/1.1's.
  if (!PATH.test(path) && !(path === '*' && method === 'OPTIONS')) return F.BAD_TARGET
  if (protocol === undefined) return `${method} ${path} HTTP/1.1\r\n`
  // RFC 8441 4: the extended CONNECT, for WebSocket alone.
  return method === 'CONNECT' && protocol === 'websocket' && !ended ? `GET ${path} HTTP/1.1\r\n` : F.CONNECT_REFUSED
}

const PSEUDO: ReadonlySet<string> = new Set([':method', ':scheme', ':authority', ':path', ':protocol'])
const METHOD = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}$/
const PATH = /^\/[\x21-\x7e\x80-\xff]*$/
