// What a request asks of the cache: read in one pass over its fields, which also makes the key.
import { hash } from 'node:crypto'
import { ASKS_NOTHING, type RequestDirectives, requestDirectives } from '../../caching/cache-control.ts'
import type { Flight } from '../../caching/flights.ts'
import type { StoredResponse, ValuesOf } from '../../caching/stored-response.ts'
import { DROPPED } from '../../http/field-lines.ts'
import type { FieldNameSet } from '../../http/field-name-set.ts'
import { type FieldName, fieldName, isNamed } from '../../http/field-names.ts'
import { LOWER } from '../../http/octets.ts'
import type { RequestHead } from '../../http/request-head.ts'
import type { Exchange } from '../../pipeline/exchange.ts'
import { Principal } from '../../pipeline/slots.ts'
import { type Filling, targetOf } from '../../ports/responses.ts'
import type { Config } from './config.ts'

/** What a field is to the key. */
const KEYED = 0
/** Its differences are told by Vary, or mean nothing to an upstream. */
const UNKEYED = 1
const AUTHORIZATION = 2
const COOKIE = 3
const RANGE = 4
const IF_RANGE = 5
const IF_NONE_MATCH = 6
const IF_MODIFIED_SINCE = 7
/** Conditions that only the upstream may judge (RFC 9111 4.3.2). */
const FOR_UPSTREAM = 8
const CACHE_CONTROL = 9
const PRAGMA = 10

/**
 * Fields that are not in the key by themselves. A response that differs by one of them says so in Vary; every other field that reaches the upstream is in the
 * key, because nobody knows what an upstream makes of a field that nobody here knows.
 */
const UNKEYED_NAMES =
  'accept accept-charset accept-encoding accept-language baggage dnt downlink dpr ect from origin priority purpose referer rtt save-data sec-ch-ua sec-ch-ua-arch sec-ch-ua-bitness sec-ch-ua-full-version-list sec-ch-ua-mobile sec-ch-ua-model sec-ch-ua-platform sec-ch-ua-platform-version sec-fetch-dest sec-fetch-mode sec-fetch-site sec-fetch-user sec-gpc sec-purpose traceparent tracestate upgrade-insecure-requests user-agent via viewport-width width content-length'.split(
    ' ',
  )
const READ: readonly (readonly [name: string, meaning: number])[] = [
  ['authorization', AUTHORIZATION],
  ['cookie', COOKIE],
  ['range', RANGE],
  ['if-range', IF_RANGE],
  ['if-none-match', IF_NONE_MATCH],
  ['if-modified-since', IF_MODIFIED_SINCE],
  ['if-match', FOR_UPSTREAM],
  ['if-unmodified-since', FOR_UPSTREAM],
  ['cache-control', CACHE_CONTROL],
  ['pragma', PRAGMA],
]
/** Longer keys are not looked for: their responses would be little beside them. */
const KEY_LENGTH_MAX = 8192

/** A request that the store may answer. Made per request; what it holds of the exchange lasts as long as that. */
export interface Asked {
  readonly key: string
  readonly target: string
  readonly path: string
  readonly toHead: boolean
  readonly asks: RequestDirectives
  readonly hasAuthorization: boolean
  readonly hasCookie: boolean
  readonly range: string | undefined
  readonly ifRange: string | undefined
  readonly ifNoneMatch: string | undefined
  readonly ifModifiedSince: string | undefined
  readonly valuesOf: ValuesOf
  /** Whether the upstream is told a field of this name, in lower case, that nobody knows of yet when a response is looked for. */
  isToldLater(x: Exchange, name: string): boolean
  /** What stands in the store and could not be used as it is. */
  stored: StoredResponse | undefined
  /** The upstream is asked whether `stored` still holds, by our conditions. */
  validates: boolean
  filling: Filling | undefined
  flight: Flight | undefined
  /** Why the upstream is asked, as RFC 9211 2.2 names it. */
  why: string
}

export interface KeyRules {
  /** In front of every key: what made the responses. */
  readonly prefix: string
  readonly api: string
  readonly isPublic: boolean
  /** Parameters of the query that count; undefined: the query as it is. */
  readonly query: ReadonlySet<string> | undefined
  readonly fields: readonly string[]
  readonly ignored: readonly string[]
  /** Which request directives are obeyed. */
  readonly directives: ReadonlySet<keyof RequestDirectives>
}

export class RequestReader {
  private readonly rules: KeyRules
  /** By the length of the name. */
  private readonly names: { readonly name: FieldName; readonly meaning: number }[][] = []

  constructor(rules: KeyRules) {
    this.rules = rules
    const meanings = new Map<string, number>([...UNKEYED_NAMES, ...rules.ignored].map((name) => [name.toLowerCase(), UNKEYED]))
    for (const name of rules.fields) meanings.set(name.toLowerCase(), KEYED)
    for (const [name, meaning] of READ) meanings.set(name, meaning)
    for (const [name, meaning] of meanings) (this.names[name.length] ??= []).push({ name: fieldName(name), meaning })
  }

  /** Undefined: this request is not the cache's business. */
  read(x: Exchange): Asked | undefined {
    const { head, upstreamFields } = x
    // A body could make any GET another one (RFC 9110 9.3.1), and spellings that two servers read differently two targets of one.
    if (head.hasBody || head.asksWebsocket || head.ambiguities !== 0) return undefined
    let rest = ''
    let credentials = ''
    let hasAuthorization = false
    let hasCookie = false
    let range: string | undefined
    let ifRange: string | undefined
    let ifNoneMatch: string | undefined
    let ifModifiedSince: string | undefined
    let cacheControl: string | undefined
    let pragma: string | undefined
    for (let i = 0; i < head.fieldCount; i++) {
      if (head.isDropped(i)) continue
      const meaning = this.meaningOf(head, i)
      if (meaning === UNKEYED) continue
      const value = head.value(i)
      if (meaning === KEYED) rest += `${head.name(i).toLowerCase()}:${value}\n`
      else if (meaning === AUTHORIZATION || meaning === COOKIE) {
        credentials += `${meaning}:${value}\n`
        if (meaning === COOKIE) hasCookie = true
        else hasAuthorization = true
      } else if (meaning === CACHE_CONTROL) cacheControl = joined(cacheControl, value)
      else if (meaning === PRAGMA) pragma = joined(pragma, value)
      else if (meaning === IF_NONE_MATCH) ifNoneMatch = joined(ifNoneMatch, value)
      // Of what may stand there once, two are none that could be judged here.
      else if (meaning === FOR_UPSTREAM) return undefined
      else if (meaning === RANGE) {
        if (range !== undefined) return undefined
        range = value
      } else if (meaning === IF_RANGE) {
        if (ifRange !== undefined) return undefined
        ifRange = value
      } else {
        if (ifModifiedSince !== undefined) return undefined
        ifModifiedSince = value
      }
    }
    // An identify policy that cut its key out of the cookies says the others anew.
    if (upstreamFields !== '') {
      hasAuthorization ||= SAYS_AUTHORIZATION.test(upstreamFields)
      hasCookie ||= SAYS_COOKIE.test(upstreamFields)
    }
    const { isPublic, prefix, api } = this.rules
    const { path } = x
    const authority = head.host.toLowerCase()
    const query = this.queryOf(x)
    const target = targetOf(api, authority, path, query)
    // RFC 9110 4.2.2: https and http name different resources, and an upstream is told which it was.
    const { scheme } = x
    const identity = isPublic ? '' : identityOf(x, credentials, hasAuthorization || hasCookie)
    const key = `${prefix} ${scheme}\n${target}\n${ledTo(x)}${keptBack(x)}${identity}\n${rest}`
    if (key.length > KEY_LENGTH_MAX) return undefined
    const flags = head.flags.slice(0, head.fieldCount)
    return {
      key,
      target,
      path,
      toHead: x.method === 'HEAD',
      asks: cacheControl === undefined && pragma === undefined ? ASKS_NOTHING : this.asks(cacheControl, pragma),
      hasAuthorization,
      hasCookie,
      range,
      ifRange,
      ifNoneMatch,
      ifModifiedSince,
      valuesOf: (name) => [...valuesIn(head, flags, name), ...valuesTold(upstreamFields, name)],
      isToldLater: (now, name) => isToldLater(now, flags, upstreamFields, name),
      stored: undefined,
      validates: false,
      filling: undefined,
      flight: undefined,
      why: 'uri-miss',
    }
  }

  /** What an unsafe request makes void: the same text as a GET's target. */
  targetOf(x: Exchange, path = x.path, query = x.query): string {
    return targetOf(this.rules.api, x.head.host.toLowerCase(), path, this.reduced(query))
  }
  /** The query that counts, which is also the one that is forwarded: what is not in the key the upstream does not see. */
  queryOf(x: Exchange): string | undefined {
    return this.reduced(x.query)
  }
  private reduced(query: string | undefined): string | undefined {
    const { query: chosen } = this.rules
    if (query === undefined || chosen === undefined) return query
    const kept = query.split('&').filter((parameter) => chosen.has(parameter.split('=', 1)[0]!))
    // By name alone: the order among parameters of one name may mean something.
    return kept.length === 0
      ? undefined
      : kept
          .map((text) => [text.split('=', 1)[0]!, text] as const)
          .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
          .map(([, text]) => text)
          .join('&')
  }

  private meaningOf(head: RequestHead, index: number): number {
    const start = head.at[index * 4]!
    const end = head.at[index * 4 + 1]!
    const sameLength = this.names[end - start]
    if (sameLength !== undefined)
      for (let k = 0; k < sameLength.length; k++) if (isNamed(head.bytes, start, end, sameLength[k]!.name)) return sameLength[k]!.meaning
    return KEYED
  }

  private asks(cacheControl: string | undefined, pragma: string | undefined): RequestDirectives {
    const { directives } = this.rules
    const said = requestDirectives(cacheControl ?? '')
    // RFC 9111 5.4: Pragma counts only where there is no Cache-Control.
    const noCache = said.noCache || (cacheControl === undefined && /(?:^|[\s,])no-cache(?:$|[\s,])/i.test(pragma ?? ''))
    return {
      noStore: said.noStore && directives.has('noStore'),
      noCache: noCache && directives.has('noCache'),
      onlyIfCached: said.onlyIfCached && directives.has('onlyIfCached'),
      maxAge: directives.has('maxAge') ? said.maxAge : undefined,
      minFresh: directives.has('minFresh') ? said.minFresh : undefined,
      maxStale: directives.has('maxStale') ? said.maxStale : undefined,
    }
  }
}
/** Whether two requests that differ in this field have two keys. */
export function isInKey(name: string, { key, public: isPublic }: Pick<Config, 'key' | 'public'>): boolean {
  if (name === 'authorization' || name === 'cookie') return !isPublic
  if (READ.some(([each]) => each === name)) return false
  const isOneOf = (names: readonly string[]): boolean => names.some((each) => each.toLowerCase() === name)
  return isOneOf(key.fields) || !(UNKEYED_NAMES.includes(name) || isOneOf(key.ignore))
}

const joined = (before: string | undefined, value: string): string => (before === undefined ? value : `${before}, ${value}`)
const SAYS_AUTHORIZATION = /(?:^|\n)authorization:/i
const SAYS_COOKIE = /(?:^|\n)cookie:/i

/**
 * Who asks: the consumer, or nobody, and everything else by which the upstream could tell one caller from another: credentials that are forwarded, and what
 * policies tell it. Where that holds a secret it is a digest: a cache is no place for secrets.
 */
function identityOf(x: Exchange, credentials: string, isSecret: boolean): string {
  const consumer = x.get(Principal)?.consumer
  const who = consumer === undefined ? '-' : `=${consumer}`
  const told = credentials + x.upstreamFields
  // No name holds a space, no digest a line end, and what is told always ends with one.
  return told === '' ? who : `${who} ${isSecret ? hash('sha256', Buffer.from(told, 'latin1'), 'base64url') : told}`
}

/** Where a policy before this one has led the request, which nothing else of it may tell. No path or host begins with "=" or "-". */
const ledTo = ({ upstreamPath, upstreamHost, upstreamMethod }: Exchange): string =>
  upstreamPath === undefined && upstreamHost === undefined && upstreamMethod === undefined
    ? ''
    : `${upstreamMethod ?? ''} ${upstreamHost ?? ''} ${upstreamPath ?? ''}\n`

/** Which of the upstream's fields this client is not to get, as policies before this one have it: what is stored was made without them, or with them. */
function keptBack({ droppedFromResponse }: Exchange): string {
  if (droppedFromResponse.length === 0) return ''
  let names = '!'
  for (let i = 0; i < droppedFromResponse.length; i++) names += namesOf(droppedFromResponse[i]!)
  return `${names}\n`
}
const NAMES = new WeakMap<FieldNameSet, string>()
function namesOf(set: FieldNameSet): string {
  if (set.names.length === 1) return `${set.names[0]!.text},`
  let names = NAMES.get(set)
  if (names === undefined) NAMES.set(set, (names = set.names.map(({ text }) => `${text},`).join('')))
  return names
}

/** Fields that the gateway itself tells of each caller (`gateway/callers/about-caller.ts`), and such as differ with every request. */
const OF_EACH_CALLER: ReadonlySet<string> = new Set(['forwarded', 'x-forwarded-for', 'x-request-id'])

function isToldLater(x: Exchange, flags: Uint8Array, before: string, name: string): boolean {
  if (OF_EACH_CALLER.has(name)) return true
  // Without coding a response is good for everyone (RFC 9110 12.5.3), and with one it says which.
  if (name === 'accept-encoding') return false
  const { head, upstreamFields } = x
  if (upstreamFields !== before && valuesTold(upstreamFields, name).join('\n') !== valuesTold(before, name).join('\n')) return true
  return valuesIn(head, flags, name).length !== valuesIn(head, head.flags.subarray(0, head.fieldCount), name).length
}

/** Of field lines that the upstream is told, those of this name. */
function valuesTold(lines: string, name: string): string[] {
  if (lines === '') return []
  return lines
    .split('\r\n')
    .flatMap((line) => (line[name.length] === ':' && line.slice(0, name.length).toLowerCase() === name ? [line.slice(name.length + 2)] : []))
}

/** As the request was when the cache read it: what was dropped by then, the upstream did not see. */
function valuesIn(head: RequestHead, flags: Uint8Array, name: string): string[] {
  const found: string[] = []
  for (let i = 0; i < flags.length; i++) {
    const start = head.at[i * 4]!
    if (head.at[i * 4 + 1]! - start !== name.length || flags[i] === DROPPED) continue
    let k = 0
    while (k < name.length && LOWER[head.bytes[start + k]!] === name.charCodeAt(k)) k++
    if (k === name.length) found.push(head.value(i))
  }
  return found
}
