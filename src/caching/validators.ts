// Entity tags and dates by which two states of a resource are told apart, and what a client's conditions come to (RFC 9110 8.8 and 13).
import { httpDate } from '../http/http-date.ts'

const TAG = /(W\/)?"([\x21\x23-\x7e\x80-\xff]*)"/y
const ONE_TAG = /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/

/** As it stands there, or undefined when it is no entity tag (RFC 9110 8.8.3). */
export const entityTag = (text: string | undefined): string | undefined => (text !== undefined && ONE_TAG.test(text) ? text : undefined)
export const isStrong = (tag: string): boolean => !tag.startsWith('W/')
const opaque = (tag: string): string => (tag.startsWith('W/') ? tag.slice(2) : tag)
/** RFC 9110 8.8.3.2. */
export const matchesWeakly = (a: string, b: string): boolean => opaque(a) === opaque(b)
export const matchesStrongly = (a: string, b: string): boolean => a === b && isStrong(a)

/** The tags of If-None-Match, `*`, or undefined when it is no list of tags. */
function tagsIn(value: string): readonly string[] | '*' | undefined {
  if (value.trim() === '*') return '*'
  const tags: string[] = []
  let at = 0
  for (;;) {
    while (at < value.length && (value[at] === ' ' || value[at] === '\t' || value[at] === ',')) at++
    if (at >= value.length) return tags.length > 0 ? tags : undefined
    TAG.lastIndex = at
    const match = TAG.exec(value)
    if (!match) return undefined
    tags.push(match[0])
    at = TAG.lastIndex
    while (at < value.length && (value[at] === ' ' || value[at] === '\t')) at++
    if (at < value.length && value[at] !== ',') return undefined
  }
}

/** What a stored response is compared by. */
export interface Validators {
  readonly etag: string | undefined
  readonly lastModified: string | undefined
  /** When it was made, milliseconds. */
  readonly dateMs: number
}

/** Whether a client that asks with these conditions has the response already (RFC 9111 4.3.2). */
export function isNotModified(of: Validators, ifNoneMatch: string | undefined, ifModifiedSince: string | undefined, nowMs: number): boolean {
  // RFC 9110 13.1.3: If-Modified-Since is passed over where If-None-Match stands, even when that cannot be read.
  if (ifNoneMatch !== undefined) {
    const tags = tagsIn(ifNoneMatch)
    if (tags === '*') return true
    return of.etag !== undefined && tags?.some((tag) => matchesWeakly(tag, of.etag!)) === true
  }
  if (ifModifiedSince === undefined) return false
  const since = httpDate(ifModifiedSince, nowMs)
  if (since === undefined) return false
  const modified = of.lastModified === undefined ? undefined : httpDate(of.lastModified, nowMs)
  return (modified ?? of.dateMs) <= since
}

/** Whether a range may be taken out of the response (RFC 9110 13.1.5): only of the very octets that the client has some of. */
export function mayServeRange(of: Validators, ifRange: string | undefined, nowMs: number): boolean {
  if (ifRange === undefined) return true
  const tag = entityTag(ifRange)
  if (tag !== undefined) return of.etag !== undefined && matchesStrongly(tag, of.etag)
  // RFC 9110 8.8.2.2: a date is a strong validator only when the response was made at least a second after it.
  const date = httpDate(ifRange, nowMs)
  const modified = of.lastModified === undefined ? undefined : httpDate(of.lastModified, nowMs)
  return date !== undefined && date === modified && of.dateMs - date >= 1000
}
