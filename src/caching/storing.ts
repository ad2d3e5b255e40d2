// Whether a response may be kept by a shared cache (RFC 9111 3), and what is kept of it.
import { type RequestDirectives, type ResponseDirectives, responseDirectives } from './cache-control.ts'
import { type Field, joinedValue, linesOf, singleValue, valuesOf } from './field-list.ts'
import { bornUs, dateOf, type Heuristic, lifetimeOf } from './freshness.ts'
import { fieldsOf304, type Selecting, type StoredResponse, selectingOf, type ValuesOf } from './stored-response.ts'
import { entityTag } from './validators.ts'
import { variesOn } from './vary.ts'

/** How one cache stores: made at load. */
export interface StoringRules {
  readonly statuses: ReadonlySet<number>
  /** Everybody gets the same response: nothing of who asks is in the key. */
  readonly isPublic: boolean
  /** Keep a response with Set-Cookie, without that field. */
  readonly stripsSetCookie: boolean
  readonly heuristic: Heuristic | undefined
  /** Freshness is cut to so many seconds, whatever the upstream says. */
  readonly maxSeconds: number
  /** Where the response does not say it (RFC 5861). */
  readonly staleIfErrorSeconds: number
  readonly staleWhileRevalidateSeconds: number
  /** Fields that name tags; they are for caches alone. Lower case. */
  readonly tagFields: readonly string[]
}

/** A response and the request that it answers, as far as storing goes. */
export interface Answered {
  readonly status: number
  readonly fields: readonly Field[]
  readonly asks: RequestDirectives
  readonly hasAuthorization: boolean
  readonly hasCookie: boolean
  /** The path, for what its ending promises. */
  readonly path: string
  readonly target: string
  /** When it was asked for and when its head came, in microseconds. */
  readonly requestUs: number
  readonly responseUs: number
  readonly valuesOf: ValuesOf
  /** Request fields, by their names in lower case, whose values another request cannot be compared by. */
  readonly isToldLater: (name: string) => boolean
  /** Names, in lower case, that the client does not get. */
  readonly isHidden: (name: string) => boolean
}

/** Why a response is not kept. */
export type NotStored =
  | 'status'
  | 'no-store'
  | 'private'
  | 'authorization'
  | 'set-cookie'
  | 'varies'
  | 'nothing-said'
  | 'useless'
  | 'not-what-its-path-says'
  | 'contradictory'

/** Status codes whose rules are obeyed here (RFC 9111 5.2.2.3); what is understood of them is that they are final and whole. */
const UNDERSTOOD: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501])
/** Of one exchange or one connection, or made anew with each answer. */
const NEVER_KEPT: ReadonlySet<string> = new Set([
  'age',
  'connection',
  'content-length',
  'keep-alive',
  'proxy-connection',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'clear-site-data',
])
const TAGS_MAX = 64
const TAG_LENGTH_MAX = 256

/** What is kept, without its body; or why nothing is. */
export function keep(answered: Answered, rules: StoringRules): Omit<StoredResponse, 'body'> | NotStored {
  const { status, fields, asks, responseUs } = answered
  if (!rules.statuses.has(status)) return 'status'
  const directives = directivesOf(fields)
  const mayStore = directives.mustUnderstand ? UNDERSTOOD.has(status) : !directives.noStore
  if (!mayStore || asks.noStore) return 'no-store'
  if (directives.isPrivate) return 'private'
  const { isPublic, mustRevalidate, sharedMaxAge } = directives
  // RFC 9111 3.5. A cookie is a credential like another: only what says that everyone may have it is kept for everyone.
  if (answered.hasAuthorization && !isPublic && !mustRevalidate && sharedMaxAge === undefined) return 'authorization'
  if (rules.isPublic && answered.hasCookie && !isPublic && sharedMaxAge === undefined) return 'authorization'
  if (valuesOf(fields, 'set-cookie').length > 0 && !rules.stripsSetCookie) return 'set-cookie'
  // A shared cache that cannot tell which of two is meant tells neither.
  for (const name of ['etag', 'last-modified', 'content-type', 'location', 'date']) if (valuesOf(fields, name).length > 1) return 'contradictory'
  const names = namesThatSelect(fields, answered.isHidden)
  if (names === undefined || names.some(answered.isToldLater)) return 'varies'
  if (rules.isPublic && !isWhatItsPathSays(answered.path, singleValue(fields, 'content-type'))) return 'not-what-its-path-says'
  const responseMs = Math.floor(responseUs / 1000)
  const lifetime = lifetimeOf(status, fields, directives, responseMs, rules.heuristic)
  // RFC 9111 3: without one of these nothing allows it.
  if (lifetime === undefined && !isPublic && !directives.noCache) return 'nothing-said'
  const kept = describe(answered, rules, directives, lifetime ?? 0, selectingOf(names, answered.valuesOf))
  return isUseless(kept, responseUs) ? 'useless' : kept
}

/** RFC 9111 4.3.4: a 304 makes the stored response as new as itself. The body stays; `undefined`: what it says now forbids to keep it. */
export function freshened(stored: StoredResponse, answered: Answered, rules: StoringRules): StoredResponse | undefined {
  const kept = keep({ ...answered, status: stored.status }, rules)
  return typeof kept === 'string' ? undefined : { ...kept, body: stored.body }
}
/** RFC 9111 3.2: the fields of a 304 take the place of those of the same name, save those that describe the body it does not have. */
export function updatedFields(stored: readonly Field[], from304: readonly Field[]): readonly Field[] {
  const news = from304.filter(([name]) => !OF_THE_BODY.has(name.toLowerCase()))
  // Without a Date it was made when it came, not when what it confirms was.
  const said = new Set(['date', ...news.map(([name]) => name.toLowerCase())])
  return [...stored.filter(([name]) => !said.has(name.toLowerCase())), ...news]
}
const OF_THE_BODY: ReadonlySet<string> = new Set(['content-encoding', 'content-length', 'content-range', 'content-type', 'set-cookie', 'transfer-encoding'])

function directivesOf(fields: readonly Field[]): ResponseDirectives {
  const value = joinedValue(fields, 'cache-control')
  const read = responseDirectives(value ?? '')
  // RFC 9111 5.4: Pragma means nothing in a response; who sends it without Cache-Control means no-cache all the same.
  const pragma = value === undefined && /(?:^|[\s,])no-cache(?:$|[\s,])/i.test(joinedValue(fields, 'pragma') ?? '')
  return pragma ? { ...read, noCache: true } : read
}

function namesThatSelect(fields: readonly Field[], isHidden: (name: string) => boolean): readonly string[] | undefined {
  const said = variesOn(joinedValue(fields, 'vary'))
  // Coded, and not said that others get it otherwise (RFC 9110 12.5.3): who did not ask for the coding cannot read it.
  const names = said !== undefined && valuesOf(fields, 'content-encoding').length > 0 && !said.includes('accept-encoding') ? [...said, 'accept-encoding'] : said
  const origin = joinedValue(fields, 'access-control-allow-origin')
  // An upstream that lets one origin read, and forgets to say that others are answered otherwise (Fetch 3.3.5).
  return names === undefined || origin === undefined || origin === '*' || isHidden('access-control-allow-origin') || names.includes('origin')
    ? names
    : [...names, 'origin']
}

function describe(
  answered: Answered,
  rules: StoringRules,
  said: ResponseDirectives,
  lifetime: number,
  selecting: readonly Selecting[],
): Omit<StoredResponse, 'body'> {
  const { fields, requestUs, responseUs } = answered
  const responseMs = Math.floor(responseUs / 1000)
  const born = bornUs(fields, requestUs, responseUs)
  // RFC 9111 4.2.4: s-maxage forbids stale use as proxy-revalidate does (5.2.2.10).
  const mayBeStale = !said.noCache && !said.mustRevalidate && !said.proxyRevalidate && said.sharedMaxAge === undefined
  const stale = (seconds: number | undefined, otherwise: number): number => (mayBeStale ? (seconds ?? otherwise) * 1e6 : 0)
  const hidden = (name: string): boolean => NEVER_KEPT.has(name) || rules.tagFields.includes(name) || answered.isHidden(name)
  const kept: Field[] = fields.filter(([name]) => !hidden(name.toLowerCase()))
  // RFC 9110 6.6.1: a response that is kept is dated.
  if (!kept.some(([name]) => name.toLowerCase() === 'date')) kept.push(['Date', new Date(responseMs).toUTCString()])
  return {
    status: answered.status,
    lines: linesOf(kept),
    notModifiedLines: linesOf(fieldsOf304(kept)),
    selecting,
    etag: entityTag(singleValue(fields, 'etag')),
    lastModified: singleValue(fields, 'last-modified'),
    dateMs: dateOf(fields, responseMs),
    bornUs: born,
    freshUntilUs: born + Math.min(lifetime, rules.maxSeconds) * 1e6,
    behindUs: stale(said.staleWhileRevalidate, rules.staleWhileRevalidateSeconds),
    onErrorUs: stale(said.staleIfError, rules.staleIfErrorSeconds),
    mayBeStale,
    mustValidate: said.noCache,
    tags: tagsOf(fields, rules.tagFields),
    target: answered.target,
  }
}

/** Neither fresh nor good for anything when it is stale. */
function isUseless({ mustValidate, freshUntilUs, behindUs, onErrorUs, etag, lastModified }: Omit<StoredResponse, 'body'>, nowUs: number): boolean {
  const canBeUsed = !mustValidate && freshUntilUs + Math.max(behindUs, onErrorUs) > nowUs
  return !canBeUsed && etag === undefined && lastModified === undefined
}

/** Fastly parts them by spaces, others by commas. */
function tagsOf(fields: readonly Field[], names: readonly string[]): readonly string[] {
  const tags = new Set<string>()
  for (const name of names)
    for (const value of valuesOf(fields, name)) for (const tag of value.split(/[ \t,]+/)) if (tag !== '' && tag.length <= TAG_LENGTH_MAX) tags.add(tag)
  return [...tags].slice(0, TAGS_MAX)
}

/**
 * Cache deception: `/account/x.css` is answered with the account's page by an upstream that does not look at the rest of the path, while something before or
 * in it makes everything that ends so cacheable. What ends like a style sheet and is none is kept for nobody.
 */
function isWhatItsPathSays(path: string, contentType: string | undefined): boolean {
  const ending = /\.([A-Za-z0-9]{1,8})(?:[;%!:,$&=~].*)?$/.exec(path.slice(path.lastIndexOf('/') + 1))?.[1]?.toLowerCase()
  const wanted = ending === undefined ? undefined : TYPES.get(ending)
  return wanted === undefined || (contentType !== undefined && wanted.test(contentType))
}
const IMAGE = /^image\//i
const FONT = /^(?:font\/|application\/(?:x-)?font-|application\/vnd\.ms-fontobject|application\/octet-stream)/i
const SOUND_AND_FILM = /^(?:audio|video)\/|^application\/(?:ogg|octet-stream)/i
const ARCHIVE = /^application\/(?!json|xml|xhtml)/i
const TYPES: ReadonlyMap<string, RegExp> = new Map([
  ['css', /^text\/css/i],
  ...['js', 'mjs', 'cjs'].map((ending) => [ending, /^(?:text|application)\/(?:x-)?(?:javascript|ecmascript)/i] as const),
  ...['png', 'jpg', 'jpeg', 'gif', 'webp', 'avif', 'ico', 'svg', 'svgz', 'bmp', 'tif', 'tiff'].map((ending) => [ending, IMAGE] as const),
  ...['woff', 'woff2', 'ttf', 'otf', 'eot'].map((ending) => [ending, FONT] as const),
  ...['mp3', 'ogg', 'flac', 'mp4', 'webm', 'avi', 'mov', 'mid', 'midi'].map((ending) => [ending, SOUND_AND_FILM] as const),
  ...['zip', 'gz', 'tar', 'bz2', '7z', 'rar', 'jar', 'exe', 'dmg', 'iso', 'apk', 'pdf', 'doc', 'docx', 'xls', 'xlsx', 'ppt', 'pptx', 'swf', 'class'].map(
    (ending) => [ending, ARCHIVE] as const,
  ),
  ['csv', /^text\/csv/i],
])
