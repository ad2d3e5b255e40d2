// Serial numbers in memory that all threads share: written once, then looked up in the same time however many there are.
import { randomSeed } from '../base/ids.ts'

/** Octets of a place: the length of the number, 0 for none, and the number (RFC 5280 4.1.2.2: at most 20 octets). */
const PLACE_BYTES = 21
const HEADER_BYTES = 8

export class SerialTable {
  readonly memory: SharedArrayBuffer
  private readonly octets: Buffer
  private readonly places: number
  private readonly seed: number

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory
    this.octets = Buffer.from(memory)
    this.places = this.octets.readUInt32LE(0)
    this.seed = this.octets.readUInt32LE(4)
  }

  /** Room for `count` numbers. Where they live depends on a number that nobody outside knows: no authority can crowd one place. */
  static withRoomFor(count: number): SerialTable {
    const places = Math.floor(count * 1.5) + 2
    const memory = new SharedArrayBuffer(HEADER_BYTES + places * PLACE_BYTES)
    const header = new DataView(memory)
    header.setUint32(0, places, true)
    header.setUint32(4, randomSeed() >>> 0, true)
    return new SerialTable(memory)
  }

  /** Adds `bytes[from, to)`, 1 to 20 octets; no more of them than there is room for. */
  add(bytes: Uint8Array, from: number, to: number): void {
    const at = this.find(bytes, from, to)
    if (this.octets[at] !== 0) return
    this.octets[at] = to - from
    for (let i = from; i < to; i++) this.octets[at + 1 + i - from] = bytes[i]!
  }
  has(serial: Uint8Array): boolean {
    return this.octets[this.find(serial, 0, serial.length)] !== 0
  }

  /** Where the number is, or the empty place where it would be. */
  private find(bytes: Uint8Array, from: number, to: number): number {
    const { octets, places } = this
    const length = to - from
    // FNV-1a, 32 bits.
    let mixed = this.seed
    for (let i = from; i < to; i++) mixed = Math.imul(mixed ^ bytes[i]!, 0x01000193)
    mixed ^= mixed >>> 15
    for (let place = (mixed >>> 0) % places; ; place = place + 1 === places ? 0 : place + 1) {
      const at = HEADER_BYTES + place * PLACE_BYTES
      if (octets[at] === 0) return at
      if (octets[at] !== length) continue
      let i = 0
      while (i < length && octets[at + 1 + i] === bytes[from + i]) i++
      if (i === length) return at
    }
  }
}
