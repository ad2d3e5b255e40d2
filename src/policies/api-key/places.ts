// Where a key can travel, how it is found there, and how it is cut out of what the upstream is sent.
import { COOKIE, fieldName } from '../../http/field-names.ts'
import type { Exchange } from '../../pipeline/exchange.ts'

/** Nothing of that name was shown. */
export const ABSENT = Symbol('absent')
/** Shown more than once: no two readers need agree on which one counts. */
export const AMBIGUOUS = Symbol('ambiguous')

export interface KeyPlace {
  find(x: Exchange): string | typeof ABSENT | typeof AMBIGUOUS
  /** Takes the key that `find` found out of the request: the upstream need not hold its callers' secrets. */
  remove(x: Exchange): void
}

export function keyInHeader(name: string): KeyPlace {
  const field = fieldName(name)
  return {
    find({ head }) {
      const at = head.find(field)
      if (at < 0) return ABSENT
      return head.find(field, at + 1) < 0 ? head.value(at) : AMBIGUOUS
    },
    remove({ head }) {
      head.drop(head.find(field))
    },
  }
}

/** The parameter's name and value are percent-decoded once, so that no other spelling of the name passes by; "+" stays what it is. */
export function keyInQuery(name: string): KeyPlace {
  const isKey = (pair: string): boolean => decoded(pair.split('=', 1)[0]!) === name
  return {
    find(x) {
      const pairs = x.query?.split('&').filter(isKey) ?? []
      if (pairs.length === 0) return ABSENT
      // A value that is not UTF-8 is no key.
      return pairs.length > 1 ? AMBIGUOUS : (decoded(pairs[0]!.slice(pairs[0]!.split('=', 1)[0]!.length + 1)) ?? '')
    },
    remove(x) {
      const rest = x.query!.split('&').filter((pair) => !isKey(pair))
      x.respellQuery(rest.join('&'))
    },
  }
}
function decoded(text: string): string | undefined {
  try {
    return text.includes('%') ? decodeURIComponent(text) : text
  } catch {
    return undefined
  }
}

/** RFC 6265 4.2.1: pairs parted by semicolons. Several Cookie fields are read as one, because that is how some servers read them. */
export function keyInCookie(name: string): KeyPlace {
  const nameOf = (pair: string): string => pair.split('=', 1)[0]!.trim()
  return {
    find(x) {
      const pairs = cookiePairs(x).filter((pair) => pair.includes('=') && nameOf(pair) === name)
      if (pairs.length === 0) return ABSENT
      return pairs.length > 1 ? AMBIGUOUS : pairs[0]!.slice(pairs[0]!.indexOf('=') + 1).trim()
    },
    remove(x) {
      const { head } = x
      // What is written anew is plain: a pair beyond visible ASCII is none that RFC 6265 knows, and is left out.
      const rest = cookiePairs(x).filter((pair) => nameOf(pair) !== name && /^[\x20-\x7e]+$/.test(pair))
      for (let i = head.findId(COOKIE); i >= 0; i = head.findId(COOKIE, i + 1)) head.drop(i)
      if (rest.length > 0) x.tellUpstream('Cookie', rest.join('; '))
    },
  }
}
function cookiePairs({ head }: Exchange): string[] {
  const pairs: string[] = []
  for (let i = head.findId(COOKIE); i >= 0; i = head.findId(COOKIE, i + 1)) if (!head.isDropped(i)) pairs.push(...head.value(i).split(';'))
  return pairs.map((pair) => pair.trim()).filter((pair) => pair !== '')
}
