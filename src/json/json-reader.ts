// Reads JSON (RFC 8259) that comes in pieces cut anywhere, in constant memory, and tells a visitor where its values, names and commas stand.
import * as N from './json-number.ts'
import { ESCAPED, HEX_VALUE, isSpace, PLAIN } from './json-octets.ts'

/** What a text is refused for. What JSON.parse takes and this does not: a lone surrogate, and what is above a bound. */
export type JsonFault =
  | 'not-json'
  | 'not-utf8'
  | 'lone-surrogate'
  | 'too-deep'
  | 'name-too-long'
  | 'string-too-long'
  | 'number-too-long'
  | 'repeated-name'
  | 'too-large'

/** The most that a text may hold. Octets of a name count decoded, those of strings and numbers as they are written. */
export interface JsonBounds {
  /** Objects and lists within one another. */
  readonly depth: number
  readonly nameBytes: number
  readonly stringBytes: number
  readonly numberBytes: number
}

export const OBJECT = 0
export const LIST = 1
export const STRING = 2
export const NUMBER = 3
export const BOOLEAN = 4
export const NULL = 5

/** Is told of places in the piece that is being read; all octets between two places are one token, or white space. */
export interface JsonVisitor {
  /** A value of this kind begins here. It may call `pass` on the reader. */
  begin(kind: number, at: number): void
  /** The bracket that closes an object or a list stands here. Its `end` follows. */
  close(at: number): void
  /** The value ended before this place. */
  end(at: number): void
  /** The quote that opens a member's name stands here. */
  name(at: number): void
  /** The name ended before this place; it is in the reader's `name`, decoded, until the next one. */
  named(at: number): void
  comma(at: number): void
}

const VALUE = 0
const FIRST_ITEM = 1
const FIRST_NAME = 2
const NAME = 3
const COLON = 4
const BEHIND = 5
const DONE = 6
const TEXT = 7
const ESCAPE = 8
const HEX = 9
const CHARACTER = 10
const WORD = N.NUMBER_STATES_END

const TRUE_WORD = Buffer.from('true')
const FALSE_WORD = Buffer.from('false')
const NULL_WORD = Buffer.from('null')
const NEVER = -1

export class JsonReader {
  /** The name in hand, as UTF-8 without escapes. */
  readonly name: Uint8Array
  nameLength = 0
  /** Objects and lists that are open. */
  depth = 0
  /** Why nothing is read any more; a visitor may say so too. */
  fault: JsonFault | undefined = undefined
  private state = VALUE
  private readonly kinds: Uint8Array
  private readonly bounds: JsonBounds
  private readonly visitor: JsonVisitor
  /** The depth of the value that the visitor does not want to be told about. */
  private passing = NEVER
  private isName = false
  /** Octets of the string or the number in hand. */
  private length = 0
  /** Octets that the UTF-8 character in hand still needs, and the bounds of the next one (RFC 3629 4). */
  private needed = 0
  private low = 0x80
  private high = 0xbf
  private digits = 0
  private unit = 0
  /** The first half of a surrogate pair, whose second must follow. */
  private half = 0
  private word: Uint8Array = TRUE_WORD
  private wordAt = 0

  constructor(visitor: JsonVisitor, bounds: JsonBounds) {
    this.visitor = visitor
    this.bounds = bounds
    this.kinds = new Uint8Array(bounds.depth + 1)
    this.name = new Uint8Array(bounds.nameBytes)
  }

  /** From `begin`: nothing of this value is told but its end. */
  pass(): void {
    this.passing = this.depth
  }

  /** Reads a piece. False: `fault` says why this is no text that is taken. */
  put(octets: Uint8Array, start: number, end: number): boolean {
    let p = start
    while (p < end && this.fault === undefined) {
      const { state } = this
      if (state === TEXT) p = this.text(octets, p, end)
      else if (state > TEXT && state < N.MINUS) p = this.textPart(octets[p]!, p)
      else if (state >= N.MINUS && state < WORD) p = this.number(octets, p, end)
      else if (state === WORD) p = this.wordPart(octets[p]!, p)
      else p = this.structure(octets, p, end)
    }
    return this.fault === undefined
  }

  /** There is no more. */
  finish(): boolean {
    if (this.fault === undefined && this.depth === 0 && N.isNumberEnd(this.state)) this.endValue(0)
    if (this.fault === undefined && this.state !== DONE) this.fault = 'not-json'
    return this.fault === undefined
  }

  private structure(octets: Uint8Array, from: number, end: number): number {
    let p = from
    while (p < end && isSpace(octets[p]!)) p++
    if (p === end) return p
    const octet = octets[p]!
    switch (this.state) {
      case FIRST_ITEM:
        if (octet === 0x5d) return this.closeAt(p)
        return this.value(octet, p)
      case VALUE:
        return this.value(octet, p)
      case FIRST_NAME:
        if (octet === 0x7d) return this.closeAt(p)
        return this.nameAt(octet, p)
      case NAME:
        return this.nameAt(octet, p)
      case COLON:
        if (octet !== 0x3a) return this.fail('not-json', p)
        this.state = VALUE
        return p + 1
      case BEHIND: {
        const isList = this.kinds[this.depth - 1] === LIST
        if (octet === 0x2c) {
          this.state = isList ? VALUE : NAME
          if (this.passing < 0) this.visitor.comma(p)
          return p + 1
        }
        if (octet === (isList ? 0x5d : 0x7d)) return this.closeAt(p)
        return this.fail('not-json', p)
      }
      default:
        // RFC 8259 2: nothing stands behind the one value.
        return this.fail('not-json', p)
    }
  }

  private value(octet: number, p: number): number {
    switch (octet) {
      case 0x7b:
        return this.open(OBJECT, FIRST_NAME, p)
      case 0x5b:
        return this.open(LIST, FIRST_ITEM, p)
      case 0x22:
        this.state = TEXT
        this.isName = false
        this.length = 0
        return this.begin(STRING, p)
      case 0x74:
        return this.beginWord(BOOLEAN, TRUE_WORD, p)
      case 0x66:
        return this.beginWord(BOOLEAN, FALSE_WORD, p)
      case 0x6e:
        return this.beginWord(NULL, NULL_WORD, p)
      default:
        if (octet !== 0x2d && !N.isDigit(octet)) return this.fail('not-json', p)
        this.state = octet === 0x2d ? N.MINUS : octet === 0x30 ? N.ZERO : N.INTEGER
        this.length = 1
        return this.begin(NUMBER, p)
    }
  }
  private begin(kind: number, p: number): number {
    if (this.passing < 0) this.visitor.begin(kind, p)
    return p + 1
  }
  private beginWord(kind: number, word: Uint8Array, p: number): number {
    this.state = WORD
    this.word = word
    this.wordAt = 1
    return this.begin(kind, p)
  }
  private open(kind: number, state: number, p: number): number {
    if (this.depth >= this.bounds.depth) return this.fail('too-deep', p)
    this.state = state
    const next = this.begin(kind, p)
    this.kinds[this.depth++] = kind
    return next
  }
  private closeAt(p: number): number {
    if (this.passing < 0) this.visitor.close(p)
    this.depth--
    this.endValue(p + 1)
    return p + 1
  }
  private endValue(at: number): void {
    this.state = this.depth === 0 ? DONE : BEHIND
    if (this.passing < 0) this.visitor.end(at)
    else if (this.passing === this.depth) {
      this.passing = NEVER
      this.visitor.end(at)
    }
  }

  private nameAt(octet: number, p: number): number {
    if (octet !== 0x22) return this.fail('not-json', p)
    this.state = TEXT
    this.isName = true
    this.length = 0
    this.nameLength = 0
    if (this.passing < 0) this.visitor.name(p)
    return p + 1
  }

  private text(octets: Uint8Array, from: number, end: number): number {
    let p = from
    while (p < end && PLAIN[octets[p]!] === 1) p++
    if (p > from) {
      if (this.half !== 0) return this.fail('lone-surrogate', p)
      if (this.isName) this.addToName(octets, from, p)
      else this.count(p - from)
      if (p === end || this.fault !== undefined) return p
    }
    const octet = octets[p]!
    if (octet === 0x5c) {
      this.state = ESCAPE
      if (!this.isName) this.count(1)
      return p + 1
    }
    if (this.half !== 0) return this.fail('lone-surrogate', p)
    if (octet === 0x22) {
      if (this.isName) {
        this.state = COLON
        if (this.passing < 0) this.visitor.named(p + 1)
      } else this.endValue(p + 1)
      return p + 1
    }
    // RFC 8259 7: control characters are escaped.
    if (octet < 0x80) return this.fail('not-json', p)
    return this.character(octet, p)
  }

  /** The first octet of a character of two to four; shorter forms, surrogates and what lies beyond U+10FFFF are no UTF-8 (RFC 3629 3 and 4). */
  private character(octet: number, p: number): number {
    if (octet < 0xc2 || octet > 0xf4) return this.fail('not-utf8', p)
    this.state = CHARACTER
    this.needed = octet < 0xe0 ? 1 : octet < 0xf0 ? 2 : 3
    this.low = octet === 0xe0 ? 0xa0 : octet === 0xf0 ? 0x90 : 0x80
    this.high = octet === 0xed ? 0x9f : octet === 0xf4 ? 0x8f : 0xbf
    this.takeOctet(octet)
    return p + 1
  }

  /** One octet of an escape, or of a character of several. */
  private textPart(octet: number, p: number): number {
    if (this.state === CHARACTER) {
      if (octet < this.low || octet > this.high) return this.fail('not-utf8', p)
      this.low = 0x80
      this.high = 0xbf
      this.takeOctet(octet)
      if (--this.needed === 0) this.state = TEXT
      return p + 1
    }
    if (!this.isName) this.count(1)
    if (this.state === ESCAPE) {
      if (octet === 0x75) {
        this.state = HEX
        this.digits = 0
        this.unit = 0
        return p + 1
      }
      const meant = ESCAPED[octet]!
      if (meant === 0) return this.fail('not-json', p)
      if (this.half !== 0) return this.fail('lone-surrogate', p)
      this.state = TEXT
      if (this.isName) this.nameOctet(meant)
      return p + 1
    }
    const digit = HEX_VALUE[octet]!
    if (digit === 255) return this.fail('not-json', p)
    this.unit = this.unit * 16 + digit
    if (++this.digits === 4) {
      this.state = TEXT
      return this.codeUnit(this.unit, p)
    }
    return p + 1
  }

  /** RFC 8259 8.2 leaves it open what half a surrogate pair means: nobody is to guess. */
  private codeUnit(unit: number, p: number): number {
    const isSecond = unit >= 0xdc00 && unit <= 0xdfff
    if (isSecond !== (this.half !== 0)) return this.fail('lone-surrogate', p)
    if (unit >= 0xd800 && unit <= 0xdbff) {
      this.half = unit
      return p + 1
    }
    const codePoint = isSecond ? 0x10000 + (this.half - 0xd800) * 0x400 + (unit - 0xdc00) : unit
    this.half = 0
    if (this.isName) this.nameCodePoint(codePoint)
    return p + 1
  }

  private number(octets: Uint8Array, from: number, end: number): number {
    let p = from
    while (p < end) {
      const octet = octets[p]!
      const next = N.numberStep(this.state, octet)
      if (next === N.NUMBER_OVER) {
        this.endValue(p)
        return p
      }
      if (next < 0) return this.fail('not-json', p)
      this.state = next
      p++
      if (++this.length > this.bounds.numberBytes) return this.fail('number-too-long', p)
    }
    return p
  }

  private wordPart(octet: number, p: number): number {
    if (octet !== this.word[this.wordAt]) return this.fail('not-json', p)
    if (++this.wordAt === this.word.length) this.endValue(p + 1)
    return p + 1
  }

  private count(octets: number): void {
    this.length += octets
    if (this.length > this.bounds.stringBytes) this.fault ??= 'string-too-long'
  }
  private takeOctet(octet: number): void {
    if (this.isName) this.nameOctet(octet)
    else this.count(1)
  }
  private nameOctet(octet: number): void {
    if (this.nameLength === this.name.length) this.fault ??= 'name-too-long'
    else this.name[this.nameLength++] = octet
  }
  private addToName(octets: Uint8Array, from: number, to: number): void {
    if (this.nameLength + to - from > this.name.length) {
      this.fault ??= 'name-too-long'
      return
    }
    for (let i = from; i < to; i++) this.name[this.nameLength++] = octets[i]!
  }
  private nameCodePoint(code: number): void {
    if (code < 0x80) this.nameOctet(code)
    else {
      if (code < 0x800) this.nameOctet(0xc0 | (code >> 6))
      else {
        if (code < 0x10000) this.nameOctet(0xe0 | (code >> 12))
        else {
          this.nameOctet(0xf0 | (code >> 18))
          this.nameOctet(0x80 | ((code >> 12) & 0x3f))
        }
        this.nameOctet(0x80 | ((code >> 6) & 0x3f))
      }
      this.nameOctet(0x80 | (code & 0x3f))
    }
  }

  private fail(fault: JsonFault, p: number): number {
    this.fault ??= fault
    return p
  }
}
