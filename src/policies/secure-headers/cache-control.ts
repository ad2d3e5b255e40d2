// Reads a Cache-Control of a response (RFC 9111 5.2.2): what caches do not know they pass over, and then they store what they should not.
import { suggestion } from '../../base/fault.ts'
import { partsOutsideQuotes } from '../../http/quoted-parts.ts'

/** Whether a directive takes seconds, field names, or nothing (RFC 9111 5.2.2, RFC 5861, RFC 8246). */
const DIRECTIVES: ReadonlyMap<string, 'seconds' | 'names' | 'nothing'> = new Map([
  ['max-age', 'seconds'],
  ['s-maxage', 'seconds'],
  ['stale-while-revalidate', 'seconds'],
  ['stale-if-error', 'seconds'],
  ['no-cache', 'names'],
  ['private', 'names'],
  ['no-store', 'nothing'],
  ['no-transform', 'nothing'],
  ['must-revalidate', 'nothing'],
  ['must-understand', 'nothing'],
  ['proxy-revalidate', 'nothing'],
  ['public', 'nothing'],
  ['immutable', 'nothing'],
])
const FORM = /^([a-z-]+)(?:=(?:(\d{1,10})|"([!#$%&'*+\-.^_`|~0-9A-Za-z, ]+)"))?$/

/** The first thing that is wrong, as a sentence; undefined: nothing. */
export function cacheControlFault(text: string): string | undefined {
  const seen = new Set<string>()
  for (const written of partsOutsideQuotes(text, ',') ?? [text]) {
    const directive = written.trim().toLowerCase()
    const [, name = '', seconds, names] = FORM.exec(directive) ?? []
    const takes = DIRECTIVES.get(name)
    if (takes === undefined) {
      const [shown = ''] = directive.split('=')
      return `'${directive.slice(0, 60)}' is no directive of Cache-Control${suggestion(shown, [...DIRECTIVES.keys()])}`
    }
    if (seen.has(name)) return `'${name}' stands there twice`
    seen.add(name)
    if (takes === 'seconds' && seconds === undefined) return `'${name}' takes whole seconds: ${name}=60`
    if (takes === 'nothing' && directive !== name) return `'${name}' takes nothing behind it`
    if (takes === 'names' && seconds !== undefined) return `'${name}' takes names of fields in double quotes, or nothing`
    if (names?.trim() === '') return `'${name}' names no field`
  }
  if (seen.has('public') && (seen.has('private') || seen.has('no-store'))) return "'public' stands beside what forbids shared caches"
  return undefined
}
