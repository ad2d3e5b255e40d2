// Cookies: written so that a browser gives them to nobody else, read so that nobody else's is taken for ours.

/** What a cookie is for. `browser` binds what was begun to the browser that began it; `device` knows a browser again. */
export type CookiePurpose = 'session' | 'browser' | 'device'

/**
 * `session` is Strict: no request that another site causes carries it. `browser` is Lax, because a single sign-on provider sends people back from
 * another site; it grants nothing. `device` is Strict.
 */
const SAME_SITE: Readonly<Record<CookiePurpose, 'Strict' | 'Lax'>> = { session: 'Strict', browser: 'Lax', device: 'Strict' }

/**
 * `__Host-` (RFC 6265bis 4.1.3.2): only this host can have set it, over TLS, for all paths. Plain HTTP on loopback can have neither the prefix nor
 * Secure: there the name differs, so that a cookie of one kind is never read as the other.
 */
export const cookieName = (purpose: CookiePurpose, isSecure: boolean): string => `${isSecure ? '__Host-' : ''}gatehouse-${purpose}`

/** The value of a `Set-Cookie` field. Throws for a value that no cookie of ours has. `maxAgeSeconds` absent: until the browser is closed; 0 removes it. */
export function writeCookie(purpose: CookiePurpose, value: string, isSecure: boolean, maxAgeSeconds?: number): string {
  if (!/^[A-Za-z0-9._-]{0,256}$/.test(value)) throw new Error('a cookie of ours holds base64url and dots')
  const parts = [`${cookieName(purpose, isSecure)}=${value}`, 'Path=/', 'HttpOnly', `SameSite=${SAME_SITE[purpose]}`]
  if (isSecure) parts.push('Secure')
  if (maxAgeSeconds !== undefined) parts.push(`Max-Age=${maxAgeSeconds}`)
  return parts.join('; ')
}

const COOKIE_OCTETS_MAX = 8192

/**
 * The value of our cookie in a `Cookie` field (RFC 6265bis 4.2.1), or undefined: when it is not there, when it stands there twice (which one did we
 * set?), or when the value has not our form. No quotes are taken off and nothing is decoded: we write neither.
 */
export function readCookie(field: string | undefined, purpose: CookiePurpose, isSecure: boolean): string | undefined {
  if (field === undefined || field.length > COOKIE_OCTETS_MAX) return undefined
  const wanted = cookieName(purpose, isSecure)
  let found: string | undefined
  for (const pair of field.split(';')) {
    const equals = pair.indexOf('=')
    if (equals < 0 || pair.slice(0, equals).trim() !== wanted) continue
    if (found !== undefined) return undefined
    found = pair.slice(equals + 1).trim()
  }
  return found !== undefined && /^[A-Za-z0-9._-]{1,256}$/.test(found) ? found : undefined
}
