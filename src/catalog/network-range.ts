// Kinds of network addresses, as far as a configuration must tell them apart.
import { type Cidr, NetworkSet, parseCidr, parseIp, unmapped } from '../base/ip.ts'

const networks = (...written: readonly string[]): NetworkSet => new NetworkSet(written.map((text) => parseCidr(text)!))

const LOOPBACK = networks('127.0.0.0/8', '::1')
const UNSPECIFIED = networks('0.0.0.0', '::')
/** RFC 3927 and RFC 4291 2.5.6, and the other addresses at which clouds serve their metadata, which hand out credentials. */
const LINK_LOCAL_OR_METADATA = networks('169.254.0.0/16', 'fe80::/10', 'fd00:ec2::254', '100.100.100.200', '192.0.0.192')
/** "This network", multicast, reserved: nothing answers there (RFC 6890). */
const NO_HOST = networks('0.0.0.0/8', '224.0.0.0/3', 'ff00::/8')

export const isLoopback = (octets: Uint8Array): boolean => LOOPBACK.has(octets)
export const isUnspecified = (octets: Uint8Array): boolean => UNSPECIFIED.has(octets)
export const isLinkLocalOrMetadata = (octets: Uint8Array): boolean => LINK_LOCAL_OR_METADATA.has(octets)
export const isNoHost = (octets: Uint8Array): boolean => NO_HOST.has(octets) || isUnspecified(octets)

/** The address, and the IPv4 address that it embeds when it is mapped (RFC 4291 2.5.5.2), NAT64 (RFC 6052) or 6to4 (RFC 3056): each leads to the same host. */
export function meanings(octets: Uint8Array): readonly Uint8Array[] {
  const plain = unmapped(octets)
  if (plain.length === 4) return [plain]
  const isNat64 = plain[0] === 0 && plain[1] === 0x64 && plain[2] === 0xff && plain[3] === 0x9b && plain.subarray(4, 12).every((octet) => octet === 0)
  if (isNat64) return [plain, plain.slice(12)]
  if (plain[0] === 0x20 && plain[1] === 0x02) return [plain, plain.slice(2, 6)]
  return [plain]
}

/** True when the network is wider than anyone's own network: /8 in IPv4 (10.0.0.0/8), /7 in IPv6 (fc00::/7). */
export function isTooWide({ octets, bits }: Cidr): boolean {
  const isMapped = octets.length === 16 && bits >= 96 && unmapped(octets).length === 4
  return isMapped ? bits - 96 < 8 : bits < (octets.length === 4 ? 8 : 7)
}

/** The address that a host name is for certain, without asking the network: a literal, or `localhost` and names below it (RFC 6761 6.3). */
export function certainAddress(host: string): Uint8Array | undefined {
  const name = host.toLowerCase().replace(/\.$/, '')
  if (name === 'localhost' || name.endsWith('.localhost')) return Uint8Array.of(127, 0, 0, 1)
  return parseIp(name)
}
