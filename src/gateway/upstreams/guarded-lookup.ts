// Resolves the names of upstreams, and refuses addresses that no upstream may have, or not one that the console keeps.
import { lookup } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { NetworkSet, parseCidr, parseIp, unmapped } from '../../base/ip.ts'
import { isLinkLocalOrMetadata, isPublic, meanings } from '../../base/network-range.ts'

/** True for an address that no upstream may have, written in whatever form: link-local ones hold the metadata services of clouds. */
export function isForbiddenUpstream(address: string): boolean {
  const octets = parseIp(address)
  return octets !== undefined && meanings(octets).some(isLinkLocalOrMetadata)
}

/** `dns.lookup`, whose answers are checked before they are connected to: of several addresses those that may be reached are left, and none is a failure. */
const lookupWithout =
  (isForbidden: (address: string) => boolean, kind: string): LookupFunction =>
  (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, [], 0)
      const left = found.filter(({ address }) => !isForbidden(address))
      if (left.length === 0) return callback(Object.assign(new Error(`${hostname} resolves to ${kind} address`), { code: 'EACCES' }), '', 0)
      if (options.all) callback(null, left)
      else callback(null, left[0]!.address, left[0]!.family)
    })
  }

export const guardedLookup: LookupFunction = lookupWithout(isForbiddenUpstream, 'a link-local')

/**
 * hardening: upstreams that come from the console obey the egress guard. Asked at each connection, since whoever answers for the name can have it lead
 * elsewhere at any time, to the control listener of this very Gatehouse too.
 */
export function lookupWithin(networks: readonly string[]): LookupFunction {
  const allowed = new NetworkSet(networks.map((text) => parseCidr(text)!))
  const isBeyond = (octets: Uint8Array): boolean => isLinkLocalOrMetadata(octets) || (!isPublic(octets) && !allowed.has(unmapped(octets)))
  return lookupWithout((address) => {
    const octets = parseIp(address)
    return octets === undefined || meanings(octets).some(isBeyond)
  }, 'no public')
}
