// Kinds of network addresses, as far as a configuration and the way out must tell them apart.
import { type Cidr, NetworkSet, parseCidr, parseIp, unmapped } from './ip.ts'

const networks = (...written: readonly string[]): NetworkSet => new NetworkSet(written.map((text) => parseCidr(text)!))

const LOOPBACK = networks('127.0.0.0/8', '::1')
const UNSPECIFIED = networks('0.0.0.0', '::')
/**
 * RFC 3927 and RFC 4291 2.5.6, and the other addresses at which clouds serve their metadata, which hand out credentials: AWS over IPv6, Alibaba,
 * Oracle, and the wire server of Azure.
 */
const LINK_LOCAL_OR_METADATA = networks('169.254.0.0/16', 'fe80::/10', 'fd00:ec2::254', '100.100.100.200', '192.0.0.192', '168.63.129.16')
/** "This network", multicast, reserved: nothing answers there (RFC 6890). */
const NO_HOST = networks('0.0.0.0/8', '224.0.0.0/3', 'ff00::/8')

/** What of IPv4 is not globally reachable, by the registry of special-purpose addresses (RFC 6890 and its updates). */
const IPV4_SPECIAL = networks(
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
)
/** All that is given out as global unicast (RFC 4291 2.4), and the prefix through which IPv6 hosts reach public IPv4 ones (RFC 6052 2.1). */
const IPV6_GLOBAL = networks('2000::/3', '64:ff9b::/96')
/** What of it is not: protocol assignments with Teredo among them, documentation, 6to4, and the second network for documentation (RFC 9637). */
const IPV6_SPECIAL = networks('2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20')

const NAT64 = networks('64:ff9b::/96')
const NAT64_LOCAL = networks('64:ff9b:1::/48')
const SIX_TO_FOUR = networks('2002::/16')
const TEREDO = networks('2001::/32')
const COMPATIBLE = networks('::/96')
const TRANSLATED = networks('::ffff:0:0:0/96')

export const isLoopback = (octets: Uint8Array): boolean => LOOPBACK.has(octets)
export const isUnspecified = (octets: Uint8Array): boolean => UNSPECIFIED.has(octets)
export const isLinkLocalOrMetadata = (octets: Uint8Array): boolean => LINK_LOCAL_OR_METADATA.has(octets)
export const isNoHost = (octets: Uint8Array): boolean => NO_HOST.has(octets) || isUnspecified(octets)

/** True for an address of the public internet, by its own form: what it embeds is asked for with `meanings`. Unknown networks are not public. */
export function isPublic(octets: Uint8Array): boolean {
  const plain = unmapped(octets)
  return plain.length === 4 ? !IPV4_SPECIAL.has(plain) : IPV6_GLOBAL.has(plain) && !IPV6_SPECIAL.has(plain)
}

/** The address, and every IPv4 address that it embeds by one of the schemes there have been: each may lead to the same host. */
export function meanings(octets: Uint8Array): readonly Uint8Array[] {
  // RFC 4291 2.5.5.2: a mapped address is nothing else than the IPv4 one.
  const plain = unmapped(octets)
  if (plain.length === 4) return [plain]
  return [plain, ...embedded(plain)]
}

function embedded(ip: Uint8Array): Uint8Array[] {
  const last = ip.slice(12)
  // RFC 6052 2.1, RFC 2765 2.1, and the long deprecated RFC 4291 2.5.5.1: all three end with the address. :: and ::1 are none of them.
  if (NAT64.has(ip) || TRANSLATED.has(ip)) return [last]
  if (COMPATIBLE.has(ip)) return isUnspecified(ip) || isLoopback(ip) ? [] : [last]
  // RFC 8215: the network chooses the prefix's length, and with it where the four octets stand (RFC 6052 2.2); octet 8 is never one of them.
  if (NAT64_LOCAL.has(ip))
    return [
      [6, 7, 9, 10],
      [7, 9, 10, 11],
      [9, 10, 11, 12],
      [12, 13, 14, 15],
    ].map((at) => Uint8Array.from(at, (i) => ip[i]!))
  // RFC 3056 2.
  if (SIX_TO_FOUR.has(ip)) return [ip.slice(2, 6)]
  // RFC 4380 4: the server as it is, the client with every bit turned over.
  if (TEREDO.has(ip)) return [ip.slice(4, 8), last.map((octet) => octet ^ 255)]
  // RFC 5214 6.1: ISATAP, under whatever prefix.
  if ((ip[8]! & 0xfd) === 0 && ip[9] === 0 && ip[10] === 0x5e && ip[11] === 0xfe) return [last]
  return []
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
