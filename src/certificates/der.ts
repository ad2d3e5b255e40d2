// Reads DER (X.690), strictly: one spelling for each value, or it is none. Positions instead of copies: revocation lists are long.

/** What is read is no DER, or not what stands there by its standard. Caught by whoever began reading. */
export class DerFault extends Error {}

export const BOOLEAN = 0x01
export const INTEGER = 0x02
export const BIT_STRING = 0x03
export const OCTET_STRING = 0x04
export const OID = 0x06
export const UTF8_STRING = 0x0c
export const SEQUENCE = 0x30
export const SET = 0x31
export const UTC_TIME = 0x17
export const GENERALIZED_TIME = 0x18
/** Context tags: `[n]`, primitive and constructed. */
export const context = (n: number): number => 0x80 | n
export const constructed = (n: number): number => 0xa0 | n

/** Goes along the elements that stand one behind the other in `bytes[at, end)`. */
export class DerCursor {
  readonly bytes: Buffer
  /** Of the current element: its tag, where it begins, and where its content does and ends. */
  tag = -1
  start = 0
  from = 0
  to = 0
  private at: number
  private readonly end: number

  constructor(bytes: Buffer, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  get hasMore(): boolean {
    return this.at < this.end
  }
  /** The tag of the next element; -1 behind the last. */
  get upcoming(): number {
    return this.at < this.end ? this.bytes[this.at]! : -1
  }

  /** Moves to the next element, which must be there and, if `tag` is given, have it. */
  next(tag?: number): this {
    const { bytes, end } = this
    let p = this.at
    this.start = p
    if (p + 2 > end) throw new DerFault('cut short')
    this.tag = bytes[p++]!
    // X.690 8.1.2.4: tags above 30 take more octets; nothing that is read here has one.
    if ((this.tag & 0x1f) === 0x1f) throw new DerFault('a long tag')
    let length = bytes[p++]!
    if (length >= 0x80) {
      const octets = length & 0x7f
      // X.690 10.1: definite, and in the fewest octets.
      if (octets === 0 || octets > 4 || p + octets > end) throw new DerFault('a length')
      length = 0
      for (let i = 0; i < octets; i++) length = length * 256 + bytes[p++]!
      if (length < 0x80 || length < 256 ** (octets - 1)) throw new DerFault('a length that is not the shortest')
    }
    if (length > end - p) throw new DerFault('cut short')
    this.from = p
    this.to = p + length
    this.at = this.to
    if (tag !== undefined && this.tag !== tag) throw new DerFault(`tag ${this.tag} in place of ${tag}`)
    return this
  }
  /** Moves on only if the next element has this tag. */
  optional(tag: number): boolean {
    if (this.upcoming !== tag) return false
    this.next()
    return true
  }
  /** A cursor over what the current element holds. */
  inside(): DerCursor {
    return new DerCursor(this.bytes, this.from, this.to)
  }
  /** A cursor over what this one has not gone along yet. */
  again(): DerCursor {
    return new DerCursor(this.bytes, this.at, this.end)
  }
  /** Nothing may follow. */
  close(): void {
    if (this.at !== this.end) throw new DerFault('more than was expected')
  }

  /** The content of the current element. Shares the memory. */
  get content(): Buffer {
    return this.bytes.subarray(this.from, this.to)
  }
  /** The whole current element, its tag included. Shares the memory. */
  get element(): Buffer {
    return this.bytes.subarray(this.start, this.to)
  }
  get boolean(): boolean {
    // X.690 11.1: true is all ones.
    const octet = this.bytes[this.from]!
    if (this.to - this.from !== 1 || (octet !== 0 && octet !== 0xff)) throw new DerFault('a boolean')
    return octet === 0xff
  }
  /** A whole number of at most six octets that is not negative. */
  get integer(): number {
    const { bytes, from, to } = this
    if (to === from || to - from > 6 || bytes[from]! >= 0x80) throw new DerFault('an integer')
    if (to - from > 1 && bytes[from] === 0 && bytes[from + 1]! < 0x80) throw new DerFault('an integer that is not the shortest')
    return bytes.readUIntBE(from, to - from)
  }
  /** Dotted decimal. */
  get oid(): string {
    const { bytes, from, to } = this
    if (to === from || to - from > 64 || bytes[to - 1]! >= 0x80) throw new DerFault('an object identifier')
    const arcs: number[] = []
    let arc = 0
    for (let p = from; p < to; p++) {
      const octet = bytes[p]!
      if (arc === 0 && octet === 0x80) throw new DerFault('an object identifier that is not the shortest')
      arc = arc * 128 + (octet & 0x7f)
      if (arc > Number.MAX_SAFE_INTEGER) throw new DerFault('an object identifier')
      if (octet >= 0x80) continue
      arcs.push(arc)
      arc = 0
    }
    const first = Math.min(2, Math.floor(arcs[0]! / 40))
    return [first, arcs[0]! - first * 40, ...arcs.slice(1)].join('.')
  }
  /** The octets of a bit string, all of whose bits count. */
  get wholeBits(): Buffer {
    if (this.to === this.from || this.bytes[this.from] !== 0) throw new DerFault('a bit string')
    return this.bytes.subarray(this.from + 1, this.to)
  }
  /** The first bits of a named bit list, the first bit as the lowest of the number. */
  get namedBits(): number {
    const { bytes, from, to } = this
    if (to === from || to - from > 5 || bytes[from]! > 7) throw new DerFault('a bit string')
    let bits = 0
    for (let i = 0; i < Math.min(24, (to - from - 1) * 8); i++) if ((bytes[from + 1 + (i >> 3)]! & (0x80 >> (i & 7))) !== 0) bits |= 1 << i
    return bits
  }
  /** RFC 5280 4.1.2.5: UTCTime or GeneralizedTime, to the second, in UTC. Milliseconds since the epoch. */
  get time(): number {
    const text = this.bytes.toString('latin1', this.from, this.to)
    const parts = (this.tag === UTC_TIME ? UTC : this.tag === GENERALIZED_TIME ? GENERALIZED : NEVER).exec(text)
    if (!parts) throw new DerFault('a time')
    const [year, month, day, hour, minute, second] = parts.slice(1).map(Number) as [number, number, number, number, number, number]
    const whole = this.tag === UTC_TIME ? (year >= 50 ? 1900 : 2000) + year : year
    const date = new Date(0)
    date.setUTCFullYear(whole, month - 1, day)
    date.setUTCHours(hour, minute, second)
    if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) throw new DerFault('a time')
    return date.getTime()
  }
}
const UTC = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
const GENERALIZED = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/
const NEVER = /$^/

/** What `read` answers; undefined when what it reads is not as it must be. */
export function readingDer<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof DerFault) return undefined
    throw cause
  }
}
