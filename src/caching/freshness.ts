// For how long a response is fresh, and how old it is (RFC 9111 4.2).

import { httpDate } from '../http/http-date.ts'
import { type ResponseDirectives, SECONDS_MAX } from './cache-control.ts'
import { type Field, joinedValue, singleValue, valuesOf } from './field-list.ts'

/** Freshness for responses that say nothing of it themselves (RFC 9111 4.2.2); the operator's wish, never the default. */
export interface Heuristic {
  /** Share of the time since Last-Modified. */
  readonly percent: number
  readonly maxSeconds: number
  /** Where there is no Last-Modified. */
  readonly otherwiseSeconds: number
}
/** RFC 9110 15.1 without the errors: an error that says nothing of freshness is not kept, whatever the operator wishes for the rest. */
const HEURISTIC_STATUSES: ReadonlySet<number> = new Set([200, 203, 204, 300, 301, 308])

/** RFC 9111 5.1: the first member counts, and what is no number is passed over. */
export function ageOf(fields: readonly Field[]): number {
  const [first] = joinedValue(fields, 'age')?.split(',') ?? []
  const text = first?.trim() ?? ''
  return /^[0-9]+$/.test(text) ? Math.min(Number(text), SECONDS_MAX) : 0
}

/** When the response was made, milliseconds: as `Date` says, or when it came (RFC 9110 6.6.1). */
export function dateOf(fields: readonly Field[], responseMs: number): number {
  const said = singleValue(fields, 'date')
  return (said === undefined ? undefined : httpDate(said, responseMs)) ?? responseMs
}

/** The moment at which the response had age 0, in microseconds (RFC 9111 4.2.3). `requestUs`, `responseUs`: when it was asked for, and when its head came. */
export function bornUs(fields: readonly Field[], requestUs: number, responseUs: number): number {
  const apparentUs = Math.max(0, responseUs - dateOf(fields, Math.floor(responseUs / 1000)) * 1000)
  const correctedUs = ageOf(fields) * 1e6 + Math.max(0, responseUs - requestUs)
  return responseUs - Math.max(apparentUs, correctedUs)
}

/** Seconds for which it is fresh; undefined: it says nothing of it, and nobody else does (RFC 9111 4.2.1). */
export function lifetimeOf(
  status: number,
  fields: readonly Field[],
  directives: ResponseDirectives,
  responseMs: number,
  heuristic: Heuristic | undefined,
): number | undefined {
  // A shared cache goes by s-maxage first (RFC 9111 5.2.2.10).
  if (directives.sharedMaxAge !== undefined) return directives.sharedMaxAge
  if (directives.maxAge !== undefined) return directives.maxAge
  const expires = valuesOf(fields, 'expires')
  const date = dateOf(fields, responseMs)
  if (expires.length > 0) {
    // RFC 9111 5.3: an invalid date, "0" above all, lies in the past. Of several the most restrictive.
    const ends = expires.map((text) => httpDate(text, responseMs) ?? 0)
    return Math.min(SECONDS_MAX, Math.max(0, Math.floor((Math.min(...ends) - date) / 1000)))
  }
  if (heuristic === undefined || !HEURISTIC_STATUSES.has(status)) return undefined
  const modified = singleValue(fields, 'last-modified')
  const modifiedMs = modified === undefined ? undefined : httpDate(modified, responseMs)
  if (modifiedMs === undefined) return heuristic.otherwiseSeconds > 0 ? heuristic.otherwiseSeconds : undefined
  return Math.min(heuristic.maxSeconds, Math.max(0, Math.floor(((date - modifiedMs) / 1000) * (heuristic.percent / 100))))
}
