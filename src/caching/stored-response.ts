// A response as a cache holds it: plain data that never changes, so that any store may hold it.
import type { Field } from './field-list.ts'
import type { Validators } from './validators.ts'
import { selectingValue } from './vary.ts'

/** A request field that selects this response, as the request had it that it was made for. */
export type Selecting = readonly [name: string, value: string | undefined]

export interface StoredResponse extends Validators {
  readonly status: number
  /** Field lines, each with its CR LF: all that is end to end, with Date, without Age and Content-Length. */
  readonly lines: string
  /** Those that a 304 says (RFC 9110 15.4.5). */
  readonly notModifiedLines: string
  readonly body: Uint8Array
  readonly selecting: readonly Selecting[]
  /** When it had age 0, and until when it is fresh, in microseconds since the epoch. */
  readonly bornUs: number
  readonly freshUntilUs: number
  /** For how long after that it may be used while it is validated, and when the upstream fails. 0 where it must not be used stale at all. */
  readonly behindUs: number
  readonly onErrorUs: number
  /** The client that accepts stale responses may get it stale (RFC 9111 4.2.4). */
  readonly mayBeStale: boolean
  /** Never used without being validated (no-cache). */
  readonly mustValidate: boolean
  /** Names it can be purged by, which the upstream gave it. */
  readonly tags: readonly string[]
  /** API, authority, path and query, as `targetOf` writes them: what an unsafe request or a purge reaches it by. */
  readonly target: string
}

/** Memory for what a response is beside its octets and texts. */
const OVERHEAD_OCTETS = 640

/** What a response counts for in a store: its octets, its texts, and what holds them. */
export function octetsOf(response: StoredResponse): number {
  let octets = OVERHEAD_OCTETS + response.body.length + response.lines.length + response.notModifiedLines.length + response.target.length
  for (const [name, value] of response.selecting) octets += name.length + (value?.length ?? 0) + 32
  for (const tag of response.tags) octets += tag.length + 32
  return octets
}

/** What a request says in a field: its values in their order, none when it has no such field. */
export type ValuesOf = (name: string) => readonly string[]

/** The response among these that answers a request with these fields: the latest of those that match (RFC 9111 4). */
export function selected(among: readonly StoredResponse[], valuesOf: ValuesOf): StoredResponse | undefined {
  let found: StoredResponse | undefined
  for (let i = 0; i < among.length; i++) {
    const response = among[i]!
    if ((found === undefined || response.dateMs >= found.dateMs) && matches(response, valuesOf)) found = response
  }
  return found
}
function matches({ selecting }: StoredResponse, valuesOf: ValuesOf): boolean {
  for (let i = 0; i < selecting.length; i++) {
    const [name, value] = selecting[i]!
    if (selectingValue(name, valuesOf(name)) !== value) return false
  }
  return true
}
export const selectingOf = (names: readonly string[], valuesOf: ValuesOf): readonly Selecting[] =>
  names.map((name) => [name, selectingValue(name, valuesOf(name))])

export const isSameSelection = (a: StoredResponse, b: StoredResponse): boolean =>
  a.selecting.length === b.selecting.length && a.selecting.every(([name, value], i) => name === b.selecting[i]![0] && value === b.selecting[i]![1])

/** RFC 9110 15.4.5, and the fields that say how the response may be kept. */
const IN_304: ReadonlySet<string> = new Set(['cache-control', 'content-location', 'date', 'etag', 'expires', 'vary'])
export const fieldsOf304 = (fields: readonly Field[]): readonly Field[] => fields.filter(([name]) => IN_304.has(name.toLowerCase()))
