// Field names that the gateway itself acts on, found over bytes without making a string.
import { FOLDED, LOWER } from './octets.ts'

/** A field name prepared for comparison: made once, at load. */
export interface FieldName {
  readonly text: string
  readonly bytes: Uint8Array
}
/** Prepares a name; case does not matter. */
export const fieldName = (text: string): FieldName => ({ text: text.toLowerCase(), bytes: Uint8Array.from(text.toLowerCase(), (char) => char.charCodeAt(0)) })

/** Identifiers of the known names; 0 is every other name. */
export const OTHER = 0
export const HOST = 1
export const CONTENT_LENGTH = 2
export const TRANSFER_ENCODING = 3
export const CONNECTION = 4
export const EXPECT = 5
export const UPGRADE = 6
export const DATE = 7
export const FORWARDED = 8
export const X_FORWARDED_FOR = 9
/** Fields of one hop (RFC 9110 7.6.1), which are never passed on. */
export const HOP_BY_HOP = 10
/** Fields that say who the caller is, or what the request really was, and that only this gateway may set (hardening: "What the gateway believes"). */
export const RESERVED = 11
export const X_REQUEST_ID = 12
/** A name that reads like a framing field to whoever folds "_" to "-": `Content_Length`. */
export const DISGUISED = 13
export const AUTHORIZATION = 14
export const COOKIE = 15
export const VIA = 16
export const SEC_WEBSOCKET_ACCEPT = 17
/** In a response it would lead clients past the gateway (RFC 7838). */
export const ALT_SVC = 18
export const X_FORWARDED_PROTO = 19
export const STRICT_TRANSPORT_SECURITY = 20

type Known = readonly [bytes: Uint8Array, id: number]
const EXACT: Known[][] = []
const PREFIXES: Known[] = []
const know = (name: string, id: number): void => void (EXACT[name.length] ??= []).push([fieldName(name).bytes, id])

know('host', HOST)
know('content-length', CONTENT_LENGTH)
know('transfer-encoding', TRANSFER_ENCODING)
know('connection', CONNECTION)
know('expect', EXPECT)
know('upgrade', UPGRADE)
know('date', DATE)
know('forwarded', FORWARDED)
know('x-forwarded-for', X_FORWARDED_FOR)
know('x-forwarded-proto', X_FORWARDED_PROTO)
know('x-request-id', X_REQUEST_ID)
know('authorization', AUTHORIZATION)
know('cookie', COOKIE)
know('via', VIA)
know('sec-websocket-accept', SEC_WEBSOCKET_ACCEPT)
know('alt-svc', ALT_SVC)
know('strict-transport-security', STRICT_TRANSPORT_SECURITY)
for (const name of [
  'keep-alive',
  'te',
  'trailer',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-authentication-info',
  'http2-settings',
])
  know(name, HOP_BY_HOP)
// `Proxy` becomes the environment variable HTTP_PROXY in CGI programs (CVE-2016-5385).
for (const name of [
  'x-method-override',
  'x-original-url',
  'x-rewrite-url',
  'x-original-host',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'true-client-ip',
  'proxy',
])
  know(name, RESERVED)
for (const prefix of ['gatehouse-', 'x-forwarded-', 'x-http-method', 'client-cert']) PREFIXES.push([fieldName(prefix).bytes, RESERVED])

/** 1 where some reserved prefix begins with this letter: most names are told apart by their first octet. */
const PREFIX_FIRST = new Uint8Array(256)
for (const [bytes] of PREFIXES) {
  PREFIX_FIRST[bytes[0]!] = 1
  PREFIX_FIRST[bytes[0]! - 32] = 1
}

/** Which known name stands at `bytes[start, end)`. A spelling with "_" counts as reserved, or as disguised where the name frames the message. */
export function identify(bytes: Uint8Array, start: number, end: number): number {
  const sameLength = EXACT[end - start]
  if (sameLength !== undefined) {
    const first = FOLDED[bytes[start]!]!
    for (let k = 0; k < sameLength.length; k++) {
      const known = sameLength[k]![0]
      if (known[0] !== first) continue
      let i = 1
      let exact = true
      while (i < known.length) {
        const octet = bytes[start + i]!
        if (LOWER[octet] !== known[i]) {
          if (FOLDED[octet] !== known[i]) break
          exact = false
        }
        i++
      }
      if (i === known.length) return exact ? sameLength[k]![1] : underscored(sameLength[k]![1])
    }
  }
  if (PREFIX_FIRST[bytes[start]!] === 0) return OTHER
  for (let k = 0; k < PREFIXES.length; k++) {
    const prefix = PREFIXES[k]![0]
    if (end - start < prefix.length) continue
    let i = 0
    while (i < prefix.length && FOLDED[bytes[start + i]!] === prefix[i]) i++
    if (i === prefix.length) return PREFIXES[k]![1]
  }
  return OTHER
}

const underscored = (id: number): number =>
  id === CONTENT_LENGTH || id === TRANSFER_ENCODING
    ? DISGUISED
    : id === DATE || id === AUTHORIZATION || id === COOKIE || id === SEC_WEBSOCKET_ACCEPT || id === ALT_SVC || id === STRICT_TRANSPORT_SECURITY
      ? OTHER
      : RESERVED

/** True when the name at `bytes[start, end)` is `name`, ignoring case. */
export function isNamed(bytes: Uint8Array, start: number, end: number, name: FieldName): boolean {
  const wanted = name.bytes
  if (end - start !== wanted.length) return false
  for (let i = 0; i < wanted.length; i++) if (LOWER[bytes[start + i]!] !== wanted[i]) return false
  return true
}
