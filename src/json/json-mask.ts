// Masks one string or number as its octets come: what is kept of both ends is held until the whole is known to be long enough, the rest is forgotten at once.

/** How a value is masked: characters kept at both ends, and what stands for all others, however many they are. */
export interface Mask {
  readonly first: number
  readonly last: number
  /** Octets of JSON string content. */
  readonly stars: Uint8Array
}

/** Characters kept at either end: more is no mask. */
export const KEPT_MAX = 16
/** The longest spelling of a character: a surrogate pair in two escapes. */
const CHARACTER_BYTES = 12

/** Of two masks of one value, what both keep. */
export const narrower = (a: Mask, b: Mask): Mask => ({ first: Math.min(a.first, b.first), last: Math.min(a.last, b.last), stars: a.stars })

export class JsonMask {
  private mask: Mask | undefined = undefined
  private readonly head = Buffer.alloc(KEPT_MAX * CHARACTER_BYTES)
  private headBytes = 0
  /** A ring of the last characters: their octets, and how many each has. */
  private readonly tail = Buffer.alloc(KEPT_MAX * CHARACTER_BYTES)
  private readonly tailBytes = new Uint8Array(KEPT_MAX)
  private characters = 0
  private readonly character = Buffer.alloc(CHARACTER_BYTES)
  private size = 0
  private wanted = 0

  begin(mask: Mask): void {
    this.mask = mask
    this.headBytes = 0
    this.characters = 0
    this.size = 0
    this.wanted = 0
  }

  /** Takes octets of the content, well-formed JSON string content or a number, cut anywhere. */
  put(octets: Uint8Array, start: number, end: number): void {
    const { first, last } = this.mask!
    if (first + last === 0) return
    const { character } = this
    for (let p = start; p < end; p++) {
      const octet = octets[p]!
      character[this.size++] = octet
      if (this.size === 1) this.wanted = octet === 0x5c ? 2 : octet < 0x80 ? 1 : octet < 0xe0 ? 2 : octet < 0xf0 ? 3 : 4
      else if (character[0] === 0x5c && this.size === 2 && octet === 0x75) this.wanted = 6
      else if (this.size === 6 && this.wanted === 6 && isFirstHalf(character)) this.wanted = CHARACTER_BYTES
      if (this.size === this.wanted) this.whole(first, last)
    }
  }

  private whole(first: number, last: number): void {
    const { character, size } = this
    this.size = 0
    if (this.characters < first) {
      character.copy(this.head, this.headBytes, 0, size)
      this.headBytes += size
    }
    if (last > 0) {
      const place = this.characters % last
      character.copy(this.tail, place * CHARACTER_BYTES, 0, size)
      this.tailBytes[place] = size
    }
    this.characters++
  }

  /** Puts what stands for the value, a string with its quotes. Less than twice what is kept is masked whole: else most of it would be told. */
  end(put: (octets: Uint8Array, start: number, end: number) => void): void {
    const { first, last, stars } = this.mask!
    const isLong = first + last > 0 && this.characters >= 2 * (first + last)
    put(QUOTE, 0, 1)
    if (isLong) put(this.head, 0, this.headBytes)
    put(stars, 0, stars.length)
    if (isLong) {
      for (let i = 0; i < last; i++) {
        const place = (this.characters + i) % last
        put(this.tail, place * CHARACTER_BYTES, place * CHARACTER_BYTES + this.tailBytes[place]!)
      }
    }
    put(QUOTE, 0, 1)
    this.forget()
  }
  /** Nothing of a value stays in memory. */
  private forget(): void {
    this.head.fill(0)
    this.tail.fill(0)
    this.character.fill(0)
    this.mask = undefined
  }
}
const QUOTE = Buffer.from('"')
/** `\uD800` to `\uDBFF`. */
const isFirstHalf = (octets: Uint8Array): boolean => (octets[2]! | 32) === 0x64 && /[89abAB]/.test(String.fromCharCode(octets[3]!))
