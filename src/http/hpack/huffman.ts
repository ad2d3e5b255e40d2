// Huffman's code of HPACK (RFC 7541 5.2 and appendix B), read octet by octet. The code is canonical: the lengths alone say what every symbol is written as.

/** Bits of each octet's code, and of the end of strings. */
export const CODE_BITS: readonly number[] = [
  [13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28],
  [28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28],
  [6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6],
  [5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10],
  [13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7],
  [7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6],
  [15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5],
  [6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28],
  [20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23],
  [24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24],
  [22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23],
  [21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23],
  [26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25],
  [19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27],
  [20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23],
  [26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26],
  [30],
].flat()
const END_OF_STRING = 256
const BITS_MAX = 30
/** No code is shorter, and more bits of padding than this are none (RFC 7541 5.2). */
const PADDING_BITS_MAX = 7

/** By length: the first code of it, how many there are, and where their symbols stand in `SYMBOLS`. */
const FIRST = new Int32Array(BITS_MAX + 1)
const COUNT = new Int32Array(BITS_MAX + 1)
const OFFSET = new Int32Array(BITS_MAX + 1)
const SYMBOLS = new Uint16Array(CODE_BITS.length)
/** By the next eight bits: a symbol whose code is no longer, and in the upper octet how long; 0 where it is longer. */
const SHORT = new Uint16Array(256)

let code = 0
let offset = 0
for (let bits = 1; bits <= BITS_MAX; bits++) {
  FIRST[bits] = code
  OFFSET[bits] = offset
  CODE_BITS.forEach((length, symbol) => {
    if (length !== bits) return
    SYMBOLS[offset++] = symbol
    if (bits <= 8) SHORT.fill((bits << 8) | symbol, code << (8 - bits), (code + 1) << (8 - bits))
    code++
  })
  COUNT[bits] = offset - OFFSET[bits]!
  code *= 2
}

/** Writes what `bytes[from, to)` stands for into `out` from `at` on; answers where it ends, or -1 for what is no code. It is at most 8/5 as long. */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number, out: Uint8Array, at: number): number {
  const end = to * 8
  let bit = from * 8
  while (bit < end) {
    const p = bit >>> 3
    // Behind the end there are ones, as in the padding.
    const next = (((bytes[p]! << 8) | (p + 1 < to ? bytes[p + 1]! : 255)) >>> (8 - (bit & 7))) & 255
    const short = SHORT[next]!
    const bits = short >>> 8
    if (bits !== 0 && bit + bits <= end) {
      out[at++] = short & 255
      bit += bits
      continue
    }
    if (end - bit <= PADDING_BITS_MAX) return next === 255 ? at : -1
    if (bits !== 0) return -1
    let longer = next
    let length = 8
    for (bit += 8; ; bit++) {
      if (bit >= end || length === BITS_MAX) return -1
      longer = longer * 2 + ((bytes[bit >>> 3]! >>> (7 - (bit & 7))) & 1)
      length++
      const index = longer - FIRST[length]!
      if (index >= COUNT[length]!) continue
      const symbol = SYMBOLS[OFFSET[length]! + index]!
      if (symbol === END_OF_STRING) return -1
      out[at++] = symbol
      bit++
      break
    }
  }
  return at
}
