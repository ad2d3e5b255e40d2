// Which hosts and origins are ours: the listener's own addresses, and the one that people reach the console at.
import { parseIp, unmapped } from '../base/ip.ts'
import { isLoopback } from '../base/network-range.ts'

/** The origin of pages that this listener serves to who asks it by `host`. `site`: where people reach the console, perhaps behind a proxy that ends TLS. */
export function ownOrigin(host: string, site: string | undefined): string {
  const isSite = site !== undefined && new URL(site).host === host.toLowerCase()
  // Where people come over TLS, a page in clear under the same name is somebody in between.
  return isSite ? site : `http://${host}`
}

/** Whether a `Host` field names us. Names that others point at our address do not (DNS rebinding). */
export function isOwnHost(host: string | undefined, listening: string, site: string | undefined): boolean {
  if (host === undefined) return false
  const whole = host.toLowerCase()
  if (site !== undefined && new URL(site).host === whole) return true
  const name = whole.replace(/:\d{1,5}$/, '')
  const own = listening.toLowerCase()
  return name === 'localhost' || name === '127.0.0.1' || name === '[::1]' || name === own || name === `[${own}]`
}

/**
 * Whether a request crossed a network in clear: it comes from another machine, and not under the name that people reach the console at. That name is https, and what ends TLS passes
 * it on; or it is this machine, and the other is a tunnel or a container's port.
 */
export function isInClear(
  host: string | undefined,
  { remoteAddress = '', localAddress }: { readonly remoteAddress?: string | undefined; readonly localAddress?: string | undefined },
  site: string | undefined,
): boolean {
  const from = parseIp(remoteAddress.replace(/%.*$/s, ''))
  const isHere = from !== undefined && (remoteAddress === localAddress || isLoopback(unmapped(from)))
  return !isHere && (site === undefined || new URL(site).host !== host?.toLowerCase())
}
