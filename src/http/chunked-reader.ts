// Reads a chunked body piece by piece, however it is cut (RFC 9112 7.1), handing out stretches of data and refusing everything odd.
import * as F from './faults.ts'
import { CR, FIELD_VALUE, HEX, HTAB, LF, SP, TOKEN } from './octets.ts'

/** The longest chunk-size line, extensions included; and the most that all extensions and trailers of one body may take. */
const LINE_BYTES_MAX = 256
const EXTRA_BYTES_MAX = 16 * 1024

const SIZE = 0
const EXTENSION_NAME = 1
const EXTENSION_VALUE = 2
const QUOTED = 3
const QUOTED_PAIR = 4
const AFTER_QUOTED = 5
const SIZE_LF = 6
const DATA = 7
const DATA_CR = 8
const DATA_LF = 9
const LINE_START = 10
const TRAILER_NAME = 11
const TRAILER_VALUE = 12
const TRAILER_LF = 13
const LAST_LF = 14
const DONE = 15

/** The state of one body. `step` advances it; after each step `[dataStart, dataEnd)` of the bytes given is body. */
export class ChunkedReader {
  dataStart = 0
  dataEnd = 0
  private state = SIZE
  private size = 0
  private digits = 0
  private line = 0
  private extra = 0
  /** Octets of the current element of an extension or trailer name: none may be empty. */
  private run = 0

  get done(): boolean {
    return this.state === DONE
  }

  reset(): void {
    this.state = SIZE
    this.size = 0
    this.digits = 0
    this.line = 0
    this.extra = 0
    this.run = 0
    this.dataStart = 0
    this.dataEnd = 0
  }

  /** Reads from `from` to the end of one stretch of data, of the body, or of the bytes. Answers the position reached, or `-n` for `messageFault(n)`. */
  step(bytes: Uint8Array, from: number, to: number): number {
    let p = from
    this.dataStart = this.dataEnd = p
    while (p < to && this.state !== DONE) {
      if (this.state === DATA) {
        const end = Math.min(to, p + this.size)
        this.size -= end - p
        this.dataStart = p
        this.dataEnd = end
        if (this.size === 0) this.state = DATA_CR
        return end
      }
      const wrong = this.state >= LINE_START ? this.trailer(bytes[p]!) : this.frame(bytes[p]!)
      if (wrong !== 0) return -wrong
      p++
      this.dataStart = this.dataEnd = p
    }
    return p
  }

  /** One octet of a size line, or of the line end after data. */
  private frame(octet: number): number {
    if (this.state === DATA_CR) return this.expect(octet, CR, DATA_LF)
    if (this.state === DATA_LF) {
      this.digits = 0
      this.line = 0
      return this.expect(octet, LF, SIZE)
    }
    if (this.state === SIZE_LF) return this.expect(octet, LF, this.size === 0 ? LINE_START : DATA)
    if (++this.line > LINE_BYTES_MAX) return F.BAD_CHUNK
    if (this.state === SIZE) return this.sizeDigit(octet)
    if (++this.extra > EXTRA_BYTES_MAX) return F.BAD_CHUNK
    return this.extension(octet)
  }

  private sizeDigit(octet: number): number {
    const value = HEX[octet]!
    if (value !== 255) {
      // 13 digits are 2^52: a larger body is no body.
      if (++this.digits > 16 || this.size >= 2 ** 48) return F.BAD_CHUNK
      this.size = this.size * 16 + value
      return 0
    }
    if (this.digits === 0) return F.BAD_CHUNK
    return this.endOfElement(octet)
  }

  /** chunk-ext = *( ";" name [ "=" ( token / quoted-string ) ] ); the bad white space that RFC 9112 7.1.1 tolerates is refused. */
  private extension(octet: number): number {
    switch (this.state) {
      case EXTENSION_NAME:
      case EXTENSION_VALUE:
        if (TOKEN[octet] === 1) {
          this.run++
          return 0
        }
        if (this.state === EXTENSION_VALUE && octet === 0x22 && this.run === 0) return this.go(QUOTED)
        if (this.run === 0) return F.BAD_CHUNK
        if (this.state === EXTENSION_NAME && octet === 0x3d) return this.go(EXTENSION_VALUE)
        return this.endOfElement(octet)
      case QUOTED:
        if (octet === 0x22) return this.go(AFTER_QUOTED)
        if (octet === 0x5c) return this.go(QUOTED_PAIR)
        return FIELD_VALUE[octet] === 1 ? 0 : F.BAD_CHUNK
      case QUOTED_PAIR:
        return FIELD_VALUE[octet] === 1 ? this.go(QUOTED) : F.BAD_CHUNK
      default:
        return this.endOfElement(octet)
    }
  }

  /** After a size, a name or a value: another extension, or the end of the line. */
  private endOfElement(octet: number): number {
    if (octet === 0x3b) return this.go(EXTENSION_NAME)
    if (octet !== CR) return F.BAD_CHUNK
    return this.go(SIZE_LF)
  }

  /** One octet of the trailer section. RFC 9110 6.5.1: nothing in it is merged into the head; here it is checked and let go. */
  private trailer(octet: number): number {
    if (++this.extra > EXTRA_BYTES_MAX) return F.BAD_TRAILER
    switch (this.state) {
      case LINE_START:
        if (octet === CR) return this.go(LAST_LF)
        if (TOKEN[octet] !== 1) return F.BAD_TRAILER
        return this.go(TRAILER_NAME)
      case TRAILER_NAME:
        if (octet === 0x3a) return this.go(TRAILER_VALUE)
        return TOKEN[octet] === 1 ? 0 : F.BAD_TRAILER
      case TRAILER_VALUE:
        if (octet === CR) return this.go(TRAILER_LF)
        return FIELD_VALUE[octet] === 1 || octet === SP || octet === HTAB ? 0 : F.BAD_TRAILER
      case TRAILER_LF:
        return octet === LF ? this.go(LINE_START) : F.BAD_TRAILER
      default:
        return octet === LF ? this.go(DONE) : F.BAD_TRAILER
    }
  }

  private go(state: number): number {
    this.state = state
    this.run = 0
    return 0
  }
  private expect(octet: number, wanted: number, next: number): number {
    if (octet !== wanted) return F.BAD_CHUNK
    return this.go(next)
  }
}
