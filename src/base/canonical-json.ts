// JSON in one spelling for one value, so that a hash of it means the value and not its spelling.
import { createHash } from 'node:crypto'

/** Keys sorted by UTF-16 code units, no white space, members that are undefined left out (as RFC 8785 does for the values we have). */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const object = value as Record<string, unknown>
  const members = Object.keys(object)
    .filter((key) => object[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key])}`)
  return `{${members.join(',')}}`
}

/** Lower-case hex SHA-256 of the canonical form. */
export const hashOf = (value: unknown): string => createHash('sha256').update(canonicalJson(value)).digest('hex')
