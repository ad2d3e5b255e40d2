// Reads a request head over bytes, strictly (RFC 9112), into positions: no string is made until somebody asks for one.
import * as F from './faults.ts'
import { DROPPED, type FieldLimits, FieldLines, INCOMPLETE, readFieldLines, readLength } from './field-lines.ts'
import * as N from './field-names.ts'
import { readHost } from './host.ts'
import { CR, HEX, LF, LOWER, latin1, QUERY, SEGMENT, SP, TOKEN, withoutOws } from './octets.ts'
import { normalizePath } from './target.ts'

/** Bounds of a request head, from the configuration. */
export interface HeadLimits extends FieldLimits {
  readonly targetBytes: number
}
const ROOM_BYTES = 4096

/**
 * One request head, reused from request to request. Positions point into `bytes`, which must not change while the head is in use.
 */
export class RequestHead extends FieldLines {
  /** Where the request line begins. */
  start = 0
  methodEnd = 0
  /** HTTP/1.x: the x. */
  minor = 1
  /** Path and query as they stand in `bytes`; the query without its "?", and -1 when there is none. */
  pathStart = 0
  pathEnd = 0
  queryStart = -1
  queryEnd = -1
  /** The normalized path when it differs from the spelling in `bytes`. */
  respelledPath: string | undefined = undefined
  /** The query that is forwarded when a policy cut something out of it (`Exchange.respellQuery`); '' is no query at all. */
  respelledQuery: string | undefined = undefined
  /** Which ambiguous spellings the target used: bits of `http/target.ts`. An API refuses those it does not allow by name. */
  ambiguities = 0
  /** `OPTIONS *` */
  asterisk = false
  hostStart = 0
  hostEnd = 0
  /** The host without its port and without a final dot. */
  hostNameEnd = 0
  /** Declared octets of body, -1 when not declared; a request without either has no body (RFC 9112 6.3). */
  contentLength = -1
  chunked = false
  keepAlive = true
  expectsContinue = false
  /** `Connection: upgrade` with `Upgrade: websocket`: the only upgrade there is here. */
  asksWebsocket = false
  /** Its own memory for heads of common length. */
  private room: Buffer | undefined = undefined

  get method(): string {
    return commonMethod(this.bytes, this.start, this.methodEnd) ?? latin1(this.bytes, this.start, this.methodEnd)
  }
  /** The path as it is matched and forwarded. */
  get path(): string {
    return this.respelledPath ?? latin1(this.bytes, this.pathStart, this.pathEnd)
  }
  /** The query without "?", or undefined when there is none. */
  get query(): string | undefined {
    if (this.respelledQuery !== undefined) return this.respelledQuery === '' ? undefined : this.respelledQuery
    return this.queryStart < 0 ? undefined : latin1(this.bytes, this.queryStart, this.queryEnd)
  }
  /** Lower-case host name without port or final dot; an IPv6 address keeps its brackets. */
  get hostName(): string {
    return latin1(this.bytes, this.hostStart, this.hostNameEnd).toLowerCase()
  }
  /** Host with port as the client wrote it. */
  get host(): string {
    return latin1(this.bytes, this.hostStart, this.hostEnd)
  }
  get hasBody(): boolean {
    return this.chunked || this.contentLength > 0
  }

  /**
   * Moves a complete head out of memory that is not its own; every position stays true. False when it does not fit: then the caller gives it memory that lasts.
   */
  detach(): boolean {
    if (this.end > ROOM_BYTES) return false
    this.room ??= Buffer.allocUnsafeSlow(ROOM_BYTES)
    this.bytes.copy(this.room, this.start, this.start, this.end)
    this.bytes = this.room
    return true
  }

  override clear(): void {
    super.clear()
    this.respelledPath = undefined
    this.respelledQuery = undefined
  }
}

const COMMON_METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'].map((text) => ({ text, bytes: Buffer.from(text) }))
/** Most methods are one of seven, whose text exists already. */
function commonMethod(bytes: Buffer, start: number, end: number): string | undefined {
  for (let k = 0; k < COMMON_METHODS.length; k++) {
    const { text, bytes: wanted } = COMMON_METHODS[k]!
    if (wanted.length !== end - start) continue
    let i = 0
    while (i < wanted.length && wanted[i] === bytes[start + i]) i++
    if (i === wanted.length) return text
  }
  return undefined
}

/**
 * Reads the head that begins at `from`. Answers the position after the head, `INCOMPLETE` (0) when more is needed, or `-n` for `messageFault(n)`.
 * On a fault the head's contents are undefined, save `bytes`.
 */
export function readRequestHead(head: RequestHead, bytes: Buffer, from: number, to: number, limits: HeadLimits): number {
  const end = readLines(head, bytes, from, to, limits)
  if (end <= 0) {
    if (end === INCOMPLETE && to - from >= limits.headBytes) return -F.HEAD_TOO_LARGE
    return end
  }
  if (end - from > limits.headBytes) return -F.HEAD_TOO_LARGE
  head.end = end
  const wrong = judge(head)
  return wrong === 0 ? end : -wrong
}

function readLines(head: RequestHead, bytes: Buffer, from: number, to: number, limits: HeadLimits): number {
  head.bytes = bytes
  let p = from
  // RFC 9112 2.2: one empty line before the request line is forgiven, no more.
  if (p < to && bytes[p] === CR) {
    if (p + 1 >= to) return INCOMPLETE
    if (bytes[p + 1] !== LF) return -F.BAD_LINE_END
    p += 2
  }
  head.start = p
  while (p < to && TOKEN[bytes[p]!] === 1) p++
  if (p - head.start > 32) return -F.BAD_METHOD
  if (p >= to) return INCOMPLETE
  if (bytes[p] !== SP || p === head.start) return -F.BAD_METHOD
  head.methodEnd = p
  p = readTarget(head, bytes, p + 1, to, limits)
  if (p <= 0) return p
  p = readVersion(head, bytes, p, to)
  if (p <= 0) return p
  return readFieldLines(head, bytes, p, to, limits)
}

/** Reads the target and the space after it; answers the position after that space. */
function readTarget(head: RequestHead, bytes: Buffer, from: number, to: number, limits: HeadLimits): number {
  head.respelledPath = undefined
  head.respelledQuery = undefined
  head.ambiguities = 0
  head.asterisk = false
  head.queryStart = -1
  head.queryEnd = -1
  head.hostStart = 0
  head.hostEnd = 0
  const stop = Math.min(to, from + limits.targetBytes + 1)
  let p = from
  if (p >= to) return INCOMPLETE
  if (bytes[p] !== 0x2f) {
    p = readAbsoluteForm(head, bytes, from, stop)
    if (p <= 0) return p === INCOMPLETE ? outOfTarget(from, stop, limits) : p
    if (head.asterisk) return p
  }
  head.pathStart = p
  let plain = true
  let before = 0
  while (p < stop) {
    const octet = bytes[p]!
    if (SEGMENT[octet] === 1) {
      // A segment that begins with a dot may be a dot segment.
      if (octet === 0x2e && before === 0x2f) plain = false
    } else if (octet === 0x2f) {
      if (before === 0x2f) plain = false
    } else if (octet === 0x25 || octet === 0x3b || octet === 0x5c) plain = false
    else break
    before = octet
    p++
  }
  if (p >= stop) return outOfTarget(from, stop, limits)
  head.pathEnd = p
  if (bytes[p] === 0x3f) {
    const query = readQuery(head, bytes, p + 1, stop)
    if (query <= 0) return query === INCOMPLETE ? outOfTarget(from, stop, limits) : query
    p = query
  }
  if (bytes[p] !== SP) return -F.BAD_TARGET
  if (!plain || head.pathEnd === head.pathStart) {
    const wrong = normalizePath(head)
    if (wrong !== 0) return -wrong
  }
  return p + 1
}
const outOfTarget = (from: number, stop: number, limits: HeadLimits): number => (stop - from > limits.targetBytes ? -F.TARGET_TOO_LONG : INCOMPLETE)

function readQuery(head: RequestHead, bytes: Buffer, from: number, stop: number): number {
  let p = from
  while (p < stop) {
    const octet = bytes[p]!
    if (QUERY[octet] === 1) p++
    else if (octet === 0x25) {
      if (p + 2 >= stop) return INCOMPLETE
      const high = HEX[bytes[p + 1]!]!
      const low = HEX[bytes[p + 2]!]!
      if (high === 255 || low === 255) return -F.BAD_PERCENT
      if (high === 0 && low === 0) return -F.AMBIGUOUS_TARGET
      p += 3
    } else break
  }
  if (p >= stop) return INCOMPLETE
  head.queryStart = from
  head.queryEnd = p
  return p
}

/** `OPTIONS *` and `http://host/path` (RFC 9112 3.2.2, 3.2.4); answers where the path begins, or after the asterisk's space. */
function readAbsoluteForm(head: RequestHead, bytes: Buffer, from: number, stop: number): number {
  if (bytes[from] === 0x2a) {
    if (from + 1 >= stop) return INCOMPLETE
    if (bytes[from + 1] !== SP || head.method !== 'OPTIONS') return -F.BAD_TARGET
    head.asterisk = true
    head.pathStart = from
    head.pathEnd = from + 1
    return from + 2
  }
  // CONNECT has authority-form; it is answered 501 whatever the authority.
  if (head.method === 'CONNECT') return -F.CONNECT_REFUSED
  for (let i = 0; i < HTTP_SCHEME.length; i++) {
    if (from + i >= stop) return INCOMPLETE
    if (LOWER[bytes[from + i]!] !== HTTP_SCHEME[i]) return -F.BAD_TARGET
  }
  let p = from + HTTP_SCHEME.length
  head.hostStart = p
  while (p < stop && bytes[p] !== 0x2f && bytes[p] !== 0x3f && bytes[p] !== SP) p++
  if (p >= stop) return INCOMPLETE
  head.hostEnd = p
  return p
}
const HTTP_SCHEME = Buffer.from('http://')

const NAME_OF_HTTP = Buffer.from('HTTP/')
/** Reads `HTTP/1.x` CR LF (RFC 9112 2.3), refusing at the first octet that cannot be part of it; answers the position after it. */
function readVersion(head: RequestHead, bytes: Buffer, from: number, to: number): number {
  const there = Math.min(10, to - from)
  for (let i = 0; i < there; i++) {
    const octet = bytes[from + i]!
    const fits = i < 5 ? octet === NAME_OF_HTTP[i] : i === 6 ? octet === 0x2e : i === 8 ? octet === CR : i === 9 ? octet === LF : octet >= 48 && octet <= 57
    if (!fits) return i > 7 && (octet === LF || octet === CR || i === 9) ? -F.BAD_LINE_END : -F.BAD_VERSION
  }
  if (there < 10) return INCOMPLETE
  head.minor = bytes[from + 7]! - 48
  return bytes[from + 5] === 0x31 && head.minor <= 1 ? from + 10 : -F.UNSUPPORTED_VERSION
}

/** Judges the fields that decide framing, host and connection, and drops what is not to be seen further on. 0, or the fault. */
function judge(head: RequestHead): number {
  head.lengthKept = false
  head.contentLength = -1
  head.chunked = false
  head.keepAlive = head.minor === 1
  head.expectsContinue = false
  head.asksWebsocket = false
  const hostOfTarget = head.hostStart > 0
  let hosts = 0
  let codings = 0
  let connections = 0
  let upgrades = 0
  for (let i = 0; i < head.fieldCount; i++) {
    switch (head.ids[i]) {
      case N.OTHER:
        break
      case N.HOST:
        if (++hosts > 1) return F.BAD_HOST
        head.flags[i] = DROPPED
        break
      case N.CONTENT_LENGTH:
        if (head.contentLength >= 0) return F.BAD_CONTENT_LENGTH
        head.contentLength = readLength(head, i)
        if (head.contentLength < 0) return F.BAD_CONTENT_LENGTH
        break
      case N.TRANSFER_ENCODING: {
        if (++codings > 1) return F.BAD_TRANSFER_ENCODING
        const wrong = coding(head, i)
        if (wrong !== 0) return wrong
        head.flags[i] = DROPPED
        break
      }
      case N.CONNECTION:
        connections++
        head.flags[i] = DROPPED
        break
      case N.EXPECT:
        // RFC 9110 10.1.1: the only defined expectation; the gateway answers it itself, an HTTP/1.0 client's is ignored.
        if (head.value(i).toLowerCase() !== '100-continue') return F.EXPECTATION_FAILED
        head.expectsContinue = head.minor === 1
        head.flags[i] = DROPPED
        break
      case N.UPGRADE:
        upgrades++
        head.flags[i] = DROPPED
        break
      case N.DISGUISED:
        return F.DISGUISED_FRAMING
      case N.FORWARDED:
      case N.X_FORWARDED_FOR:
      case N.X_FORWARDED_PROTO:
      case N.X_REQUEST_ID:
      case N.HOP_BY_HOP:
      case N.RESERVED:
        head.flags[i] = DROPPED
        break
    }
  }
  if (codings > 0) {
    if (head.minor === 0) return F.CHUNKED_IN_1_0
    if (head.contentLength >= 0) return F.BOTH_LENGTHS
  }
  if (connections > 0) {
    const wrong = readConnection(head)
    if (wrong !== 0) return wrong
    if (upgrades === 1 && head.asksWebsocket) {
      const index = head.findId(N.UPGRADE)
      head.asksWebsocket = head.value(index).toLowerCase() === 'websocket' && head.minor === 1 && !head.hasBody && head.method === 'GET'
    } else head.asksWebsocket = false
  }
  const wrong = readHost(head, hosts, hostOfTarget)
  if (wrong !== 0) return wrong
  const length = head.methodEnd - head.start
  if (length === 5 && head.method === 'TRACE') return F.TRACE_REFUSED
  if (length === 7 && head.method === 'CONNECT') return F.CONNECT_REFUSED
  return 0
}

const CHUNKED = /^chunked$/i
const CODING = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/i
const DISGUISE = /chunked|^identity$/i
function coding(head: RequestHead, index: number): number {
  const value = head.value(index)
  if (CHUNKED.test(value)) {
    head.chunked = true
    return 0
  }
  // RFC 9112 6.1: 501 for codings that are not served, "gzip, chunked" among them; what is no list of codings, or disguises chunked, is a framing fault.
  const codings = value.split(/[ \t]*,[ \t]*/)
  if (codings.length > 1 && CHUNKED.test(codings.at(-1)!)) codings.pop()
  return codings.every((each) => CODING.test(each) && !DISGUISE.test(each)) ? F.UNKNOWN_CODING : F.BAD_TRANSFER_ENCODING
}

const UNLISTABLE = new Set([
  N.HOST,
  N.CONTENT_LENGTH,
  N.TRANSFER_ENCODING,
  N.FORWARDED,
  N.X_FORWARDED_FOR,
  N.RESERVED,
  N.AUTHORIZATION,
  N.COOKIE,
  N.EXPECT,
  N.X_REQUEST_ID,
  N.VIA,
  N.DISGUISED,
])
/** RFC 9110 7.6.1: fields that Connection lists go no further, and no policy reads them; listing what routes, frames or vouches is an attack. */
function readConnection(head: RequestHead): number {
  let simple = true
  for (let i = head.findId(N.CONNECTION); i >= 0; i = head.findId(N.CONNECTION, i + 1)) {
    const value = head.value(i)
    if (value === 'keep-alive') head.keepAlive = true
    else {
      simple = false
      for (const part of value.split(',')) {
        const option = withoutOws(part).toLowerCase()
        if (option === 'close') head.keepAlive = false
        else if (option === 'keep-alive') head.keepAlive = head.keepAlive || head.minor === 0
        else if (option === 'upgrade') head.asksWebsocket = true
        else if (option !== '' && dropListed(head, option)) return F.BAD_CONNECTION
      }
    }
  }
  if (simple) return 0
  // "close" wins wherever it stands.
  for (let i = head.findId(N.CONNECTION); i >= 0; i = head.findId(N.CONNECTION, i + 1))
    if (/(?:^|[,\s])close(?:$|[,\s])/i.test(head.value(i))) head.keepAlive = false
  return 0
}

/** Drops the fields of that name; true when the name must not be listed or is none. */
function dropListed(head: RequestHead, option: string): boolean {
  if (!/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(option)) return true
  const name = N.fieldName(option)
  if (UNLISTABLE.has(N.identify(name.bytes, 0, name.bytes.length))) return true
  for (let i = head.find(name); i >= 0; i = head.find(name, i + 1)) head.drop(i)
  return false
}
