// A reader of HTTP/1.1 messages for tests, written apart from src/http so that the two can disagree; it takes only the canonical form.

/** One message as read from raw bytes. Names keep their case, values are latin1 without the white space around them. */
export interface ReadMessage {
  readonly start: string
  readonly method: string
  readonly target: string
  /** 0 in requests. */
  readonly status: number
  readonly fields: readonly (readonly [name: string, value: string])[]
  readonly trailers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
  readonly raw: Buffer
}

export interface ReadOptions {
  readonly kind: 'request' | 'response'
  /** For a response: the method it answers, since HEAD has no body (RFC 9112 6.3 rule 1). */
  readonly answers?: string
  /** True when no byte can follow: a response without framing ends here (RFC 9112 6.3 rule 8). */
  readonly ended?: boolean
}

export type ReadResult = { readonly message: ReadMessage; readonly end: number } | { readonly fault: string } | 'more'

const tokenRe = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const valueRe = /^[\t\x20-\x7e\x80-\xff]*$/
const requestRe = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e]+) HTTP\/1\.[01]$/
const statusRe = /^HTTP\/1\.[01] (\d{3}) [\t\x20-\x7e\x80-\xff]*$/

/** Reads the message that starts at `from`. Anything that two careful parsers could take in two ways is a fault. */
export function readMessage(bytes: Buffer, from: number, options: ReadOptions): ReadResult {
  const headEnd = bytes.indexOf('\r\n\r\n', from, 'latin1')
  if (headEnd < 0) return 'more'
  const [start = '', ...lines] = bytes.toString('latin1', from, headEnd).split('\r\n')
  const request = options.kind === 'request' ? requestRe.exec(start) : null
  const status = options.kind === 'response' ? statusRe.exec(start) : null
  if (request === null && status === null) return { fault: `start line ${JSON.stringify(start)}` }
  const fields = readFields(lines)
  if (typeof fields === 'string') return { fault: fields }
  const code = status === null ? 0 : Number(status[1])
  const bodyless = options.answers === 'HEAD' || code === 204 || code === 304 || (code >= 100 && code < 200)
  const payload = readPayload(bytes, headEnd + 4, fields, options, bodyless)
  if (payload === 'more' || 'fault' in payload) return payload
  const message = {
    start,
    method: request?.[1] ?? '',
    target: request?.[2] ?? '',
    status: code,
    fields,
    trailers: payload.trailers,
    body: payload.body,
    raw: bytes.subarray(from, payload.end),
  }
  return { message, end: payload.end }
}

/** All values of a field, in order. */
export function valuesOf(message: Pick<ReadMessage, 'fields'>, name: string): string[] {
  return message.fields.filter(([each]) => each.toLowerCase() === name.toLowerCase()).map(([, value]) => value)
}

function readFields(lines: readonly string[]): [string, string][] | string {
  const fields: [string, string][] = []
  for (const line of lines) {
    const colon = line.indexOf(':')
    const name = line.slice(0, Math.max(0, colon))
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, '')
    if (!tokenRe.test(name) || !valueRe.test(value)) return `field line ${JSON.stringify(line)}`
    fields.push([name, value])
  }
  return fields
}

type Payload = { body: Buffer; trailers: [string, string][]; end: number } | { fault: string } | 'more'

function readPayload(bytes: Buffer, at: number, fields: [string, string][], options: ReadOptions, bodyless: boolean): Payload {
  const lengths = valuesOf({ fields }, 'content-length')
  const codings = valuesOf({ fields }, 'transfer-encoding')
  if (lengths.length + codings.length > 1) return { fault: 'more than one framing field' }
  if (bodyless) return { body: Buffer.alloc(0), trailers: [], end: at }
  if (codings.length === 1) return codings[0] === 'chunked' ? readChunks(bytes, at) : { fault: `coding ${codings[0]}` }
  if (lengths.length === 1) {
    if (!/^\d{1,15}$/.test(lengths[0]!)) return { fault: `length ${lengths[0]}` }
    const end = at + Number(lengths[0])
    return bytes.length < end ? 'more' : { body: bytes.subarray(at, end), trailers: [], end }
  }
  if (options.kind === 'request') return { body: Buffer.alloc(0), trailers: [], end: at }
  return options.ended ? { body: bytes.subarray(at), trailers: [], end: bytes.length } : 'more'
}

function readChunks(bytes: Buffer, from: number): Payload {
  const parts: Buffer[] = []
  for (let at = from; ; ) {
    const lineEnd = bytes.indexOf('\r\n', at, 'latin1')
    if (lineEnd < 0) return 'more'
    const size = bytes.toString('latin1', at, lineEnd)
    if (!/^[0-9a-fA-F]{1,12}$/.test(size)) return { fault: `chunk size ${JSON.stringify(size)}` }
    const length = Number.parseInt(size, 16)
    if (length === 0) return readTrailers(bytes, lineEnd, Buffer.concat(parts))
    const end = lineEnd + 2 + length
    if (bytes.length < end + 2) return 'more'
    if (bytes.toString('latin1', end, end + 2) !== '\r\n') return { fault: 'no CRLF after chunk data' }
    parts.push(bytes.subarray(lineEnd + 2, end))
    at = end + 2
  }
}

function readTrailers(bytes: Buffer, lineEnd: number, body: Buffer): Payload {
  // The CRLF of the last chunk's line may also be the first half of the empty line that ends the section.
  const sectionEnd = bytes.indexOf('\r\n\r\n', lineEnd, 'latin1')
  if (sectionEnd < 0) return 'more'
  const trailers = sectionEnd === lineEnd ? [] : readFields(bytes.toString('latin1', lineEnd + 2, sectionEnd).split('\r\n'))
  return typeof trailers === 'string' ? { fault: trailers } : { body, trailers, end: sectionEnd + 4 }
}
