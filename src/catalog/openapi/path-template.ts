// Path templates of OpenAPI, brought to the form in which paths are matched; and which of them cannot be told apart.

/** A template in normal form, or what is wrong with it. */
export type TemplateReading = { readonly template: string } | { readonly fault: string }

const PARAMETER = /\{([^{}]*)\}/g

/** Normal form: literal parts as the codec spells paths (unreserved octets plain, percent-encodings in upper case), parameters as written. */
export function readTemplate(written: string): TemplateReading {
  if (!written.startsWith('/')) return { fault: `a path begins with '/', found '${written.slice(0, 60)}'` }
  if (written.length > 2048) return { fault: 'a path template has at most 2048 characters' }
  const names = [...written.matchAll(PARAMETER)].map((match) => match[1]!)
  const odd = names.find((name) => !/^[A-Za-z0-9_.~$-]{1,128}$/.test(name))
  if (odd !== undefined) return { fault: `'{${odd.slice(0, 60)}}' is no parameter: a name of letters, digits, '_', '.', '-' and nothing else` }
  if (new Set(names).size < names.length) return { fault: 'a parameter stands twice in this path' }
  if (written.includes('}{')) return { fault: 'two parameters touch: nothing tells where one ends' }
  const literal = written.replaceAll(PARAMETER, '\0')
  if (/[{}]/.test(literal)) return { fault: 'a brace without its partner' }
  if (/[?#]/.test(literal)) return { fault: 'a path holds no query and no fragment: requests are told apart by path and method alone' }
  if (/[\x00-\x1f\x7f\\;]/.test(written)) return { fault: "a path holds no control characters, no '\\' and no ';': requests with them are refused" }
  const normal = normalOctets(literal)
  if (normal === undefined)
    return { fault: 'a percent sign stands before two hexadecimal digits, and not for a slash, a control character, a percent sign or what is not UTF-8' }
  if (normal.includes('//')) return { fault: 'a path has no empty segment: requests with one are refused' }
  if (/\/\.{1,2}(?:\/|$)/.test(normal)) return { fault: "a path has no segment '.' or '..': requests with one are refused" }
  let next = 0
  return { template: normal.replaceAll('\0', () => `{${names[next++]}}`) }
}

/** RFC 3986 6.2.2: one spelling for each octet. Undefined where a request with this spelling would be refused as ambiguous. */
function normalOctets(literal: string): string | undefined {
  try {
    decodeURIComponent(literal)
    encodeURI(literal)
  } catch {
    return undefined
  }
  if (/%(?:2f|5c|25|0[0-9a-f]|1[0-9a-f]|7f)/i.test(literal)) return undefined
  // The reserved characters keep the form they were written in: encoded and plain are not the same (RFC 3986 2.2).
  let out = ''
  for (const part of literal.split(/(%[0-9a-fA-F]{2})/)) {
    if (!part.startsWith('%')) out += encodeURI(part).replaceAll('%00', '\0')
    else {
      const character = String.fromCharCode(Number.parseInt(part.slice(1), 16))
      out += /[A-Za-z0-9._~-]/.test(character) ? character : part.toUpperCase()
    }
  }
  return out
}

/** The template with its parameters' names taken away: equal shapes match the same paths. */
export const shapeOf = (template: string): string => template.replaceAll(PARAMETER, '{}')

/**
 * The first of `known` that no rule can tell from `template`. The router takes, segment by segment, literal before mixed, the longer literal part
 * first, and a whole parameter last: what is left is equal shapes, and mixed segments of equal literal length that can both match one text.
 */
export function indistinguishable(template: string, known: readonly string[]): string | undefined {
  const segments = shapeOf(template).split('/')
  return known.find((other) => {
    const others = shapeOf(other).split('/')
    return others.length === segments.length && segments.every((segment, i) => clash(segment, others[i]!))
  })
}

function clash(a: string, b: string): boolean {
  if (a === b) return true
  if (!isMixed(a) || !isMixed(b)) return false
  const [first, second] = [a.split('{}'), b.split('{}')]
  if (first.join('').length !== second.join('').length) return false
  const [start, otherStart, end, otherEnd] = [first[0]!, second[0]!, first.at(-1)!, second.at(-1)!]
  return (start.startsWith(otherStart) || otherStart.startsWith(start)) && (end.endsWith(otherEnd) || otherEnd.endsWith(end))
}
const isMixed = (segment: string): boolean => segment.includes('{}') && segment !== '{}'
