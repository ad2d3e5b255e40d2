// Path patterns of policies that shape: `/v1/{id}/{rest*}`, matched in one pass over a path, without a regular expression that somebody could slow down.
import { isNormalPath } from '../../http/target.ts'
import type { ValueFault } from './exchange-values.ts'

/** What a pattern's groups took, as they stand in the path: percent-encoded, never with a slash unless the group takes the rest. */
export type Groups = readonly string[]

export interface PathPattern {
  /** As written. */
  readonly text: string
  /** In the order in which they stand. */
  readonly groups: readonly string[]
  /** The groups' texts, or undefined when the path does not fit. */
  match(path: string): Groups | undefined
}

/** A segment that is `before`, then at least one character, then `after`; or the literal `before` alone. */
interface Segment {
  readonly before: string
  readonly after: string
  readonly isGroup: boolean
}

const GROUP = /\{([^{}]*)\}/g

/**
 * Reads a pattern. `{name}` takes at least one character of one segment, `{name*}` at the end all that is left, perhaps nothing. Literal parts are in normal
 * form, so that they can match at all.
 */
export function readPathPattern(text: string): PathPattern | ValueFault {
  const wrong = (message: string): ValueFault => ({ code: 'bad-pattern', message })
  if (!text.startsWith('/')) return wrong("a path pattern begins with '/'")
  const names: string[] = []
  const segments: Segment[] = []
  const written = text.slice(1).split('/')
  let hasRest = false
  for (const [i, segment] of written.entries()) {
    const found = [...segment.matchAll(GROUP)]
    if (found.length > 1) return wrong(`'${segment.slice(0, 60)}' has two groups in one segment: one is the most, so that there is one way to match`)
    const literal = segment.replaceAll(GROUP, '')
    if (/[{}]/.test(literal)) return wrong(`'${segment.slice(0, 60)}' has a brace without its partner`)
    const name = found[0]?.[1]
    if (name === undefined) {
      segments.push({ before: segment, after: '', isGroup: false })
      continue
    }
    const isRest = name.endsWith('*')
    const bare = isRest ? name.slice(0, -1) : name
    if (!/^[A-Za-z][A-Za-z0-9_-]{0,39}$/.test(bare)) return wrong(`'{${name.slice(0, 60)}}' is no group: a letter, then letters, digits, '_' and '-'`)
    if (names.includes(bare)) return wrong(`the group '${bare}' stands twice`)
    names.push(bare)
    if (isRest) {
      if (i < written.length - 1 || literal !== '') return wrong(`'{${name}}' takes all that is left: it is the whole last segment`)
      hasRest = true
    } else {
      const [before, after] = segment.split(`{${name}}`) as [string, string]
      segments.push({ before, after, isGroup: true })
    }
  }
  const sample = `/${segments.map(({ before, after, isGroup }) => (isGroup ? `${before}x${after}` : before)).join('/')}`
  if (!isNormalPath(sample, 0))
    return wrong('its literal parts are not in normal form (no empty or dot segments, no needless percent-encoding): nothing would match')
  return { text, groups: names, match: matcher(segments, hasRest) }
}

function matcher(segments: readonly Segment[], hasRest: boolean): PathPattern['match'] {
  const last = segments.length - 1
  return (path) => {
    const groups: string[] = []
    let at = 1
    for (let i = 0; i <= last; i++) {
      const slash = path.indexOf('/', at)
      const end = slash < 0 ? path.length : slash
      if (!take(segments[i]!, path, at, end, groups)) return undefined
      if (i === last && !hasRest) return slash < 0 ? groups : undefined
      // There is more to match, and no more path.
      if (slash < 0) return undefined
      at = end + 1
    }
    groups.push(path.slice(at))
    return groups
  }
}

function take({ before, after, isGroup }: Segment, path: string, at: number, end: number, groups: string[]): boolean {
  if (!path.startsWith(before, at)) return false
  if (!isGroup) return end - at === before.length
  const from = at + before.length
  const to = end - after.length
  if (from >= to || !path.startsWith(after, to)) return false
  groups.push(path.slice(from, to))
  return true
}
