// Cookies of the control listener: read strictly, and named so that no other site can set them.
import type { IncomingMessage } from 'node:http'

/** `__Host-` (RFC 6265bis 4.1.3.2): only this very host can have set it, over TLS, for all paths. Browsers take it from http on loopback, too. */
export const SESSION_COOKIE = '__Host-gatehouse-session'

/** Undefined when there is no such cookie, or more than one: which of two is meant is not to be guessed. */
export function cookieOf(request: IncomingMessage, name: string): string | undefined {
  const values = (request.headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
  return values.length === 1 ? values[0]!.slice(name.length + 1) : undefined
}
