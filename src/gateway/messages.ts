// Writes message heads into the output: requests for upstreams, responses for clients. What goes out is written anew from what was understood.
import type { FieldLines } from '../http/field-lines.ts'
import type { RequestHead } from '../http/request-head.ts'
import { BY_CHUNKS, BY_CLOSE, BY_LENGTH, type ResponseHead } from '../http/response-head.ts'
import type { Exchange } from '../pipeline/exchange.ts'
import type { LiveApi } from './live-snapshot.ts'
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
const REQUEST_ID = ascii('X-Request-Id: ')
const CLOSE = ascii('Connection: close\r\n')
const KEEP_ALIVE = ascii('Connection: keep-alive\r\n')
const HTTP_1_1 = ascii('HTTP/1.1 ')
const HTTP_1_1_HOST = ascii(' HTTP/1.1\r\nHost: ')

/** Copies the fields that are still there. Neighbouring lines that need no respelling go as one copy. */
function putFields(out: Output, head: FieldLines): void {
  const { bytes, at } = head
  let runStart = -1
  let runEnd = -1
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

/** The request as the upstream gets it. `about` is the block of fields that tell where it came from. */
export function putRequest(out: Output, x: Exchange, api: LiveApi, about: Buffer, upgrade: boolean): void {
  const head = x.head
  out.put(head.bytes, head.start, head.methodEnd)
  out.put(SPACE)
  putTarget(out, head, api)
  if (api.hostLine) out.put(api.hostLine)
  else {
    out.put(HTTP_1_1_HOST)
    out.put(head.bytes, head.hostStart, head.hostEnd)
    out.put(CRLF)
  }
  putFields(out, head)
  out.put(about)
  out.put(REQUEST_ID)
  out.put(x.requestIdBytes)
  out.put(CRLF)
  if (x.upstreamFields !== '') out.text(x.upstreamFields)
  if (head.chunked) out.put(CHUNKED)
  else if (head.contentLength >= 0) {
    out.put(CONTENT_LENGTH)
    out.decimal(head.contentLength)
    out.put(CRLF)
  }
  if (upgrade) out.put(UPGRADE)
  out.put(CRLF)
}

function putTarget(out: Output, head: RequestHead, api: LiveApi): void {
  out.put(api.basePath)
  if (head.respelledPath !== undefined) out.text(head.respelledPath.slice(api.stripped) || '/')
  else if (head.pathStart + api.stripped < head.pathEnd) out.put(head.bytes, head.pathStart + api.stripped, head.pathEnd)
  else out.put(SLASH)
  const query = head.respelledQuery
  if (query !== undefined) {
    if (query === '') return
    out.put(QUESTION)
    out.text(query)
  } else if (head.queryStart >= 0) out.put(head.bytes, head.queryStart - 1, head.queryEnd)
}

/** Whether what an upstream sends under this identifier may reach the client is settled by now; the response as the client gets it. */
export function putResponse(out: Output, head: ResponseHead, x: Exchange, client: { readonly minor: number; readonly keepAlive: boolean }, date: Buffer): void {
  for (const name of x.droppedFromResponse) for (let i = head.find(name); i >= 0; i = head.find(name, i + 1)) head.drop(i)
  putStatusLine(out, head)
  putFields(out, head)
  if (!head.hasDate) out.put(date)
  if (head.framing === BY_LENGTH || (head.contentLength >= 0 && head.status !== 204 && head.status >= 200)) {
    out.put(CONTENT_LENGTH)
    out.decimal(head.contentLength)
    out.put(CRLF)
  } else if ((head.framing === BY_CHUNKS || head.framing === BY_CLOSE) && client.minor === 1) out.put(CHUNKED)
  putEnd(out, x, client)
}

function putStatusLine(out: Output, head: ResponseHead): void {
  out.put(HTTP_1_1)
  out.decimal(head.status)
  out.put(SPACE)
  out.put(head.bytes, head.reasonStart, head.reasonEnd)
  out.put(CRLF)
}

/** The gateway's own fields of every response, and the empty line. */
function putEnd(out: Output, x: Exchange, client: { readonly minor: number; readonly keepAlive: boolean }): void {
  out.put(REQUEST_ID)
  out.put(x.requestIdBytes)
  out.put(CRLF)
  if (x.clientFields !== '') out.text(x.clientFields)
  if (!client.keepAlive) out.put(CLOSE)
  else if (client.minor === 0) out.put(KEEP_ALIVE)
  out.put(CRLF)
}

/** A 1xx on its way to the client (RFC 9110 15.2). */
export function putInformational(out: Output, head: ResponseHead): void {
  putStatusLine(out, head)
  putFields(out, head)
  out.put(CRLF)
}

/** 101: from here on the connection is a WebSocket's. */
export function putSwitch(out: Output, head: ResponseHead, x: Exchange): void {
  putStatusLine(out, head)
  putFields(out, head)
  out.put(UPGRADE)
  putEnd(out, x, { minor: 1, keepAlive: true })
}

/** An answer that the gateway makes itself. `lines` are whole field lines. */
export function putOwn(out: Output, status: number, reason: string, lines: string, body: string, x: Exchange, toHead: boolean, client: { readonly minor: number; readonly keepAlive: boolean }, date: Buffer): void {
  const octets = Buffer.from(body)
  out.text(`HTTP/1.1 ${status} ${reason}\r\n${lines}`)
  out.put(date)
  if (status >= 200 && status !== 204) {
    out.put(CONTENT_LENGTH)
    out.decimal(octets.length)
    out.put(CRLF)
  }
  putEnd(out, x, client)
  if (!toHead) out.put(octets)
}
