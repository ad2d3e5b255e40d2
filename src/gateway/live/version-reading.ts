// Reads the name of a version out of a field, a query or media types. Whatever two servers could read differently is ambiguous, and never a version.
import { type FieldName, fieldName } from '../../http/field-names.ts'
import { FOLDED, withoutOws } from '../../http/octets.ts'
import { partsOutsideQuotes } from '../../http/quoted-parts.ts'
import type { RequestHead } from '../../http/request-head.ts'
import type { Exchange } from '../../pipeline/exchange.ts'

/** The request names no version. */
export const ABSENT = Symbol('absent')
/** It names several, or one in a way that is not the only reading. */
export const AMBIGUOUS = Symbol('ambiguous')
export type Named = string | typeof ABSENT | typeof AMBIGUOUS

const TOKEN = /^[A-Za-z0-9._-]{1,32}$/

/** One line, one token. A list, a second line, or the name with "_" for "-", which CGI cannot tell apart, is ambiguous. */
export function namedInField(name: string): (x: Exchange) => Named {
  const folded = Uint8Array.from(fieldName(name).bytes, (octet) => FOLDED[octet]!)
  const field = fieldName(name)
  return ({ head }) => {
    let found = -1
    for (let i = 0; i < head.fieldCount; i++) {
      if (head.isDropped(i) || !folds(head, i, folded)) continue
      if (found >= 0) return AMBIGUOUS
      found = i
    }
    if (found < 0) return ABSENT
    const value = head.value(found)
    return head.find(field) === found && TOKEN.test(value) ? value : AMBIGUOUS
  }
}

function folds(head: RequestHead, index: number, folded: Uint8Array): boolean {
  const start = head.at[index * 4]!
  if (head.at[index * 4 + 1]! - start !== folded.length) return false
  for (let i = 0; i < folded.length; i++) if (FOLDED[head.bytes[start + i]!] !== folded[i]) return false
  return true
}

/**
 * `name=version` once, spelled plainly. Every other spelling that some server takes for the same parameter is ambiguous: percent-encoded, in another case, as
 * `name[]`, with white space, or behind a ";" that ends a parameter for some (HTML 4.01 B.2.2).
 */
export function namedInQuery(name: string): (x: Exchange) => Named {
  const wanted = name.toLowerCase()
  return ({ query }) => {
    if (query === undefined) return ABSENT
    let found: Named = ABSENT
    for (const part of query.split('&')) {
      for (const [i, piece] of part.split(';').entries()) {
        const equals = piece.indexOf('=')
        const key = equals < 0 ? piece : piece.slice(0, equals)
        if (bareName(key) !== wanted) continue
        const value = piece.slice(equals + 1)
        if (found !== ABSENT || i > 0 || part.includes(';') || key !== name || equals < 0 || !TOKEN.test(value)) return AMBIGUOUS
        found = value
      }
    }
    return found
  }
}

/** The name as the most lenient reader might take it. An undecodable octet hides nothing around it. */
function bareName(key: string): string {
  let text = key.replaceAll('+', ' ')
  // Decoded until nothing changes: some servers decode twice.
  for (let i = 0; i < 3 && text.includes('%'); i++)
    text = text.replaceAll(/%([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
  return text
    .replace(/\[.*$/s, '')
    .replaceAll(/[\x00-\x20\x7f-\xa0]/g, '')
    .replaceAll('_', '-')
    .toLowerCase()
}

/** The query with the parameter saying this version and nothing else of its name. */
export function respelledQuery(query: string | undefined, name: string, version: string): string {
  const rest = query === undefined ? [] : query.split('&').filter((part) => part !== '' && part.split('=', 1)[0] !== name)
  return [...rest, `${name}=${version}`].join('&')
}

const ACCEPT = fieldName('accept')
const CONTENT_TYPE = fieldName('content-type')

/** All media types of `Accept` and `Content-Type` that have the form agree on one version, and none of them is refused with `q=0`. */
export function namedInMediaTypes(before: string, after: string): (x: Exchange) => Named {
  return ({ head }) => {
    let found: Named = ABSENT
    for (const field of [ACCEPT, CONTENT_TYPE]) {
      for (let i = head.find(field), lines = 0; i >= 0; i = head.find(field, i + 1)) {
        if (field === CONTENT_TYPE && ++lines > 1) return AMBIGUOUS
        const types = elements(head.value(i))
        // Unbalanced quotes: nobody knows where an element ends.
        if (types === undefined) return AMBIGUOUS
        for (const { type, parameters } of types) {
          const version = versionOf(type, before, after)
          if (version === undefined) continue
          if (!TOKEN.test(version) || (found !== ABSENT && found !== version) || /(?:^|;)\s*q\s*=\s*0(?:\.0*)?\s*(?:;|$)/i.test(parameters)) return AMBIGUOUS
          found = version
        }
      }
    }
    return found
  }
}

function versionOf(type: string, before: string, after: string): string | undefined {
  const plain = type.toLowerCase()
  if (!plain.startsWith(before) || !plain.endsWith(after) || plain.length < before.length + after.length) return undefined
  return plain.slice(before.length, plain.length - after.length)
}

/** Elements of a list of media types. */
const elements = (value: string): { type: string; parameters: string }[] | undefined =>
  partsOutsideQuotes(value, ',')?.map((element) => {
    const semicolon = element.indexOf(';')
    return { type: withoutOws(semicolon < 0 ? element : element.slice(0, semicolon)), parameters: semicolon < 0 ? '' : element.slice(semicolon + 1) }
  })

/** The field's lines as one value, in which every media type of the form says this version; undefined when none has the form. */
export function respelledMediaTypes(head: RequestHead, field: FieldName, before: string, after: string, version: string): string | undefined {
  const parts: string[] = []
  let isNamed = false
  for (let i = head.find(field); i >= 0; i = head.find(field, i + 1)) {
    for (const { type, parameters } of elements(head.value(i)) ?? []) {
      const names = versionOf(type, before, after) !== undefined
      isNamed ||= names
      const spelled = names ? `${before}${version}${after}` : type
      parts.push(parameters === '' ? spelled : `${spelled};${parameters}`)
    }
  }
  return isNamed ? parts.join(', ') : undefined
}
