// SipHash-2-4 with a 128-bit result: names in shared tables, told apart in a way that nobody outside can steer.

/**
 * A keyed hash of short texts (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012, with the 128-bit output of the authors' reference
 * program). Who does not hold the secret can neither aim at a place in a table nor find two texts that share one. Texts are hashed as UTF-8. The
 * 64-bit words are held as pairs of 32-bit ones, low half first: BigInt would cost ten times as much.
 */
export class KeyedHash {
  /** The four words of the last result, in the order in which the reference program writes its octets. */
  readonly words = new Int32Array(4)
  private readonly k0l: number
  private readonly k0h: number
  private readonly k1l: number
  private readonly k1h: number
  private octets = Buffer.alloc(256)

  /** `secret` is 16 octets. */
  constructor(secret: Uint8Array) {
    if (secret.length !== 16) throw new RangeError(`the secret of a keyed hash has 16 octets, not ${secret.length}`)
    const key = new DataView(secret.buffer, secret.byteOffset, 16)
    this.k0l = key.getInt32(0, true)
    this.k0h = key.getInt32(4, true)
    this.k1l = key.getInt32(8, true)
    this.k1h = key.getInt32(12, true)
  }

  /** Hashes the text's UTF-8 into `words`. */
  hash(text: string): void {
    const length = text.length
    if (length > this.octets.length) this.octets = Buffer.alloc(length * 3)
    const octets = this.octets
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code > 127) {
        this.hashOctets(Buffer.from(text, 'utf8'))
        return
      }
      octets[i] = code
    }
    this.absorb(octets, 0, length)
  }

  /** `octets[start, end)`; all of them, where that is not said. */
  hashOctets(octets: Uint8Array, start = 0, end = octets.length): void {
    this.absorb(octets, start, end - start)
  }

  private absorb(octets: Uint8Array, start: number, length: number): void {
    const { k0l, k0h, k1l, k1h } = this
    // The reference program's constants; 0xee marks the 128-bit result.
    let v0l = k0l ^ 0x70736575
    let v0h = k0h ^ 0x736f6d65
    let v1l = k1l ^ 0x6e646f6d ^ 0xee
    let v1h = k1h ^ 0x646f7261
    let v2l = k0l ^ 0x6e657261
    let v2h = k0h ^ 0x6c796765
    let v3l = k1l ^ 0x79746573
    let v3h = k1h ^ 0x74656462
    const blocks = (length >>> 3) + 1
    for (let block = 0; block < blocks + 2; block++) {
      let ml = 0
      let mh = 0
      let rounds = 2
      if (block < blocks) {
        const left = length - block * 8
        const p = start + block * 8
        if (left >= 8) {
          ml = octets[p]! | (octets[p + 1]! << 8) | (octets[p + 2]! << 16) | (octets[p + 3]! << 24)
          mh = octets[p + 4]! | (octets[p + 5]! << 8) | (octets[p + 6]! << 16) | (octets[p + 7]! << 24)
        } else {
          // The last block: what is left, and the length modulo 256 on top.
          for (let i = 0; i < left; i++) {
            if (i < 4) ml |= octets[p + i]! << (i * 8)
            else mh |= octets[p + i]! << ((i - 4) * 8)
          }
          mh |= length << 24
        }
        v3l ^= ml
        v3h ^= mh
      } else {
        rounds = 4
        if (block === blocks) v2l ^= 0xee
        else v1l ^= 0xdd
      }
      for (let round = 0; round < rounds; round++) {
        let low = (v0l + v1l) | 0
        v0h = (v0h + v1h + (low >>> 0 < v0l >>> 0 ? 1 : 0)) | 0
        v0l = low
        let turned = (v1l << 13) | (v1h >>> 19)
        v1h = (v1h << 13) | (v1l >>> 19)
        v1l = turned ^ v0l
        v1h ^= v0h
        turned = v0l
        v0l = v0h
        v0h = turned
        low = (v2l + v3l) | 0
        v2h = (v2h + v3h + (low >>> 0 < v2l >>> 0 ? 1 : 0)) | 0
        v2l = low
        turned = (v3l << 16) | (v3h >>> 16)
        v3h = (v3h << 16) | (v3l >>> 16)
        v3l = turned ^ v2l
        v3h ^= v2h
        low = (v0l + v3l) | 0
        v0h = (v0h + v3h + (low >>> 0 < v0l >>> 0 ? 1 : 0)) | 0
        v0l = low
        turned = (v3l << 21) | (v3h >>> 11)
        v3h = (v3h << 21) | (v3l >>> 11)
        v3l = turned ^ v0l
        v3h ^= v0h
        low = (v2l + v1l) | 0
        v2h = (v2h + v1h + (low >>> 0 < v2l >>> 0 ? 1 : 0)) | 0
        v2l = low
        turned = (v1l << 17) | (v1h >>> 15)
        v1h = (v1h << 17) | (v1l >>> 15)
        v1l = turned ^ v2l
        v1h ^= v2h
        turned = v2l
        v2l = v2h
        v2h = turned
      }
      if (block < blocks) {
        v0l ^= ml
        v0h ^= mh
      } else {
        const at = block === blocks ? 0 : 2
        this.words[at] = v0l ^ v1l ^ v2l ^ v3l
        this.words[at + 1] = v0h ^ v1h ^ v2h ^ v3h
      }
    }
  }
}
