// Identifiers: where randomness becomes names. The only place, with keys, that draws random octets.
import { randomFillSync } from 'node:crypto'

const POOL_BYTES = 16_384
const HEX_PAIRS = Array.from({ length: 256 }, (_, octet) => octet.toString(16).padStart(2, '0'))
const HIGH = Uint8Array.from(HEX_PAIRS, (pair) => pair.charCodeAt(0))
const LOW = Uint8Array.from(HEX_PAIRS, (pair) => pair.charCodeAt(1))
const DASH = 45
/** Where each of the sixteen octets stands in the text form of a UUID. */
const PLACES = Uint8Array.of(0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34)

export const REQUEST_ID_BYTES = 36

/**
 * Makes request ids: version 7 UUIDs (RFC 9562 5.7), whose 74 random bits tell nobody how many requests there were. Written as ASCII into a buffer,
 * because most are only ever copied.
 */
export class RequestIds {
  private readonly pool = Buffer.allocUnsafeSlow(POOL_BYTES)
  private used = POOL_BYTES

  /** Writes 36 octets to the start of `into`. */
  write(into: Uint8Array, nowUs: number): void {
    if (this.used + 10 > POOL_BYTES) {
      randomFillSync(this.pool)
      this.used = 0
    }
    const ms = Math.floor(nowUs / 1000)
    const high = Math.floor(ms / 65536)
    put(into, 0, (high >>> 24) & 255)
    put(into, 1, (high >>> 16) & 255)
    put(into, 2, (high >>> 8) & 255)
    put(into, 3, high & 255)
    put(into, 4, (ms >>> 8) & 255)
    put(into, 5, ms & 255)
    put(into, 6, 0x70 | (this.pool[this.used++]! & 15))
    put(into, 7, this.pool[this.used++]!)
    put(into, 8, 0x80 | (this.pool[this.used++]! & 63))
    for (let i = 9; i < 16; i++) put(into, i, this.pool[this.used++]!)
    into[8] = into[13] = into[18] = into[23] = DASH
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** Writes an id that somebody else made, in lower case (RFC 9562 4); false, and nothing written, when it is no UUID. */
export function writeRequestId(into: Buffer, text: string): boolean {
  if (!UUID.test(text)) return false
  into.write(text.toLowerCase(), 'latin1')
  return true
}

function put(into: Uint8Array, index: number, octet: number): void {
  const at = PLACES[index]!
  into[at] = HIGH[octet]!
  into[at + 1] = LOW[octet]!
}

/** A seed for hashes that outsiders must not predict: 32 bits, never 0. */
export function randomSeed(): number {
  return randomFillSync(new Int32Array(1))[0]! || 1
}

/** A secret of so many random octets. */
export const randomSecret = (octets: number): Uint8Array => randomFillSync(new Uint8Array(octets))

/** A name that nobody else has: the prefix, `_`, and 120 random bits in base64url. */
export const randomName = (prefix: string): string => `${prefix}_${Buffer.from(randomSecret(15)).toString('base64url')}`
