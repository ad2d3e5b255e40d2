// Which request fields select a response, and whether two requests agree in them (RFC 9111 4.1).
import { hash } from 'node:crypto'
import { withoutOws } from '../http/octets.ts'

/** How many names a response may vary on and still be kept: who varies on more is hardly asked the same twice. */
const NAMES_MAX = 16
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/

/** The names in lower case, without repetitions; undefined for `*` and for what is no list of names: nothing ever matches those. */
export function variesOn(vary: string | undefined): readonly string[] | undefined {
  if (vary === undefined) return NOTHING
  const names = new Set<string>()
  for (const part of vary.split(',')) {
    const name = part.trim().toLowerCase()
    if (name === '') continue
    if (name === '*' || !TOKEN.test(name)) return undefined
    names.add(name)
  }
  return names.size > NAMES_MAX ? undefined : [...names]
}
const NOTHING: readonly string[] = []

/** Lists in which neither the order nor the case of members means anything (RFC 9110 12.5). */
const UNORDERED: ReadonlySet<string> = new Set(['accept-charset', 'accept-encoding', 'accept-language'])
/** Lists in which white space around commas means nothing. */
const LISTS: ReadonlySet<string> = new Set(['accept', 'cache-control', 'prefer', 'save-data', ...UNORDERED])
/** Kept as a digest alone: a cache is no place for secrets. */
const SECRETS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'proxy-authorization'])

/** What is compared in a field's value; undefined: the request has no such field, which only another request without one matches. */
export function selectingValue(name: string, values: readonly string[]): string | undefined {
  if (values.length === 0) return undefined
  const joined = values.join(', ')
  if (SECRETS.has(name)) return hash('sha256', Buffer.from(joined, 'latin1'), 'base64url')
  if (!LISTS.has(name) || joined.includes('"')) return joined
  let members = joined.split(',').map(withoutOws)
  members = members.filter((member) => member !== '')
  if (UNORDERED.has(name)) members = members.map((member) => member.toLowerCase().split(';').map(withoutOws).join(';')).sort()
  return members.join(',')
}
