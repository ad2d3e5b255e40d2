// Reads Cache-Control as a shared cache has to (RFC 9111 5.2): where it says something twice or wrongly, the most restrictive reading wins.
import { withoutOws } from '../http/octets.ts'
import { partsOutsideQuotes } from '../http/quoted-parts.ts'

/** RFC 9111 1.2.2: a number that is too large counts as 2^31. */
export const SECONDS_MAX = 2 ** 31

/** What an upstream says of its response. Numbers are whole seconds, 0 where what stands there is no number; undefined: not said. */
export interface ResponseDirectives {
  readonly noStore: boolean
  readonly noCache: boolean
  readonly isPrivate: boolean
  readonly isPublic: boolean
  readonly mustRevalidate: boolean
  readonly proxyRevalidate: boolean
  readonly mustUnderstand: boolean
  readonly maxAge: number | undefined
  readonly sharedMaxAge: number | undefined
  readonly staleWhileRevalidate: number | undefined
  readonly staleIfError: number | undefined
}

/** What a client asks of a cache (RFC 9111 5.2.1). `maxStale` is infinite where no number stands behind it. */
export interface RequestDirectives {
  readonly noStore: boolean
  readonly noCache: boolean
  readonly onlyIfCached: boolean
  readonly maxAge: number | undefined
  readonly minFresh: number | undefined
  readonly maxStale: number | undefined
}

/** Name and argument of each directive, in the order in which they stand; undefined: what is quoted does not end, and nobody knows what was said. */
function directivesIn(value: string): readonly (readonly [name: string, argument: string | undefined])[] | undefined {
  return partsOutsideQuotes(value, ',')
    ?.map(withoutOws)
    .filter((part) => part !== '')
    .map((part) => {
      const at = part.indexOf('=')
      // A space before "=" is no directive of the grammar; it is read as one, so that what restricts is not passed over.
      return at < 0 ? [part.toLowerCase(), undefined] : [withoutOws(part.slice(0, at)).toLowerCase(), part.slice(at + 1)]
    })
}

/** RFC 9111 5.2: the token form and the quoted form mean the same. Undefined: no whole number. */
function secondsOf(argument: string | undefined): number | undefined {
  const digits = argument !== undefined && argument.length > 1 && argument.startsWith('"') && argument.endsWith('"') ? argument.slice(1, -1) : argument
  return digits !== undefined && /^[0-9]+$/.test(digits) ? Math.min(Number(digits), SECONDS_MAX) : undefined
}
const least = (before: number | undefined, now: number): number => (before === undefined ? now : Math.min(before, now))

/** `value`: all field lines, joined by ", ". */
export function responseDirectives(value: string): ResponseDirectives {
  let { noStore, noCache, isPrivate, isPublic, mustRevalidate, proxyRevalidate, mustUnderstand } = SAYS_NOTHING
  let { maxAge, sharedMaxAge, staleWhileRevalidate, staleIfError } = SAYS_NOTHING
  const all = directivesIn(value)
  if (all === undefined) return { ...SAYS_NOTHING, noStore: true }
  for (const [name, argument] of all) {
    // RFC 9111 4.2.1: freshness that is said wrongly is none.
    const seconds = secondsOf(argument) ?? 0
    if (name === 'no-store') noStore = true
    // The forms with field names (RFC 9111 5.2.2.4, 5.2.2.7) are read as those without: that restricts more, and the RFC allows it.
    else if (name === 'no-cache') noCache = true
    else if (name === 'private') isPrivate = true
    else if (name === 'must-revalidate') mustRevalidate = true
    else if (name === 'proxy-revalidate') proxyRevalidate = true
    else if (name === 'max-age') maxAge = least(maxAge, seconds)
    else if (name === 's-maxage') sharedMaxAge = least(sharedMaxAge, seconds)
    else if (name === 'stale-while-revalidate') staleWhileRevalidate = least(staleWhileRevalidate, seconds)
    else if (name === 'stale-if-error') staleIfError = least(staleIfError, seconds)
    // What permits counts only as it is spelled in the standard.
    else if (name === 'public' && argument === undefined) isPublic = true
    else if (name === 'must-understand' && argument === undefined) mustUnderstand = true
  }
  return {
    noStore,
    noCache,
    isPrivate,
    isPublic,
    mustRevalidate,
    proxyRevalidate,
    mustUnderstand,
    maxAge,
    sharedMaxAge,
    staleWhileRevalidate,
    staleIfError,
  }
}

/** What cannot be read asks for nothing. */
export function requestDirectives(value: string): RequestDirectives {
  let { noStore, noCache, onlyIfCached, maxAge, minFresh, maxStale } = ASKS_NOTHING
  for (const [name, argument] of directivesIn(value) ?? []) {
    const seconds = secondsOf(argument)
    if (name === 'no-store') noStore = true
    else if (name === 'no-cache') noCache = true
    else if (name === 'only-if-cached') onlyIfCached = true
    else if (name === 'max-age') maxAge = least(maxAge, seconds ?? 0)
    else if (name === 'min-fresh') minFresh = Math.max(minFresh ?? 0, seconds ?? SECONDS_MAX)
    // RFC 9111 5.2.1.2: without a number, however stale; with something else in its place, not at all.
    else if (name === 'max-stale') maxStale = least(maxStale, argument === undefined ? Number.POSITIVE_INFINITY : (seconds ?? 0))
  }
  return { noStore, noCache, onlyIfCached, maxAge, minFresh, maxStale }
}

export const SAYS_NOTHING: ResponseDirectives = {
  noStore: false,
  noCache: false,
  isPrivate: false,
  isPublic: false,
  mustRevalidate: false,
  proxyRevalidate: false,
  mustUnderstand: false,
  maxAge: undefined,
  sharedMaxAge: undefined,
  staleWhileRevalidate: undefined,
  staleIfError: undefined,
}
export const ASKS_NOTHING: RequestDirectives = {
  noStore: false,
  noCache: false,
  onlyIfCached: false,
  maxAge: undefined,
  minFresh: undefined,
  maxStale: undefined,
}
