// Takes an export apart into lines and values, believing nothing: bounded lines, strict UTF-8, and only the canonical spelling of each value.
import { canonicalJson } from '../base/canonical-json.ts'

/** The longest line: an entry of the largest size, with what stands around it. */
export const LINE_OCTETS_MAX = 96 * 1024

/** A line's octets without its line feed, or why there is no line to read; after that nothing follows. */
export type Line = { readonly octets: Uint8Array } | { readonly broken: 'too-long' | 'cut-short' }

const LINE_FEED = 10

/** Holds one line and one chunk at the most. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Line> {
  let rest: Uint8Array = new Uint8Array(0)
  for await (const chunk of chunks) {
    const octets = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    let start = 0
    for (let end = octets.indexOf(LINE_FEED); end >= 0; end = octets.indexOf(LINE_FEED, start)) {
      if (end - start > LINE_OCTETS_MAX) return yield { broken: 'too-long' }
      yield { octets: octets.subarray(start, end) }
      start = end + 1
    }
    rest = octets.subarray(start)
    if (rest.length > LINE_OCTETS_MAX) return yield { broken: 'too-long' }
  }
  if (rest.length > 0) yield { broken: 'cut-short' }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The object that a line holds, or undefined. The line must be the canonical form of what it says: that alone refuses repeated keys, which readers
 * take differently, white space, odd spellings, numbers that no double holds, lone surrogates, and depths that nobody can walk.
 */
export function canonicalValue(octets: Uint8Array): { readonly [name: string]: unknown } | undefined {
  try {
    const text = utf8.decode(octets)
    if (text[0] !== '{') return undefined
    const value = JSON.parse(text) as { readonly [name: string]: unknown }
    return canonicalJson(value) === text ? value : undefined
  } catch {
    return undefined
  }
}
