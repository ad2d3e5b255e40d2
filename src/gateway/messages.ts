// Writes message heads into the output: requests for upstreams, responses for clients. What goes out is written anew from what was understood.
import { bufferOf } from '../base/octet-writer.ts'
import type { FieldLines } from '../http/field-lines.ts'
import { STRICT_TRANSPORT_SECURITY } from '../http/field-names.ts'
import { BY_CHUNKS, BY_CLOSE, BY_LENGTH, type ResponseHead } from '../http/response-head.ts'
import type { Exchange } from '../pipeline/exchange.ts'
import type { ClientConnection } from './clients/client-connection.ts'
import type { LiveApi } from './live/live-snapshot.ts'
import type { Output } from './output.ts'

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1')
const CRLF = ascii('\r\n')
const COLON = ascii(': ')
const SPACE = ascii(' ')
const QUESTION = ascii('?')
const SLASH = ascii('/')
const CONTENT_LENGTH = ascii('Content-Length: ')
const CHUNKED = ascii('Transfer-Encoding: chunked\r\n')
const UPGRADE = ascii('Connection: Upgrade\r\nUpgrade: websocket\r\n')
const CLOSE = ascii('Connection: close\r\n')
const KEEP_ALIVE = ascii('Connection: keep-alive\r\n')
const HTTP_1_1 = ascii('HTTP/1.1 ')
const HTTP_1_1_HOST = ascii(' HTTP/1.1\r\nHost: ')

/** Copies the fields that are still there. Neighbouring lines that need no respelling go as one copy, beginning with what stands at `[runStart, runEnd)`. */
function putFields(out: Output, head: FieldLines, runStart = -1, runEnd = -1): void {
  const { bytes, at } = head
  for (let i = 0; i < head.fieldCount; i++) {
    if (head.isDropped(i)) continue
    const slot = i * 4
    if (head.isCanonical(i)) {
      const end = at[slot + 3]! + 2
      if (at[slot] === runEnd) runEnd = end
      else {
        if (runStart >= 0) out.put(bytes, runStart, runEnd)
        runStart = at[slot]!
        runEnd = end
      }
      continue
    }
    if (runStart >= 0) out.put(bytes, runStart, runEnd)
    runStart = runEnd = -1
    out.put(bytes, at[slot], at[slot + 1])
    out.put(COLON)
    out.put(bytes, at[slot + 2], at[slot + 3])
    out.put(CRLF)
  }
  if (runStart >= 0) out.put(bytes, runStart, runEnd)
}

/** The request as the upstream gets it. `hostLine` ends the request line and names the target; absent: the client's Host is kept. `about` is the block of fields that tell where it came from. */
export function putRequest(
  out: Output,
  x: Exchange,
  api: Pick<LiveApi, 'stripped' | 'basePath'>,
  hostLine: Buffer | undefined,
  about: Buffer,
  upgrade: boolean,
  deadline = '',
): void {
  const head = x.head
  if (
    api.stripped === 0 &&
    api.basePath.length === 0 &&
    head.respelledPath === undefined &&
    head.respelledQuery === undefined &&
    x.upstreamPath === undefined &&
    x.upstreamMethod === undefined &&
    head.pathStart === head.methodEnd + 1
  ) {
    // Nothing before the version changes: method, space and target as one copy.
    out.put(head.bytes, head.start, head.queryStart < 0 ? head.pathEnd : head.queryEnd)
  } else {
    if (x.upstreamMethod === undefined) out.put(head.bytes, head.start, head.methodEnd + 1)
    else out.text(`${x.upstreamMethod} `)
    putTarget(out, x, api)
  }
  if (x.upstreamHost !== undefined) out.text(` HTTP/1.1\r\nHost: ${x.upstreamHost}\r\n`)
  else if (hostLine) out.put(hostLine)
  else {
    out.put(HTTP_1_1_HOST)
    out.put(head.bytes, head.hostStart, head.hostEnd)
    out.put(CRLF)
  }
  putFields(out, head)
  out.put(about)
  if (x.upstreamFields !== '') out.text(x.upstreamFields)
  if (deadline !== '') out.text(deadline)
  if (head.chunked || x.bodyMakers.length > 0) out.put(CHUNKED)
  else if (head.contentLength >= 0 && !head.lengthKept) putLength(out, head.contentLength)
  if (upgrade) out.put(UPGRADE)
  out.put(x.requestIdLine)
}

function putLength(out: Output, length: number): void {
  out.put(CONTENT_LENGTH)
  out.decimal(length)
  out.put(CRLF)
}

function putTarget(out: Output, { head, upstreamPath }: Exchange, api: Pick<LiveApi, 'stripped' | 'basePath'>): void {
  const path = upstreamPath ?? head.respelledPath
  out.put(api.basePath)
  if (path !== undefined) out.text(path.slice(api.stripped) || '/')
  else if (head.pathStart + api.stripped < head.pathEnd) out.put(head.bytes, head.pathStart + api.stripped, head.pathEnd)
  else out.put(SLASH)
  const query = head.respelledQuery
  if (query !== undefined) {
    if (query === '') return
    out.put(QUESTION)
    out.text(query)
  } else if (head.queryStart >= 0) out.put(head.bytes, head.queryStart - 1, head.queryEnd)
}

/** The response as the client gets it. */
export function putResponse(out: Output, head: ResponseHead, x: Exchange, client: { readonly minor: number; readonly keepAlive: boolean }, date: Buffer): void {
  dropFields(head, x)
  putHead(out, head)
  if (!head.hasDate) out.put(date)
  if (head.framing === BY_LENGTH || (head.contentLength >= 0 && head.status !== 204 && head.status >= 200)) {
    if (!head.lengthKept) putLength(out, head.contentLength)
  } else if ((head.framing === BY_CHUNKS || head.framing === BY_CLOSE) && client.minor === 1) out.put(CHUNKED)
  // RFC 9111 3.2: what a 304 says takes the place of what was stored; what it does not say stays.
  if (head.status !== 304) for (const { name, octets } of x.defaultFields) if (head.find(name) < 0) out.put(octets)
  putEnd(out, x, client)
}

/** The gateway's own word stands for the upstream's, and in clear there is none (RFC 6797 7.2). */
export function settleTransportSecurity(head: ResponseHead, client: ClientConnection, x: Exchange): void {
  if (!head.hasTransportSecurity) return
  if (x.transportSecurityLine.length === 0 && client.gateway.cameByHttps(client, x)) return
  for (let i = head.findId(STRICT_TRANSPORT_SECURITY); i >= 0; i = head.findId(STRICT_TRANSPORT_SECURITY, i + 1)) head.drop(i)
}

/** What the gateway says in the upstream's place, or nobody says. */
function dropFields(head: ResponseHead, { droppedFromResponse }: Exchange): void {
  for (const names of droppedFromResponse) names.dropFrom(head)
}

/** Status line and fields; a status line that is already as we write it goes in one copy with the fields behind it. */
function putHead(out: Output, head: ResponseHead): void {
  if (head.statusLineKept) {
    putFields(out, head, head.start, head.reasonEnd + 2)
    return
  }
  out.put(HTTP_1_1)
  out.decimal(head.status)
  out.put(SPACE)
  if (head.reason !== undefined) out.text(head.reason)
  else out.put(head.bytes, head.reasonStart, head.reasonEnd)
  out.put(CRLF)
  putFields(out, head)
}

/** The gateway's own fields of every response, and the empty line. */
function putEnd(out: Output, x: Exchange, client: { readonly minor: number; readonly keepAlive: boolean }): void {
  if (x.clientFields !== '') out.text(x.clientFields)
  if (x.transportSecurityLine.length > 0) out.put(x.transportSecurityLine)
  if (!client.keepAlive) {
    // A stream of HTTP/2 has no connection of its own.
    if (client.minor < 2) out.put(CLOSE)
  } else if (client.minor === 0) out.put(KEEP_ALIVE)
  out.put(x.requestIdLine)
}

/** A 1xx on its way to the client (RFC 9110 15.2). */
export function putInformational(out: Output, head: ResponseHead, x: Exchange): void {
  dropFields(head, x)
  putHead(out, head)
  out.put(CRLF)
}

/** 101: from here on the connection is a WebSocket's. */
export function putSwitch(out: Output, head: ResponseHead, x: Exchange): void {
  dropFields(head, x)
  putHead(out, head)
  out.put(UPGRADE)
  putEnd(out, x, { minor: 1, keepAlive: true })
}

/** An answer that the gateway makes itself. `lines` are whole field lines. */
export function putOwn(
  out: Output,
  status: number,
  reason: string,
  lines: string,
  body: string | Uint8Array,
  x: Exchange,
  toHead: boolean,
  client: { readonly minor: number; readonly keepAlive: boolean },
  date: Buffer,
): void {
  const octets = typeof body === 'string' ? Buffer.from(body) : bufferOf(body)
  out.text(`HTTP/1.1 ${status} ${reason}\r\n${lines}`)
  out.put(date)
  // RFC 9110 8.6: a 304 may only tell the length that its 200 would have.
  if (status >= 200 && status !== 204 && status !== 304) putLength(out, octets.length)
  putEnd(out, x, client)
  if (!toHead) out.put(octets)
}
