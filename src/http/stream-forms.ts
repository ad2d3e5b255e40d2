// Heads of HTTP/1.1 and fields of a stream to an upstream that mean the same: what the gateway wrote for it, and what it answered.
import * as F from './faults.ts'

/** Names and values in turn, as they were sent. */
export type StreamFields = readonly string[]

export interface RequestForStream {
  /** Pseudo-fields first, then names in lower case and values, in turn. */
  readonly fields: string[]
  /** Where in the octets the head ends. */
  readonly end: number
  readonly chunked: boolean
  /** Octets of body that follow; 0 when none do, or when they come in chunks. */
  readonly length: number
}

/**
 * Reads a request head that the gateway wrote, whole. What speaks of the connection stays behind (RFC 9113 8.2.2); `te: trailers` says that what is told
 * behind a response is passed on (RFC 9110 10.1.4), which servers of gRPC ask for.
 */
export function requestForStream(octets: Buffer, scheme: 'http' | 'https'): RequestForStream {
  const { first, lines, end } = linesOf(octets)
  const methodEnd = first.indexOf(' ')
  const fields = [':method', first.slice(0, methodEnd), ':scheme', scheme, ':path', first.slice(methodEnd + 1, first.lastIndexOf(' '))]
  let chunked = false
  let length = 0
  for (const [name, value] of lines) {
    if (name === 'host') fields.splice(6, 0, ':authority', value)
    else if (name === 'transfer-encoding') chunked = true
    else if (!OF_CONNECTION.has(name)) {
      if (name === 'content-length') length = Number(value)
      fields.push(name, value)
    }
  }
  fields.push('te', 'trailers')
  return { fields, end, chunked, length }
}

/** The response head that means the same as the fields of a stream, or the fault that makes it malformed. It is the reader that judges the rest. */
export function responseOfStream(fields: StreamFields): Buffer | number {
  let status = ''
  let lines = ''
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!
    const value = fields[i + 1]!
    if (name.startsWith(':')) {
      // RFC 9113 8.3.2: one pseudo-field, and before all others.
      if (name !== ':status' || status !== '' || lines !== '' || !/^[1-5]\d\d$/.test(value)) return F.BAD_STATUS_LINE
      status = value
      continue
    }
    if (!STREAM_NAME.test(name)) return F.BAD_FIELD_NAME
    if (!STREAM_VALUE.test(value)) return F.BAD_FIELD_VALUE
    // RFC 9113 8.6: 101 is no answer on a stream.
    if (OF_CONNECTION.has(name) || name === 'transfer-encoding') return F.CONNECTION_FIELD_IN_STREAM
    lines += `${name}: ${value}\r\n`
  }
  if (status === '' || status === '101') return F.BAD_STATUS_LINE
  return Buffer.from(`HTTP/1.1 ${status} \r\n${lines}\r\n`, 'latin1')
}

/** What may be told behind a body: nothing that frames, routes, vouches or says how to handle the message (RFC 9110 6.5.1). */
export function trailersOfStream(fields: StreamFields): string[] {
  const kept: string[] = []
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!
    if (STREAM_NAME.test(name) && STREAM_VALUE.test(fields[i + 1]!) && !OF_CONNECTION.has(name) && !NOT_BEHIND.test(name.replaceAll('_', '-')))
      kept.push(name, fields[i + 1]!)
  }
  return kept
}

/** A head of our own: the first line, the field lines with their names in lower case, and the position after it. */
function linesOf(octets: Buffer): { first: string; lines: (readonly [string, string])[]; end: number } {
  const end = octets.indexOf('\r\n\r\n', 0, 'latin1')
  if (end < 0) throw new RangeError('not a whole head')
  const [first, ...rest] = octets.toString('latin1', 0, end).split('\r\n')
  const lines = rest.map((line): readonly [string, string] => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)]
  })
  return { first: first!, lines, end: end + 4 }
}

/** RFC 9113 8.2.2, and what asked for HTTP/2 in an upgrade of HTTP/1.1 (RFC 7540 3.2.1). */
const OF_CONNECTION: ReadonlySet<string> = new Set(['connection', 'upgrade', 'keep-alive', 'proxy-connection', 'te', 'http2-settings'])
const NOT_BEHIND =
  /^(?:content-(?:length|encoding|type|range)|transfer-encoding|trailer|host|set-cookie|cookie|authorization|www-authenticate|proxy-.*|location|alt-svc|x-request-id|age|cache-control|expires|date|vary|retry-after|strict-transport-security|gatehouse-.*)$/
/** RFC 9113 8.2.1: a token without upper case; no control character in a value, and no white space at either end. */
export const STREAM_NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/
export const STREAM_VALUE = /^(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/
