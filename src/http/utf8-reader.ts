// Reads UTF-8 over stretches of octets, masked or not, and says at the first octet that cannot be part of it that it is none (RFC 3629).

/** The lead octets with a bound of their own on what follows: shorter forms, surrogates, and what lies beyond U+10FFFF are no UTF-8 (RFC 3629 3 and 4). */
const E0 = 0xe0
const ED = 0xed
const F0 = 0xf0
const F4 = 0xf4

export class Utf8Reader {
  /** Octets that the character in hand still needs. */
  private needed = 0
  private low = 0x80
  private high = 0xbf

  reset(): void {
    this.needed = 0
    this.low = 0x80
    this.high = 0xbf
  }
  /** No character stands half. */
  get whole(): boolean {
    return this.needed === 0
  }

  /** Reads `bytes[from, to)`, each octet under its octet of `mask`, whose first one is that of the place `turn`. False: this is no UTF-8. */
  read(bytes: Buffer, from: number, to: number, mask: Uint8Array, turn: number): boolean {
    let { needed, low, high } = this
    let k = turn
    for (let p = from; p < to; p++) {
      const octet = bytes[p]! ^ mask[k & 3]!
      k++
      if (needed > 0) {
        if (octet < low || octet > high) return false
        needed--
        low = 0x80
        high = 0xbf
      } else if (octet >= 0x80) {
        if (octet < 0xc2 || octet > F4) return false
        needed = octet < E0 ? 1 : octet < F0 ? 2 : 3
        if (octet === E0) low = 0xa0
        else if (octet === ED) high = 0x9f
        else if (octet === F0) low = 0x90
        else if (octet === F4) high = 0x8f
      }
    }
    this.needed = needed
    this.low = low
    this.high = high
    return true
  }
}
