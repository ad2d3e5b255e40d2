// Reads a response head from an upstream as strictly as a request's: what is ambiguous there is somebody else's response here.
import * as F from './faults.ts'
import { DROPPED, type FieldLimits, FieldLines, INCOMPLETE, readFieldLines, readLength } from './field-lines.ts'
import * as N from './field-names.ts'
import { CR, FIELD_VALUE, LF, SP, withoutOws } from './octets.ts'
import { reasonPhrase } from './reason-phrases.ts'

/** How the end of a response's body is known (RFC 9112 6.3). */
export const NO_BODY = 0
export const BY_LENGTH = 1
export const BY_CHUNKS = 2
export const BY_CLOSE = 3

/** One response head, reused from response to response. */
export class ResponseHead extends FieldLines {
  start = 0
  minor = 1
  status = 0
  /** The status line is already written as the gateway would write it. */
  statusLineKept = false
  /** In the place of what the upstream called it, when a policy changed the status. */
  reason: string | undefined = undefined
  reasonStart = 0
  reasonEnd = 0
  /** Declared octets of body, -1 when not declared: for HEAD and 304 it describes a body that does not follow. */
  contentLength = -1
  framing = NO_BODY
  keepAlive = true
  /** The upstream says when it made the response; else the gateway does. */
  hasDate = false
  /** `Strict-Transport-Security` is there, once or several times. */
  hasTransportSecurity = false
  /** `Upgrade: websocket`, in a 101. */
  upgradesToWebsocket = false

  /** Another status, by its usual name. */
  restate(status: number): void {
    this.status = status
    this.statusLineKept = false
    this.reason = reasonPhrase(status)
  }
}

/**
 * Reads the response head at `from`. `toHead` tells that it answers a HEAD request. Answers the position after the head, `INCOMPLETE`, or `-n` for
 * `messageFault(n)`.
 */
export function readResponseHead(head: ResponseHead, bytes: Buffer, from: number, to: number, limits: FieldLimits, toHead: boolean): number {
  head.bytes = bytes
  let end = readStatusLine(head, bytes, from, to)
  if (end > 0) end = readFieldLines(head, bytes, end, to, limits)
  if (end <= 0) return end === INCOMPLETE && to - from >= limits.headBytes ? -F.HEAD_TOO_LARGE : end
  if (end - from > limits.headBytes) return -F.HEAD_TOO_LARGE
  head.end = end
  const wrong = judge(head, toHead)
  return wrong === 0 ? end : -wrong
}

const NAME_OF_HTTP_1 = Buffer.from('HTTP/1.')
function readStatusLine(head: ResponseHead, bytes: Buffer, from: number, to: number): number {
  const there = Math.min(12, to - from)
  for (let i = 0; i < there; i++) {
    const octet = bytes[from + i]!
    const fits = i < 7 ? octet === NAME_OF_HTTP_1[i] : i === 7 ? octet === 0x30 || octet === 0x31 : i === 8 ? octet === SP : octet >= 48 && octet <= 57
    if (!fits) return -F.BAD_STATUS_LINE
  }
  if (to - from < 13) return INCOMPLETE
  head.minor = bytes[from + 7]! - 48
  head.reason = undefined
  head.status = (bytes[from + 9]! - 48) * 100 + (bytes[from + 10]! - 48) * 10 + bytes[from + 11]! - 48
  // RFC 9110 15: 100 to 599.
  if (head.status < 100 || head.status > 599) return -F.BAD_STATUS_LINE
  let p = from + 12
  head.start = from
  head.statusLineKept = head.minor === 1 && bytes[p] === SP
  if (bytes[p] === SP) p++
  else if (bytes[p] !== CR) return -F.BAD_STATUS_LINE
  head.reasonStart = p
  while (p < to && FIELD_VALUE[bytes[p]!] === 1) p++
  head.reasonEnd = p
  if (p + 1 >= to) return p < to && bytes[p] !== CR ? -F.BAD_LINE_END : INCOMPLETE
  return bytes[p] === CR && bytes[p + 1] === LF ? p + 2 : -F.BAD_LINE_END
}

/** Settles the framing, and drops what belongs to the hop or would lead clients round the gateway. 0, or the fault. */
function judge(head: ResponseHead, toHead: boolean): number {
  head.contentLength = -1
  head.keepAlive = head.minor === 1
  head.hasDate = false
  head.hasTransportSecurity = false
  head.upgradesToWebsocket = false
  head.lengthKept = false
  let chunked = false
  let connections = 0
  let lengthAt = -1
  for (let i = 0; i < head.fieldCount; i++) {
    switch (head.ids[i]) {
      case N.CONTENT_LENGTH:
        if (head.contentLength >= 0) return F.BAD_CONTENT_LENGTH
        lengthAt = i
        head.contentLength = readLength(head, i)
        if (head.contentLength < 0) return F.BAD_CONTENT_LENGTH
        break
      case N.TRANSFER_ENCODING:
        if (chunked || !/^chunked$/i.test(head.value(i))) return F.BAD_TRANSFER_ENCODING
        if (head.minor === 0) return F.CHUNKED_IN_1_0
        chunked = true
        head.flags[i] = DROPPED
        break
      case N.DISGUISED:
        return F.DISGUISED_FRAMING
      case N.CONNECTION:
        connections++
        head.flags[i] = DROPPED
        break
      case N.UPGRADE:
        head.upgradesToWebsocket = head.value(i).toLowerCase() === 'websocket'
        head.flags[i] = DROPPED
        break
      case N.DATE:
        head.hasDate = true
        break
      case N.STRICT_TRANSPORT_SECURITY:
        head.hasTransportSecurity = true
        break
      case N.HOP_BY_HOP:
      case N.X_REQUEST_ID:
      case N.ALT_SVC:
        head.flags[i] = DROPPED
        break
    }
  }
  if (chunked && head.contentLength >= 0) return F.BOTH_LENGTHS
  if (connections > 0 && readConnection(head)) return F.BAD_CONNECTION
  head.framing = framingOf(head, chunked, toHead)
  // RFC 9110 8.6: no Content-Length in a 1xx or a 204.
  if (lengthAt >= 0 && (head.status < 200 || head.status === 204)) head.drop(lengthAt)
  return 0
}

/** RFC 9112 6.3, rules 1 to 8 for responses. */
function framingOf(head: ResponseHead, chunked: boolean, toHead: boolean): number {
  if (toHead || head.status < 200 || head.status === 204 || head.status === 304) return NO_BODY
  if (chunked) return BY_CHUNKS
  if (head.contentLength >= 0) return head.contentLength === 0 ? NO_BODY : BY_LENGTH
  head.keepAlive = false
  return BY_CLOSE
}

/** Drops what Connection lists; true when it lists what frames the message. */
function readConnection(head: ResponseHead): boolean {
  let simple = true
  for (let i = head.findId(N.CONNECTION); i >= 0; i = head.findId(N.CONNECTION, i + 1)) {
    const value = head.value(i).toLowerCase()
    if (value === 'keep-alive') {
      head.keepAlive = true
      continue
    }
    simple = false
    for (const part of value.split(',')) {
      const option = withoutOws(part)
      if (option === '' || option === 'keep-alive' || option === 'upgrade') continue
      if (option === 'close') {
        head.keepAlive = false
        continue
      }
      const name = N.fieldName(option)
      const id = N.identify(name.bytes, 0, name.bytes.length)
      if (id === N.CONTENT_LENGTH || id === N.TRANSFER_ENCODING) return true
      for (let at = head.find(name); at >= 0; at = head.find(name, at + 1)) head.drop(at)
    }
  }
  if (simple) return false
  for (let i = head.findId(N.CONNECTION); i >= 0; i = head.findId(N.CONNECTION, i + 1))
    if (/(?:^|[,\s])close(?:$|[,\s])/i.test(head.value(i))) head.keepAlive = false
  return false
}
