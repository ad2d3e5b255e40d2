// Which hosts and origins are ours: the listener's own addresses, and the one that people reach the console at.

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
