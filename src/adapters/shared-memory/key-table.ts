// The table of keys that all threads share: written by one thread, read by any without a lock.
import { randomSeed } from '../../base/ids.ts'
import type { LiveKey } from '../../model/directory.ts'

/**
 * A key has one place of 64 octets, as much as a line of the processor's cache. Its digest says where: at its home, or at the next place behind that was free when it came
 * (open addressing, linear probing; at most two thirds are used). An octet of each place stands apart, its mark: 0 while the place is free, afterwards eight
 * bits of the digest. Marks are few enough to stay near the processor, and they are what is searched, so that a key costs one line of far memory however
 * many there are, and an unknown one none.
 *
 * Why no reader ever sees half a key, or a revoked one that is valid again:
 * - A place is written whole before its state says so and its mark names it, each by one atomic store. From then on it never changes, all but one word: its
 *   state, which goes from live to gone and never back.
 * - What changes about a key takes a place behind; the old one is gone once the new one can be found. No place is used twice, and no mark is taken away.
 * - What is gone is left behind when a larger table is built aside. Readers go on with the old one until they are handed the new one.
 *
 * Digests are compared whole, all 256 bits. Where they live is mixed with a number that nobody outside knows: no one can aim at a crowded place.
 */
const HEADER_WORDS = 16
const CAPACITY = 0
const USED = 1
const GONE_KEYS = 2
const MIX = 3

const LINE = 64
const PLACE_WORDS = 16
// What a look-up reads comes first: large memory begins 16 octets behind a line with glibc, and then the handle alone is in the next one.
const DIGEST_WORDS = 8
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
const FREE = 0

/** Never full, so that every search ends at a free place. */
const placesFor = (capacity: number): number => Math.ceil(capacity * 1.5) + 1
const markOctetsFor = (places: number): number => Math.ceil(places / LINE) * LINE

/** Memory for that many keys: 97.5 octets each. `mix` is for tests: 0 sends every key to the first place, 1 those whose digest begins with `ffffffff` to the last. */
export function keyTableMemory(capacity: number, mix = randomSeed() | 1): SharedArrayBuffer {
  const places = placesFor(capacity)
  const memory = new SharedArrayBuffer(HEADER_WORDS * 4 + markOctetsFor(places) + places * LINE)
  const header = new Int32Array(memory, 0, HEADER_WORDS)
  header[CAPACITY] = capacity
  header[MIX] = mix
  return memory
}

/** The table as one thread sees it. The writing methods belong to the one thread that writes. */
export class KeyTable {
  readonly memory: SharedArrayBuffer
  readonly capacity: number
  readonly places: number
  private readonly header: Int32Array
  private readonly marks: Uint8Array
  private readonly words: Int32Array
  private readonly octets: Buffer
  private readonly mix: number

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory
    this.header = new Int32Array(memory, 0, HEADER_WORDS)
    this.capacity = this.header[CAPACITY]!
    this.mix = this.header[MIX]!
    this.places = placesFor(this.capacity)
    this.marks = new Uint8Array(memory, HEADER_WORDS * 4, this.places)
    const from = HEADER_WORDS * 4 + markOctetsFor(this.places)
    this.words = new Int32Array(memory, from, this.places * PLACE_WORDS)
    this.octets = Buffer.from(memory, from, this.places * LINE)
  }

  /** Places that are used, by what is gone too. */
  get used(): number {
    return Atomics.load(this.header, USED)
  }
  get live(): number {
    return this.used - Atomics.load(this.header, GONE_KEYS)
  }
  /** Read plainly, as what is being published is: see `seek`. */
  get isEmpty(): boolean {
    return this.header[USED] === 0
  }
  get isFull(): boolean {
    return this.used >= this.capacity
  }

  /** The number of the live key with this digest; -1 when there is none. The number stays the key's as long as it lives in this table. */
  find(digest: string): number {
    return this.seek(readDigest(digest))
  }
  /** The same for a digest that was read already. */
  seek(digest: Int32Array): number {
    const { marks, places } = this
    const wanted = markOf(digest[1]!)
    for (let place = this.home(digest[0]!); ; place = place + 1 === places ? 0 : place + 1) {
      // Read plainly, for speed: at worst a key that is being published this instant is not seen yet. The state is read atomically, and before the rest.
      const mark = marks[place]!
      if (mark === wanted && this.isLive(place) && this.holds(place, digest)) return place
      if (mark === FREE) return -1
    }
  }
  /** Homes are shared out by the upper bits of the product: a larger table has its keys in the same order. */
  private home(word: number): number {
    return Math.floor(((Math.imul(word, this.mix) >>> 0) * this.places) / 2 ** 32)
  }
  private holds(place: number, digest: Int32Array): boolean {
    const { words } = this
    const at = place * PLACE_WORDS
    let difference = 0
    for (let i = 0; i < DIGEST_WORDS; i++) difference |= words[at + i]! ^ digest[i]!
    return difference === 0
  }

  isLive(number: number): boolean {
    return Atomics.load(this.words, number * PLACE_WORDS + STATE) === LIVE
  }
  consumer(number: number): number {
    return this.words[number * PLACE_WORDS + CONSUMER]!
  }
  hasExpired(number: number, nowMs: number): boolean {
    const at = number * PLACE_WORDS
    const ms = this.words[at + EXPIRES_HIGH]! * 2 ** 32 + (this.words[at + EXPIRES_LOW]! >>> 0)
    return ms !== 0 && ms <= nowMs
  }
  id(number: number): string {
    const at = number * PLACE_WORDS
    const from = (at + ID) * 4
    return `key_${this.octets.toString('hex', from, from + this.words[at + ID_OCTETS]!)}`
  }

  /** Adds a key; one of the same digest is gone afterwards. Throws when the table is full. */
  put(key: LiveKey, consumer: number): void {
    const digest = readDigest(key.digest)
    const before = this.seek(digest)
    const number = this.freePlace(digest[0]!)
    const { words } = this
    const at = number * PLACE_WORDS
    words.set(digest, at)
    words[at + CONSUMER] = consumer
    // A key that expired at the epoch's first millisecond is one that never was valid, and 0 means never: 1 says the same.
    const expiresMs = key.expiresMs === undefined ? 0 : Math.max(1, Math.floor(key.expiresMs))
    words[at + EXPIRES_LOW] = expiresMs % 2 ** 32
    words[at + EXPIRES_HIGH] = Math.floor(expiresMs / 2 ** 32)
    words[at + ID_OCTETS] = this.octets.write(key.id.slice(4), (at + ID) * 4, ID_OCTETS_MAX, 'hex')
    this.publish(number)
    if (before >= 0) this.kill(before)
  }
  private freePlace(word: number): number {
    if (this.isFull) throw new RangeError('the table of keys is full')
    let place = this.home(word)
    while (this.marks[place] !== FREE) place = place + 1 === this.places ? 0 : place + 1
    return place
  }
  /** From here on what was written can be found. */
  private publish(number: number): void {
    const at = number * PLACE_WORDS
    Atomics.store(this.words, at + STATE, LIVE)
    Atomics.store(this.marks, number, markOf(this.words[at + 1]!))
    Atomics.add(this.header, USED, 1)
  }

  /** Ends a key at once, for every reader. */
  remove(digest: string): void {
    const number = this.find(digest)
    if (number >= 0) this.kill(number)
  }
  removeById(id: string): void {
    for (let number = 0; number < this.places; number++) if (this.isLive(number) && this.id(number) === id) this.kill(number)
  }
  private kill(number: number): void {
    Atomics.store(this.words, number * PLACE_WORDS + STATE, GONE)
    Atomics.add(this.header, GONE_KEYS, 1)
  }

  /** A table with room for `capacity` that holds what lives here and has not expired. This one stays as it is. */
  grown(capacity: number, nowMs: number): KeyTable {
    const next = new KeyTable(keyTableMemory(capacity, this.mix))
    for (let number = 0; number < this.places; number++) {
      if (!this.isLive(number) || this.hasExpired(number, nowMs)) continue
      const at = number * PLACE_WORDS
      const to = next.freePlace(this.words[at]!)
      next.words.set(this.words.subarray(at, at + PLACE_WORDS), to * PLACE_WORDS)
      next.publish(to)
    }
    return next
  }
}

/** Eight bits of the digest that its home does not follow from, and never 0. */
const markOf = (word: number): number => word & 255 || 1

const digestWords = new Int32Array(DIGEST_WORDS)
const digits = Buffer.alloc(64)
const fours = new Int32Array(digits.buffer, digits.byteOffset, 16)
/**
 * 64 hexadecimal digits, in lower case, as the eight words that a table is asked by; they stand until the next digest is read. Each word holds eight
 * digits, in an order that is the machine's, and the same for all threads.
 */
export function readDigest(digest: string): Int32Array {
  if (digest.length !== 64) throw new RangeError('a digest has 64 hexadecimal digits')
  digits.write(digest, 0, 64, 'latin1')
  for (let i = 0; i < DIGEST_WORDS; i++) digestWords[i] = (fourDigits(fours[i * 2]!) << 4) | fourDigits(fours[i * 2 + 1]!)
  return digestWords
}
/** Four digits at once, each in the lower half of its octet: `0` to `9` are 30 to 39 in hexadecimal, `a` to `f` 61 to 66. */
const fourDigits = (octets: number): number => (octets & 0x0f0f0f0f) + ((octets >>> 6) & 0x01010101) * 9
