// Resolves the names of upstreams, and refuses addresses that no upstream may have, or not one that the console keeps.
import type { LookupFunction } from 'node:net'
import { networkInterfaces } from 'node:os'
import { NetworkSet, parseCidr, parseIp, unmapped } from '../../base/ip.ts'
import { isLinkLocalOrMetadata, isLoopback, isPublic, isUnspecified, meanings } from '../../base/network-range.ts'
import type { AddressLookup } from './names/name-book.ts'
import { systemAddresses } from './names/questions.ts'

/** True for an address that no upstream may have, written in whatever form: link-local ones hold the metadata services of clouds. */
export function isForbiddenUpstream(address: string): boolean {
  const octets = parseIp(address)
  return octets !== undefined && meanings(octets).some(isLinkLocalOrMetadata)
}

/** A look-up whose answers are checked before they are connected to: of several addresses those that may be reached are left, and none is a failure. */
const lookupWithout =
  (look: AddressLookup, isForbidden: (address: string) => boolean, kind: string): LookupFunction =>
  (hostname, options, callback) => {
    look(hostname, (error, found) => {
      if (error) return callback(error, [], 0)
      const { family } = options
      const left = found.filter((each) => (family !== 4 && family !== 6) || each.family === family).filter(({ address }) => !isForbidden(address))
      if (left.length === 0) return callback(Object.assign(new Error(`${hostname} resolves to ${kind} address`), { code: 'EACCES' }), '', 0)
      if (options.all) callback(null, [...left])
      else callback(null, left[0]!.address, left[0]!.family)
    })
  }

/** By the machine's own resolver. */
export const systemLookup: AddressLookup = (name, done) => {
  systemAddresses(name).then(
    (found) => done(null, found),
    (cause: NodeJS.ErrnoException) => done(cause, []),
  )
}

export const guardedLookup = (look: AddressLookup): LookupFunction => lookupWithout(look, isForbiddenUpstream, 'a link-local')

/**
 * hardening: upstreams that come from the console obey the egress guard. Asked at each connection, since whoever answers for the name can have it lead
 * elsewhere at any time, to the control listener of this very Gatehouse too.
 */
export function lookupWithin(look: AddressLookup, networks: readonly string[]): LookupFunction {
  const allowed = new NetworkSet(networks.map((text) => parseCidr(text)!))
  const isBeyond = (octets: Uint8Array): boolean => isLinkLocalOrMetadata(octets) || (!isPublic(octets) && !allowed.has(unmapped(octets)))
  return lookupWithout(
    look,
    (address) => {
      const octets = parseIp(address)
      return octets === undefined || meanings(octets).some(isBeyond)
    },
    'no public',
  )
}

/** The same with none of this machine's own addresses: where DNS says the port, it could say that of our control listener. */
export const lookupElsewhere =
  (look: AddressLookup): AddressLookup =>
  (name, done) => {
    look(name, (error, found) => done(error, error ? found : found.filter(({ address }) => !isHere(address))))
  }
function isHere(address: string): boolean {
  const octets = parseIp(address)
  if (octets === undefined) return true
  const own = Object.values(networkInterfaces()).flatMap((each) => each?.flatMap((one) => parseIp(one.address)?.join('.') ?? []) ?? [])
  return meanings(octets).some((meant) => isLoopback(meant) || isUnspecified(meant) || own.includes(meant.join('.')))
}
