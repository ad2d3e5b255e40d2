// Reads the Host field, and the authority of an absolute-form target, into one host (RFC 9112 3.2).
import { parseIp } from '../base/ip.ts'
import * as F from './faults.ts'
import { HOST } from './field-names.ts'
import { HOST_NAME, latin1 } from './octets.ts'
import type { RequestHead } from './request-head.ts'

/**
 * Settles which host the request is for. RFC 9112 3.2.2 would let an absolute-form target override Host; two readings of one request are what attacks
 * live on, so a disagreement is refused. 0, or the fault.
 */
export function readHost(head: RequestHead, hosts: number, hostOfTarget: boolean): number {
  const targetHost = hostOfTarget ? head.host : ''
  if (hostOfTarget && targetHost === '') return F.BAD_HOST
  if (hosts === 0) {
    // RFC 9112 3.2: only HTTP/1.0 may come without a Host.
    if (head.minor === 1) return F.BAD_HOST
    if (!hostOfTarget) {
      head.hostStart = 0
      head.hostEnd = 0
      head.hostNameEnd = 0
      return 0
    }
  } else {
    const index = head.findId(HOST)
    head.hostStart = head.at[index * 4 + 2]!
    head.hostEnd = head.at[index * 4 + 3]!
  }
  head.hostNameEnd = endOfName(head.bytes, head.hostStart, head.hostEnd)
  if (head.hostNameEnd < 0) return F.BAD_HOST
  if (hostOfTarget && comparable(targetHost) !== comparable(head.host)) return F.HOST_DISAGREES
  return 0
}
const comparable = (host: string): string =>
  host
    .toLowerCase()
    .replace(/:(?:80)?$/, '')
    .replace(/\.$/, '')

/** Where the name ends (before a final dot and the port), or -1 when `bytes[start, end)` is no host with an optional port. */
function endOfName(bytes: Buffer, start: number, end: number): number {
  let p = start
  if (bytes[p] === 0x5b) {
    while (p < end && bytes[p] !== 0x5d) p++
    if (p >= end || p - start > 46 || parseIp(latin1(bytes, start + 1, p))?.length !== 16) return -1
    p++
  } else {
    while (p < end && HOST_NAME[bytes[p]!] === 1) p++
    if (p === start || p - start > 255) return -1
    if (bytes[start] === 0x2e) return -1
  }
  const nameEnd = bytes[p - 1] === 0x2e ? p - 1 : p
  if (p === end) return nameEnd
  // port = *DIGIT (RFC 3986 3.2.3): an empty one is legal.
  if (bytes[p] !== 0x3a || end - p > 6) return -1
  let port = 0
  for (p++; p < end; p++) {
    const digit = bytes[p]! - 48
    if (digit < 0 || digit > 9) return -1
    port = port * 10 + digit
  }
  return port > 65535 ? -1 : nameEnd
}
