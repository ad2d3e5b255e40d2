// Which hosts and origins are ours: the listener's own addresses, the names of its certificates, and the one that people reach the console at.
import type { IncomingMessage } from 'node:http'
import type { TLSSocket } from 'node:tls'
import { parseIp, unmapped } from '../base/ip.ts'
import { isLoopback } from '../base/network-range.ts'

/** Whether a request came over TLS to this very listener: to be asked before it is answered, while it has its socket. */
export const isOverTls = ({ socket }: Pick<IncomingMessage, 'socket'>): boolean => (socket as TLSSocket | null)?.encrypted === true

/**
 * The origin of pages that this listener serves to who asks it by `host`. `site`: where people reach the console, perhaps behind a proxy that ends TLS;
 * `overTls`: this listener ends it.
 */
export function ownOrigin(host: string, site: string | undefined, overTls = false): string {
  const isSite = site !== undefined && new URL(site).host === host.toLowerCase()
  // Where people come over TLS, a page in clear under the same name is somebody in between.
  return isSite ? site : `${overTls ? 'https' : 'http'}://${host.toLowerCase()}`
}

/** Whether a `Host` field names us. Names that others point at our address do not (DNS rebinding). `certified`: whether a certificate of ours has the name. */
export function isOwnHost(host: string | undefined, listening: string, site: string | undefined, certified: (name: string) => boolean = () => false): boolean {
  if (host === undefined) return false
  const whole = host.toLowerCase()
  if (site !== undefined && new URL(site).host === whole) return true
  const name = whole.replace(/:\d{1,5}$/, '')
  const own = listening.toLowerCase()
  return name === 'localhost' || name === '127.0.0.1' || name === '[::1]' || name === own || name === `[${own}]` || certified(name.replace(/^\[|\]$/g, ''))
}

/**
 * Whether a request crossed a network in clear: it comes from another machine, and not under the name that people reach the console at. That name is https, and what ends TLS passes
 * it on; or it is this machine, and the other is a tunnel or a container's port. Whatever comes over TLS did not.
 */
export function isInClear(
  host: string | undefined,
  {
    remoteAddress = '',
    localAddress,
    encrypted,
  }: { readonly remoteAddress?: string | undefined; readonly localAddress?: string | undefined; readonly encrypted?: boolean },
  site: string | undefined,
): boolean {
  if (encrypted === true) return false
  const from = parseIp(remoteAddress.replace(/%.*$/s, ''))
  const isHere = from !== undefined && (remoteAddress === localAddress || isLoopback(unmapped(from)))
  return !isHere && (site === undefined || new URL(site).host !== host?.toLowerCase())
}
