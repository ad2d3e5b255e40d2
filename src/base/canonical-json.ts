// JSON in one spelling for one value (RFC 8785, JCS), so that a hash or a signature over it means the value and not its spelling.
import { createHash } from 'node:crypto'

/** A value that has no canonical form: what I-JSON (RFC 7493) forbids, or no JSON at all. Names the place, never the value. */
export class NotCanonical extends TypeError {
  constructor(what: string) {
    super(`${what} has no canonical JSON`)
    this.name = 'NotCanonical'
  }
}

/** How deep a value may be nested before it has no canonical form: whoever verifies must be able to walk it. */
export const CANONICAL_DEPTH_MAX = 128

/**
 * The canonical form. Members that are undefined are left out, as `JSON.stringify` does; everything else that JSON would silently change throws
 * `NotCanonical`: NaN and infinities, lone surrogates, undefined in a list, big integers, functions, and objects that are not plain.
 */
export const canonicalJson = (value: unknown, depthMax = CANONICAL_DEPTH_MAX): string => spell(value, depthMax)

function spell(value: unknown, levels: number): string {
  switch (typeof value) {
    case 'string':
      return text(value)
    case 'number':
      // RFC 8785 3.2.2.3: numbers as ECMAScript writes them (-0 is 0), and no NaN nor infinity.
      if (!Number.isFinite(value)) throw new NotCanonical(String(value))
      return JSON.stringify(value)
    case 'boolean':
      return value ? 'true' : 'false'
    case 'object':
      break
    default:
      throw new NotCanonical(`a value of type ${typeof value}`)
  }
  if (value === null) return 'null'
  if (levels === 0) throw new NotCanonical('what is nested so deep')
  if (Array.isArray(value)) {
    let list = ''
    // By index, so that a hole in the list is seen as the undefined that it is.
    for (let i = 0; i < value.length; i++) list += (i === 0 ? '' : ',') + spell(value[i], levels - 1)
    return `[${list}]`
  }
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) throw new NotCanonical('an object that is not plain')
  const object = value as Record<string, unknown>
  let members = ''
  // RFC 8785 3.2.3: sorted by UTF-16 code units, which is how ECMAScript compares strings.
  for (const key of Object.keys(object).sort()) {
    const member = object[key]
    if (member !== undefined) members += `${members === '' ? '' : ','}${text(key)}:${spell(member, levels - 1)}`
  }
  return `{${members}}`
}

/** RFC 8785 3.2.2.2: escaped as ECMAScript does it; a lone surrogate must end in an error. */
function text(value: string): string {
  if (!value.isWellFormed()) throw new NotCanonical('a string with a lone surrogate')
  return JSON.stringify(value)
}

/** Lower-case hex SHA-256 that tells whether two configurations are the same. Never throws for what a document can hold. */
export const hashOf = (value: unknown): string => createHash('sha256').update(sortedJson(value)).digest('hex')

/**
 * One spelling for one value, for comparing within this program: never throws for what a document can hold. A lone surrogate, which has no canonical
 * form, is an escape here, and undefined is null; nobody outside compares these texts.
 */
export function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => sortedJson(item ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const object = value as Record<string, unknown>
  const members = Object.keys(object)
    .filter((key) => object[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${sortedJson(object[key])}`)
  return `{${members.join(',')}}`
}
