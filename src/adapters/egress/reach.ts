// Which addresses and ports may be reached from here: decided on octets, never on names.
import { NetworkSet, parseCidr, parseIp, unmapped } from '../../base/ip.ts'
import { isLinkLocalOrMetadata, isLoopback, isNoHost, isPublic, isUnspecified, meanings } from '../../base/network-range.ts'

export interface ReachOptions {
  /** CIDRs that may be reached though they are not public. */
  readonly allowPrivate: readonly string[]
  /** The listeners that must never be reached, of this Gatehouse. Asked each time: a port that the system picks is known late. */
  readonly own: () => readonly { readonly host: string; readonly port: number }[]
  /** The addresses of this machine's interfaces. */
  readonly ownAddresses: () => readonly string[]
}

/**
 * Ports at which other protocols listen that take lines of an HTTP request for commands (the list of the Fetch standard, "bad port"), so that nobody
 * makes Gatehouse send mail or talk to a database. Mail has a way of its own.
 */
const OTHER_PROTOCOLS = new Set([
  1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119, 123, 135, 137,
  139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049,
  3659, 4045, 4190, 5060, 5061, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
])
export const isPortOfAnotherProtocol = (port: number): boolean => OTHER_PROTOCOLS.has(port)

/** Judges addresses. Every meaning of an address counts: one that may not be reached is enough. */
export class Reach {
  private readonly options: ReachOptions
  private readonly allowed: NetworkSet

  /** Throws when a network is malformed: the configuration has checked them. */
  constructor(options: ReachOptions) {
    this.options = options
    this.allowed = new NetworkSet(
      options.allowPrivate.map((text) => {
        const network = parseCidr(text)
        if (!network) throw new Error(`'${text}' is no network`)
        return network
      }),
    )
  }

  /** Why nothing at this address may be reached; undefined when it may. The sentence names the kind of address, not the address. */
  refusal(address: string, port: number): string | undefined {
    const octets = parseIp(address)
    // A zone (fe80::1%eth0) is an address on one link only.
    if (!octets) return 'what its name resolves to is no plain address'
    for (const meant of meanings(octets)) {
      if (isLinkLocalOrMetadata(meant)) return 'it is a link-local address or the metadata service of a cloud, which is never reached'
      if (isNoHost(meant)) return 'no single host has its address'
      if (this.isOwnListener(meant, port)) return 'it is a listener of this Gatehouse'
      if (!isPublic(meant) && !this.allowed.has(unmapped(meant))) return 'its address is not public, and egress.allowPrivate does not name its network'
    }
    return undefined
  }

  private isOwnListener(octets: Uint8Array, port: number): boolean {
    const text = octets.join('.')
    const isOurs = isLoopback(octets) || this.options.ownAddresses().some((own) => joined(own) === text)
    return this.options.own().some((listener) => {
      if (listener.port !== port) return false
      const listening = parseIp(listener.host)
      if (!listening) return isOurs
      // Any loopback address is held for the listener's: which of them arrive there is the system's affair.
      return joined(listener.host) === text || (isOurs && (isUnspecified(listening) || isLoopback(listening)))
    })
  }
}

function joined(address: string): string | undefined {
  const octets = parseIp(address)
  return octets && unmapped(octets).join('.')
}
