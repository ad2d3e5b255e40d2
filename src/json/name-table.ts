// Finds what belongs to a member's name, over its octets: no text is made of names that nobody speaks of.

export class NameTable<T> {
  /** By the length of the name in octets. */
  private readonly byLength: { readonly octets: Uint8Array; readonly value: T }[][] = []
  readonly size: number
  private readonly ignoreCase: boolean

  constructor(entries: Iterable<readonly [name: string, value: T]>, ignoreCase: boolean) {
    this.ignoreCase = ignoreCase
    let size = 0
    for (const [name, value] of entries) {
      const octets = Buffer.from(name)
      const length = ignoreCase ? foldCase(octets, octets.length) : octets.length
      ;(this.byLength[length] ??= []).push({ octets: octets.subarray(0, length), value })
      size++
    }
    this.size = size
  }

  /** `octets[0, length)` is the name; with `ignoreCase` it is changed. */
  find(octets: Uint8Array, length: number): T | undefined {
    if (this.size === 0) return undefined
    const until = this.ignoreCase ? foldCase(octets, length) : length
    const candidates = this.byLength[until]
    if (candidates === undefined) return undefined
    for (const { octets: known, value } of candidates) {
      let i = 0
      while (i < until && known[i] === octets[i]) i++
      if (i === until) return value
    }
    return undefined
  }
}

/**
 * Makes small letters of A to Z, and of the two characters beyond ASCII that some decoders fold to letters: U+017F to s and U+212A to k. Answers how long the
 * name is then. Go's encoding/json and others take names so.
 */
export function foldCase(octets: Uint8Array, length: number): number {
  let to = 0
  for (let p = 0; p < length; p++) {
    let octet = octets[p]!
    if (octet >= 0x41 && octet <= 0x5a) octet += 32
    else if (octet === 0xc5 && octets[p + 1] === 0xbf && p + 1 < length) {
      octet = 0x73
      p++
    } else if (octet === 0xe2 && octets[p + 1] === 0x84 && octets[p + 2] === 0xaa && p + 2 < length) {
      octet = 0x6b
      p += 2
    }
    octets[to++] = octet
  }
  return to
}
/** The same of a text. */
export const foldedName = (name: string): string => {
  const octets = Buffer.from(name)
  return octets.toString('utf8', 0, foldCase(octets, octets.length))
}
