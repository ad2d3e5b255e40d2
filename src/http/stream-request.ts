// A request that came as the fields of an HTTP/2 stream, as the head of an HTTP/1.1 message: judged by RFC 9113 first, then written for the one reader.
import * as F from './faults.ts'
import { decimal } from './field-lines.ts'
import type { FieldSection } from './hpack/field-section.ts'
import { FIELD_VALUE, HTAB, LOWER, SP, TOKEN } from './octets.ts'

export interface StreamRequestTerms {
  /** By which scheme the connection came; over TLS a stream may claim no other. */
  readonly scheme: 'http' | 'https'
  /** Makes the nonce of a WebSocket handshake, which RFC 8441 leaves out. */
  readonly websocketKey: () => string
}

const OTHER = 0
const METHOD = 1
const SCHEME = 2
const AUTHORITY = 3
const PATH = 4
const PROTOCOL = 5
const HOST = 6
const COOKIE = 7
const CONTENT_LENGTH = 8
const TE = 9
const SEC_WEBSOCKET_KEY = 10
/** RFC 9113 8.2.2. */
const OF_CONNECTION = 11

const KNOWN: { readonly bytes: Uint8Array; readonly id: number }[][] = []
for (const [name, id] of [
  [':method', METHOD],
  [':scheme', SCHEME],
  [':authority', AUTHORITY],
  [':path', PATH],
  [':protocol', PROTOCOL],
  ['host', HOST],
  ['cookie', COOKIE],
  ['content-length', CONTENT_LENGTH],
  ['te', TE],
  ['sec-websocket-key', SEC_WEBSOCKET_KEY],
  ['connection', OF_CONNECTION],
  ['proxy-connection', OF_CONNECTION],
  ['keep-alive', OF_CONNECTION],
  ['transfer-encoding', OF_CONNECTION],
  ['upgrade', OF_CONNECTION],
] as const)
  (KNOWN[name.length] ??= []).push({ bytes: Buffer.from(name, 'latin1'), id })

/** RFC 9113 8.2.1: a token without upper case. */
const NAME = Uint8Array.from(TOKEN, (is, octet) => (LOWER[octet] === octet ? is : 0))
const COLON = 0x3a
/** Lengths of more digits wrap 64 bits. */
const LENGTH_DIGITS_MAX = 18
const METHOD_BYTES_MAX = 32
/** What is written beside the octets of the fields themselves. */
const WRITTEN_BYTES = 512

const ascii = (text: string): Buffer => Buffer.from(text, 'latin1')
const GET = ascii('GET')
const SPACE = ascii(' ')
const HTTP_1_1 = ascii(' HTTP/1.1\r\n')
const HOST_IS = ascii('Host: ')
const IS = ascii(': ')
const CRLF = ascii('\r\n')
const COOKIE_IS = ascii('cookie: ')
const CRUMB = ascii('; ')
const CHUNKED = ascii('Transfer-Encoding: chunked\r\n')
const CLOSE = ascii('Connection: close\r\n\r\n')
const WEBSOCKET = ascii('Upgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Key: ')

/** One request, reused from stream to stream: what it holds counts until the next is read. */
export class StreamRequest {
  /** The head of the message that means the same, at `bytes[0, length)`. */
  bytes: Buffer = Buffer.alloc(0)
  length = 0
  /** The body of this message comes in chunks. */
  chunked = false
  /** The declared length of the body, or -1. */
  contentLength = -1
  /**
   * Behind a fault: the stream is reset (RFC 9113 8.1.1). Otherwise its client is told by an answer, which the RFC allows too: who made a mistake learns of it,
   * who tries to smuggle something does not.
   */
  isStreamError = false
  /** By identifier: the field of it, or -1. */
  private readonly at = new Int32Array(OF_CONNECTION + 1)
  private ids = new Uint8Array(0)

  /**
   * Reads the fields; `ended` says that the stream ended with them. Answers 0, or the fault that makes the request malformed (RFC 9113 8.1.1): then nothing of
   * it goes further. What is left to judge, as the target and the host, is the reader's. A stream carries one request, and so does its message: it says
   * `Connection: close`. A body of unknown length comes in chunks.
   */
  read(section: FieldSection, ended: boolean, terms: StreamRequestTerms): number {
    this.isStreamError = true
    const fault = this.judgeFields(section, ended) || this.judgeLine(section, ended, terms.scheme) || this.judgeAuthority(section)
    if (fault === 0) this.write(section, ended, terms)
    return fault
  }

  private answered(fault: number): number {
    this.isStreamError = false
    return fault
  }

  private judgeFields(section: FieldSection, ended: boolean): number {
    const { count } = section
    if (this.ids.length < count) this.ids = new Uint8Array(count)
    const { at, ids } = this
    at.fill(-1)
    let behindPseudo = false
    for (let i = 0; i < count; i++) {
      const fault = fieldFault(section, i)
      const id = identify(section, i)
      ids[i] = id
      if (isPseudo(section, i)) {
        // RFC 9113 8.3: pseudo-fields come first, each once, and none but those that are defined.
        if (id === OTHER || behindPseudo || at[id] !== -1) return F.BAD_PSEUDO_FIELDS
        if (fault !== 0) return F.BAD_FIELD_VALUE
      } else {
        behindPseudo = true
        if (fault === WHITE_SPACE) return this.answered(F.BAD_FIELD_VALUE)
        if (fault !== 0) return fault
        if (id === OF_CONNECTION || (id === TE && !isTrailers(section, i))) return F.CONNECTION_FIELD_IN_STREAM
        if (at[id] !== -1) {
          if (id === HOST) return F.BAD_HOST
          if (id === CONTENT_LENGTH) return F.BAD_CONTENT_LENGTH
        }
      }
      if (id !== OTHER && at[id] === -1) at[id] = i
    }
    return this.judgeLength(section, ended)
  }

  private judgeLength(section: FieldSection, ended: boolean): number {
    this.contentLength = -1
    const index = this.at[CONTENT_LENGTH]!
    if (index < 0) return 0
    const from = valueStart(section, index)
    const to = end(section, index)
    if (to === from || to - from > LENGTH_DIGITS_MAX) return F.BAD_CONTENT_LENGTH
    for (let p = from; p < to; p++) if (section.bytes[p]! < 0x30 || section.bytes[p]! > 0x39) return F.BAD_CONTENT_LENGTH
    // RFC 9110 9.3.6: a CONNECT has no content.
    if (this.at[PROTOCOL] !== -1) return this.answered(F.BAD_CONTENT_LENGTH)
    if (ended && (to - from > 1 || section.bytes[from] !== 0x30)) return F.BAD_CONTENT_LENGTH
    this.contentLength = decimal(section.bytes, from, to)
    return 0
  }

  private judgeLine(section: FieldSection, ended: boolean, scheme: 'http' | 'https'): number {
    const { at } = this
    const { bytes } = section
    const [method, path, claimed] = [at[METHOD]!, at[PATH]!, at[SCHEME]!]
    const hasProtocol = at[PROTOCOL] !== -1
    if (method < 0 || !isToken(section, method)) return F.BAD_METHOD
    const isConnect = equals(section, method, 'CONNECT')
    // RFC 9113 8.5: a CONNECT names a host and port, and nothing else. This is no forward proxy.
    if (isConnect && !hasProtocol) return path < 0 && claimed < 0 && at[AUTHORITY]! >= 0 ? this.answered(F.CONNECT_REFUSED) : F.CONNECT_REFUSED
    if (path < 0 || claimed < 0) return F.BAD_PSEUDO_FIELDS
    // In clear a proxy in front may have ended TLS; over TLS nothing else is true.
    if (!equals(section, claimed, 'https') && (scheme === 'https' || !equals(section, claimed, 'http')))
      return isScheme(section, claimed) ? this.answered(F.BAD_PSEUDO_FIELDS) : F.BAD_PSEUDO_FIELDS
    // RFC 9113 8.3.1: a path, or the asterisk of OPTIONS; the other forms of a target are HTTP/1.1's.
    const from = valueStart(section, path)
    if (bytes[from] !== 0x2f || from === end(section, path)) {
      if (!equals(section, path, '*') || !equals(section, method, 'OPTIONS')) return F.BAD_TARGET
    }
    for (let p = from; p < end(section, path); p++) if (bytes[p] === SP || bytes[p] === HTAB) return F.BAD_TARGET
    if (end(section, method) - valueStart(section, method) > METHOD_BYTES_MAX) return this.answered(F.BAD_METHOD)
    if (!hasProtocol) return 0
    // RFC 8441 4: the extended CONNECT, for WebSocket alone.
    if (!isConnect) return F.CONNECT_REFUSED
    return equals(section, at[PROTOCOL]!, 'websocket') && !ended ? 0 : this.answered(F.CONNECT_REFUSED)
  }

  /** RFC 9113 8.3.1: there is one, without user information, and a Host beside it names the same. */
  private judgeAuthority(section: FieldSection): number {
    const authority = this.at[AUTHORITY]!
    const host = this.at[HOST]!
    const named = authority >= 0 ? authority : host
    if (named < 0 || valueStart(section, named) === end(section, named)) return F.BAD_HOST
    const { bytes } = section
    for (let p = valueStart(section, named); p < end(section, named); p++)
      if (bytes[p] === 0x40 || bytes[p] === 0x2f || bytes[p] === SP || bytes[p] === HTAB) return F.BAD_HOST
    if (authority < 0 || host < 0 || agree(section, authority, host)) return 0
    return valueStart(section, host) === end(section, host) ? F.HOST_DISAGREES : this.answered(F.HOST_DISAGREES)
  }

  private write(section: FieldSection, ended: boolean, terms: StreamRequestTerms): void {
    const { at, ids } = this
    const room = section.free + section.count * 4 + WRITTEN_BYTES
    if (this.bytes.length < room) this.bytes = Buffer.allocUnsafeSlow(room * 2)
    this.length = 0
    const websocket = at[PROTOCOL] !== -1
    this.chunked = !websocket && this.contentLength < 0 && at[CONTENT_LENGTH] === -1 && !ended
    if (websocket) this.put(GET)
    else this.value(section, at[METHOD]!)
    this.put(SPACE)
    this.value(section, at[PATH]!)
    this.put(HTTP_1_1)
    this.put(HOST_IS)
    this.value(section, at[AUTHORITY] === -1 ? at[HOST]! : at[AUTHORITY]!)
    this.put(CRLF)
    for (let i = 0; i < section.count; i++) {
      const id = ids[i]!
      // RFC 8441 5: the key is not used here. Beside the one that is made below it would be a second.
      if (id === OTHER || id === CONTENT_LENGTH || (id === SEC_WEBSOCKET_KEY && !websocket)) {
        this.put(section.bytes, section.places[i * 3]!, valueStart(section, i))
        this.put(IS)
        this.value(section, i)
        this.put(CRLF)
      }
    }
    if (at[COOKIE] !== -1) this.writeCookie(section)
    if (websocket) {
      this.put(WEBSOCKET)
      this.put(ascii(terms.websocketKey()))
      this.put(CRLF)
      this.put(CRLF)
      return
    }
    if (this.chunked) this.put(CHUNKED)
    this.put(CLOSE)
  }

  /** RFC 9113 8.2.3: crumbs become one field before they leave HTTP/2. */
  private writeCookie(section: FieldSection): void {
    let isFirst = true
    for (let i = this.at[COOKIE]!; i < section.count; i++) {
      if (this.ids[i] !== COOKIE || valueStart(section, i) === end(section, i)) continue
      this.put(isFirst ? COOKIE_IS : CRUMB)
      isFirst = false
      this.value(section, i)
    }
    if (!isFirst) this.put(CRLF)
  }

  private value(section: FieldSection, index: number): void {
    this.put(section.bytes, valueStart(section, index), end(section, index))
  }
  private put(bytes: Buffer, start = 0, to = bytes.length): void {
    const { length } = this
    if (to - start > 64) bytes.copy(this.bytes, length, start, to)
    else for (let p = start; p < to; p++) this.bytes[length + p - start] = bytes[p]!
    this.length = length + to - start
  }
}

/** What is wrong with the trailers of a request, or 0: they hold no pseudo-field, and nothing that frames (RFC 9113 8.1). They are checked, and go no further. */
export function trailersFault(section: FieldSection): number {
  for (let i = 0; i < section.count; i++) {
    if (isPseudo(section, i)) return F.BAD_PSEUDO_FIELDS
    const fault = fieldFault(section, i)
    if (fault !== 0) return fault === WHITE_SPACE ? F.BAD_FIELD_VALUE : fault
    const id = identify(section, i)
    if (id === OF_CONNECTION) return F.CONNECTION_FIELD_IN_STREAM
    if (id === CONTENT_LENGTH) return F.BAD_CONTENT_LENGTH
  }
  return 0
}

const valueStart = (section: FieldSection, index: number): number => section.places[index * 3 + 1]!
const end = (section: FieldSection, index: number): number => section.places[index * 3 + 2]!
const isPseudo = (section: FieldSection, index: number): boolean =>
  section.places[index * 3]! < valueStart(section, index) && section.bytes[section.places[index * 3]!] === COLON

/** White space at an end of a value: nobody smuggles anything by it. */
const WHITE_SPACE = -1
/** RFC 9113 8.2.1: a name is a token without upper case; no control character is in a value, and no white space at either end. Of pseudo-fields the value alone. */
function fieldFault(section: FieldSection, index: number): number {
  const { bytes, places } = section
  const from = places[index * 3]!
  const middle = places[index * 3 + 1]!
  const to = places[index * 3 + 2]!
  if (from === middle) return F.BAD_FIELD_NAME
  if (bytes[from] !== COLON) for (let p = from; p < middle; p++) if (NAME[bytes[p]!] === 0) return F.BAD_FIELD_NAME
  for (let p = middle; p < to; p++) if (FIELD_VALUE[bytes[p]!] === 0) return F.BAD_FIELD_VALUE
  return middle < to && (isSpace(bytes[middle]!) || isSpace(bytes[to - 1]!)) ? WHITE_SPACE : 0
}
const isSpace = (octet: number): boolean => octet === SP || octet === HTAB

function identify(section: FieldSection, index: number): number {
  const { bytes } = section
  const from = section.places[index * 3]!
  const same = KNOWN[valueStart(section, index) - from]
  if (same === undefined) return OTHER
  for (let k = 0; k < same.length; k++) {
    const known = same[k]!.bytes
    let i = 0
    while (i < known.length && bytes[from + i] === known[i]) i++
    if (i === known.length) return same[k]!.id
  }
  return OTHER
}

function equals(section: FieldSection, index: number, text: string): boolean {
  const from = valueStart(section, index)
  if (end(section, index) - from !== text.length) return false
  for (let i = 0; i < text.length; i++) if (section.bytes[from + i] !== text.charCodeAt(i)) return false
  return true
}
function agree(section: FieldSection, one: number, other: number): boolean {
  const { bytes } = section
  const length = end(section, one) - valueStart(section, one)
  if (length !== end(section, other) - valueStart(section, other)) return false
  for (let i = 0; i < length; i++) if (LOWER[bytes[valueStart(section, one) + i]!] !== LOWER[bytes[valueStart(section, other) + i]!]) return false
  return true
}
function isToken(section: FieldSection, index: number): boolean {
  const from = valueStart(section, index)
  for (let p = from; p < end(section, index); p++) if (TOKEN[section.bytes[p]!] === 0) return false
  return from < end(section, index)
}
const isTrailers = (section: FieldSection, index: number): boolean => /^trailers$/i.test(section.value(index))
/** RFC 3986 3.1. */
const isScheme = (section: FieldSection, index: number): boolean => /^[a-z][a-z0-9+.-]*$/i.test(section.value(index))
