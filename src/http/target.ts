// Normalizes the path of a request target once, so that what is matched is what is forwarded, and names every spelling that is ambiguous.
import * as F from './faults.ts'
import { HEX, latin1, UNRESERVED } from './octets.ts'
import type { RequestHead } from './request-head.ts'

/**
 * Spellings that two servers may read differently. All are refused unless the API that the path belongs to allows them by name (`allowInTarget`).
 * The bit is what `RequestHead.ambiguities` collects.
 */
export const AMBIGUITIES = {
  /** `%2f`: stays data inside one segment when allowed. */
  'encoded-slash': 1,
  /** `%5c` and a bare backslash. */
  backslash: 2,
  /** `%00` to `%1f` and `%7f`. */
  'encoded-control': 4,
  /** `.` and `..` segments, encoded or not: removed when allowed (RFC 3986 5.2.4). */
  'dot-segments': 8,
  /** `//`: kept when allowed. */
  'empty-segments': 16,
  /** `;name=value` inside a segment: kept when allowed. */
  'path-parameters': 32,
  /** Octets that are not UTF-8, overlong forms among them. */
  'invalid-utf8': 64,
  /** `%25` followed by two hexadecimal digits: decoded twice it is another path. */
  'double-encoding': 128,
} as const
export type Ambiguity = keyof typeof AMBIGUITIES

/** The bits of a list of names. */
export const ambiguityBits = (names: readonly string[]): number => names.reduce((bits, name) => bits | (AMBIGUITIES[name as Ambiguity] ?? 0), 0)

/** Where a path stands, and what is found out about it. */
type PathOfHead = Pick<RequestHead, 'bytes' | 'pathStart' | 'pathEnd' | 'respelledPath' | 'ambiguities'>

/** Sets `respelledPath` and `ambiguities` of a head whose path is not plain. 0, or the fault of an invalid percent-encoding. */
export function normalizePath(head: PathOfHead): number {
  const { bytes, pathStart, pathEnd } = head
  let text = ''
  let seen = 0
  let encodedHigh = false
  for (let p = pathStart; p < pathEnd; p++) {
    const octet = bytes[p]!
    if (octet === 0x3b) seen |= AMBIGUITIES['path-parameters']
    if (octet === 0x5c) seen |= AMBIGUITIES.backslash
    if (octet !== 0x25) {
      text += String.fromCharCode(octet)
      continue
    }
    const high = p + 2 < pathEnd ? HEX[bytes[p + 1]!]! : 255
    const low = p + 2 < pathEnd ? HEX[bytes[p + 2]!]! : 255
    if (high === 255 || low === 255) return F.BAD_PERCENT
    const decoded = high * 16 + low
    if (UNRESERVED[decoded] === 1) text += String.fromCharCode(decoded)
    else text += `%${latin1(bytes, p + 1, p + 3).toUpperCase()}`
    seen |= meaning(decoded)
    if (decoded >= 128) encodedHigh = true
    p += 2
  }
  // absolute-form without a path, "http://host?query": the empty path is "/" (RFC 9110 4.2.3).
  if (text === '') text = '/'
  // On the normalized text: the digits behind %25 may themselves have been encoded.
  if (/%25[0-9A-Fa-f]{2}/.test(text)) seen |= AMBIGUITIES['double-encoding']
  if (text.includes('//')) seen |= AMBIGUITIES['empty-segments']
  if (/(?:^|\/)\.\.?(?:\/|$)/.test(text.replaceAll(/;[^/]*/g, ''))) {
    seen |= AMBIGUITIES['dot-segments']
    text = withoutDotSegments(text)
  }
  if (encodedHigh && !isUtf8(text)) seen |= AMBIGUITIES['invalid-utf8']
  head.respelledPath = text
  head.ambiguities = seen
  return 0
}

/** Nothing in it needs a second look: segments of pchar, none of them empty or beginning with a dot. */
const PLAIN = /^\/(?:[A-Za-z0-9\-_~!$&'()*+,=:@][A-Za-z0-9\-._~!$&'()*+,=:@]*\/)*(?:[A-Za-z0-9\-_~!$&'()*+,=:@][A-Za-z0-9\-._~!$&'()*+,=:@]*)?$/
/** What may stand in a path at all, as a reader of requests would let it in. */
const OF_PATH = /^\/(?:[A-Za-z0-9\-._~!$&'()*+,=:@;/]|%[0-9A-F]{2})*$/

/**
 * Whether a path that a policy made is what a request might have come with: in normal form, and with no ambiguous spelling but those of `allowed`, bits of
 * `AMBIGUITIES`. Reads it as `normalizePath` reads a request's.
 */
export function isNormalPath(path: string, allowed: number): boolean {
  if (PLAIN.test(path)) return true
  if (!OF_PATH.test(path)) return false
  const head: PathOfHead = { bytes: Buffer.from(path, 'latin1'), pathStart: 0, pathEnd: path.length, respelledPath: undefined, ambiguities: 0 }
  return normalizePath(head) === 0 && head.respelledPath === path && (head.ambiguities & ~allowed) === 0
}

function meaning(decoded: number): number {
  if (decoded === 0x2f) return AMBIGUITIES['encoded-slash']
  if (decoded === 0x5c) return AMBIGUITIES.backslash
  if (decoded < 32 || decoded === 127) return AMBIGUITIES['encoded-control']
  return 0
}

/** remove_dot_segments of RFC 3986 5.2.4, on an absolute path; a `..` above the root stays at the root. */
function withoutDotSegments(path: string): string {
  const kept: string[] = []
  const segments = path.slice(1).split('/')
  for (const [i, segment] of segments.entries()) {
    const bare = segment.replace(/;.*$/s, '')
    const last = i === segments.length - 1
    if (bare === '.' || bare === '..') {
      if (bare === '..') kept.pop()
      if (last) kept.push('')
    } else kept.push(segment)
  }
  return `/${kept.join('/')}`
}

/** True when the percent-encoded octets of a path are well-formed UTF-8: overlong forms and surrogates are not (RFC 3629 3). */
function isUtf8(path: string): boolean {
  try {
    decodeURIComponent(path)
    return true
  } catch {
    return false
  }
}
