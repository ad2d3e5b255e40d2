// What the machine itself says of names: its hosts file, and how it completes names that are not whole.
import { readFile } from 'node:fs/promises'
import { parseIp } from '../../../base/ip.ts'

export interface Address {
  readonly address: string
  readonly family: 4 | 6
}
/** What stands in `resolv.conf`, as far as it matters to names. */
export interface Completion {
  readonly search: readonly string[]
  /** A name with at least so many dots is asked for as it stands first. */
  readonly dots: number
}

const FILE_CHARACTERS_MAX = 1024 * 1024
const SEARCH_MAX = 8
const DOTS_MAX = 15

/** Addresses by lower-case name. */
export function readHosts(text: string): ReadonlyMap<string, readonly Address[]> {
  const found = new Map<string, Address[]>()
  for (const line of text.slice(0, FILE_CHARACTERS_MAX).split('\n')) {
    const [address = '', ...names] = line
      .replace(/#.*$/, '')
      .trim()
      .split(/[ \t]+/)
    const octets = parseIp(address)
    if (octets === undefined) continue
    for (const name of names) {
      const key = name.toLowerCase()
      if (!found.has(key)) found.set(key, [])
      found.get(key)!.push({ address, family: octets.length === 4 ? 4 : 6 })
    }
  }
  return found
}

/** resolv.conf(5): of `search` and `domain` the last one counts. */
export function readCompletion(text: string): Completion {
  let search: readonly string[] = []
  let dots = 1
  for (const line of text.slice(0, FILE_CHARACTERS_MAX).split('\n')) {
    const [key, ...words] = line.trim().split(/[ \t]+/)
    if (key === 'search' || key === 'domain') search = words.filter((word) => word !== '.').map((word) => word.replace(/\.$/, '').toLowerCase())
    if (key === 'options') for (const word of words) if (/^ndots:\d{1,2}$/.test(word)) dots = Math.min(DOTS_MAX, Number(word.slice('ndots:'.length)))
  }
  return { search: search.slice(0, SEARCH_MAX), dots }
}

/** What is asked for in turn until there is an answer, as the machine's own resolver does: another order could lead elsewhere. */
export function completed(name: string, { search, dots }: Completion): readonly string[] {
  if (name.endsWith('.')) return [name.slice(0, -1)]
  const below = search.map((domain) => `${name}.${domain}`)
  return name.split('.').length - 1 >= dots ? [name, ...below] : [...below, name]
}

/** A file's text; '' where there is none. */
export const textOf = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '')
