// The table of keys that all threads share: written by one thread, read by any without a lock.
import { randomSeed } from '../../base/ids.ts'
import type { LiveKey } from '../../model/directory.ts'

/**
 * Records of 64 octets, one behind the other, and an index that finds them by digest (open addressing, at most two thirds full).
 *
 * Why no reader ever sees half a key, or a revoked one that is valid again:
 * - A record is written whole before the index names it, and the index names it by one atomic store. From then on it never changes, all but one word: its
 *   state, which goes from live to dead and never back.
 * - What changes about a key becomes a new record; the old one dies once the new one can be found. Neither a record nor a place of the index is used twice.
 * - Dead records are left behind when a larger table is built aside. Readers go on with the old one until they are handed the new one.
 *
 * Digests are compared whole, all 256 bits. Where they live is mixed with a number that nobody outside knows: no one can aim at a crowded place.
 */
const HEADER_WORDS = 16
const CAPACITY = 0
const PLACES = 1
const USED = 2
const DEAD = 3
const MIX = 4

const RECORD_WORDS = 16
const STATE = 8
const CONSUMER = 9
const EXPIRES_LOW = 10
const EXPIRES_HIGH = 11
const ID = 12
const ID_OCTETS = 15
/** `key_` and 24 hexadecimal digits. */
const ID_OCTETS_MAX = 12
const LIVE = 1
const GONE = 2

/** Memory for that many records: 64 octets each, and 12 to 24 for the index. `mix` is for tests: 0 sends every key to one place. */
export function keyTableMemory(capacity: number, mix = randomSeed() | 1): SharedArrayBuffer {
  const places = 2 ** Math.ceil(Math.log2(capacity * 1.5 + 2))
  const memory = new SharedArrayBuffer((HEADER_WORDS + capacity * RECORD_WORDS + places * 2) * 4)
  const header = new Int32Array(memory, 0, HEADER_WORDS)
  header[CAPACITY] = capacity
  header[PLACES] = places
  header[MIX] = mix
  return memory
}

/** The table as one thread sees it. The writing methods belong to the one thread that writes. */
export class KeyTable {
  readonly memory: SharedArrayBuffer
  readonly capacity: number
  private readonly header: Int32Array
  private readonly records: Int32Array
  private readonly octets: Buffer
  private readonly index: Int32Array
  private readonly mask: number
  private readonly mix: number

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory
    this.header = new Int32Array(memory, 0, HEADER_WORDS)
    this.capacity = this.header[CAPACITY]!
    const places = this.header[PLACES]!
    const recordWords = this.capacity * RECORD_WORDS
    this.records = new Int32Array(memory, HEADER_WORDS * 4, recordWords)
    this.octets = Buffer.from(memory, HEADER_WORDS * 4, recordWords * 4)
    this.index = new Int32Array(memory, (HEADER_WORDS + recordWords) * 4, places * 2)
    this.mask = places - 1
    this.mix = this.header[MIX]!
  }

  /** Records that are used, dead ones included. */
  get used(): number {
    return Atomics.load(this.header, USED)
  }
  get live(): number {
    return this.used - Atomics.load(this.header, DEAD)
  }
  get isFull(): boolean {
    return this.used >= this.capacity
  }

  /** The number of the live record with this digest; -1 when there is none. The number stays the key's as long as the record lives. */
  find(digest: string): number {
    return this.seek(readDigest(digest))
  }
  /** The same for a digest that was read already: its eight words. */
  seek(words: Int32Array): number {
    const { index, mask } = this
    const tag = words[1]!
    for (let place = this.home(words[0]!); ; place = (place + 1) & mask) {
      // Read plainly, for speed: at worst a key that is being published this instant is not seen yet. The state is read atomically, and before the record.
      const number = index[place * 2 + 1]! - 1
      if (number < 0) return -1
      if (index[place * 2] === tag && this.isLive(number) && this.holds(number, words)) return number
    }
  }
  private home(word: number): number {
    const mixed = Math.imul(word, this.mix)
    return (mixed ^ (mixed >>> 15)) & this.mask
  }
  private holds(number: number, words: Int32Array): boolean {
    const { records } = this
    const at = number * RECORD_WORDS
    let difference = 0
    for (let i = 0; i < 8; i++) difference |= records[at + i]! ^ words[i]!
    return difference === 0
  }

  isLive(number: number): boolean {
    return Atomics.load(this.records, number * RECORD_WORDS + STATE) === LIVE
  }
  consumer(number: number): number {
    return this.records[number * RECORD_WORDS + CONSUMER]!
  }
  /** Milliseconds since the epoch; infinity when it does not expire. */
  expiresMs(number: number): number {
    const at = number * RECORD_WORDS
    const ms = this.records[at + EXPIRES_HIGH]! * 2 ** 32 + (this.records[at + EXPIRES_LOW]! >>> 0)
    return ms === 0 ? Number.POSITIVE_INFINITY : ms
  }
  id(number: number): string {
    const at = number * RECORD_WORDS
    const from = (at + ID) * 4
    return `key_${this.octets.toString('hex', from, from + this.records[at + ID_OCTETS]!)}`
  }

  /** Adds a key; one of the same digest is dead afterwards. Throws when the table is full. */
  put(key: LiveKey, consumer: number): void {
    const { records } = this
    const digest = readDigest(key.digest)
    const before = this.seek(digest)
    const number = this.used
    if (number >= this.capacity) throw new RangeError('the table of keys is full')
    const at = number * RECORD_WORDS
    records.set(digest, at)
    records[at + CONSUMER] = consumer
    // A key that expired at the epoch's first millisecond is one that never was valid, and 0 means never: 1 says the same.
    const expiresMs = key.expiresMs === undefined ? 0 : Math.max(1, Math.floor(key.expiresMs))
    records[at + EXPIRES_LOW] = expiresMs % 2 ** 32
    records[at + EXPIRES_HIGH] = Math.floor(expiresMs / 2 ** 32)
    records[at + ID_OCTETS] = this.octets.write(key.id.slice(4), (at + ID) * 4, ID_OCTETS_MAX, 'hex')
    Atomics.store(records, at + STATE, LIVE)
    this.publish(number)
    if (before >= 0) this.kill(before)
  }

  /** Names a finished record in the index: from here on it can be found. */
  private publish(number: number): void {
    const { index, records, mask } = this
    const at = number * RECORD_WORDS
    let place = this.home(records[at]!)
    while (index[place * 2 + 1] !== 0) place = (place + 1) & mask
    index[place * 2] = records[at + 1]!
    Atomics.store(index, place * 2 + 1, number + 1)
    Atomics.store(this.header, USED, number + 1)
  }

  /** Makes a key dead at once, for every reader. */
  remove(digest: string): void {
    const number = this.find(digest)
    if (number >= 0) this.kill(number)
  }
  removeById(id: string): void {
    for (let number = 0; number < this.used; number++) if (this.isLive(number) && this.id(number) === id) this.kill(number)
  }
  private kill(number: number): void {
    Atomics.store(this.records, number * RECORD_WORDS + STATE, GONE)
    Atomics.add(this.header, DEAD, 1)
  }

  /** A table with room for `capacity` that holds what lives here and has not expired. This one stays as it is. */
  grown(capacity: number, nowMs: number): KeyTable {
    const next = new KeyTable(keyTableMemory(capacity, this.mix))
    for (let number = 0; number < this.used; number++) {
      if (!this.isLive(number) || this.expiresMs(number) <= nowMs) continue
      const to = next.used
      next.records.set(this.records.subarray(number * RECORD_WORDS, (number + 1) * RECORD_WORDS), to * RECORD_WORDS)
      next.publish(to)
    }
    return next
  }
}

const digestWords = new Int32Array(8)
const digits = Buffer.alloc(64)
const fours = new Int32Array(digits.buffer, digits.byteOffset, 16)
/** 64 hexadecimal digits, in lower case, as the eight words that a table is asked by; they stand until the next digest is read. */
export function readDigest(digest: string): Int32Array {
  if (digest.length !== 64) throw new RangeError('a digest has 64 hexadecimal digits')
  digits.write(digest, 0, 64, 'latin1')
  for (let i = 0; i < 8; i++) digestWords[i] = (fourDigits(fours[i * 2]!) << 16) | fourDigits(fours[i * 2 + 1]!)
  return digestWords
}
/** Four digits at once, an octet each: `0` to `9` are 30 to 39 in hexadecimal, `a` to `f` 61 to 66. The order of octets is the machine's, and the same for all threads. */
function fourDigits(octets: number): number {
  const values = (octets & 0x0f0f0f0f) + ((octets >>> 6) & 0x01010101) * 9
  return ((values << 12) & 0xf000) | (values & 0xf00) | ((values >>> 12) & 0xf0) | (values >>> 24)
}
