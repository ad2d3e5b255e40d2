// Resolves the names of upstreams, and refuses addresses that no upstream may have.
import { lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { parseIp } from '../base/ip.ts'
import { isLinkLocalOrMetadata, meanings } from '../base/network-range.ts'

/** True for an address that no upstream may have, written in whatever form: link-local ones hold the metadata services of clouds. */
export function isForbiddenUpstream(address: string): boolean {
  const octets = parseIp(address)
  return octets !== undefined && meanings(octets).some(isLinkLocalOrMetadata)
}

/** `dns.lookup`, whose answers are checked before they are connected to: a name that points at a forbidden address fails. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, options, (error, address, family) => {
    if (error) return callback(error, address, family)
    const found = Array.isArray(address) ? address.map((each) => each.address) : [address]
    if (found.some(isForbiddenUpstream)) return callback(Object.assign(new Error(`${hostname} resolves to a link-local address`), { code: 'EACCES' }), '', 0)
    callback(null, address, family)
  })
}
