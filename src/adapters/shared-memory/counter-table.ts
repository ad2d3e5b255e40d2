// The table of counters that all threads share: a fixed number of places, found by fingerprint, changed by compare-and-swap.
import { threadId } from 'node:worker_threads'

/**
 * A place is a 64-bit state and a 128-bit fingerprint. The state's high 38 bits say when the counter is at rest, in milliseconds since the table's base;
 * the low 26 belong to the algorithm. Two values below any time are marks: 0, never used; 1 to 2^32 - 1, being filled by the thread of that number.
 *
 * Why nothing is counted twice, lost, or counted for another key:
 * - A place changes hands only when its counter was at rest, and its next state is later than that. So the states of one place only ever rise, through all
 *   its owners, and a compare-and-swap from an old state fails whatever happened between.
 * - A reader takes the state first, then compares the whole fingerprint, then swaps that very state: if it swapped, the fingerprint was the owner's.
 * - A key lives in one of the `NEIGHBOURHOOD` places that its fingerprint names, and is only ever brought in under its lock: it cannot come in twice.
 * - Places once used stay used, and a newcomer takes the first of its own that is free: a look-up ends at the first that was never used.
 */
const NEIGHBOURHOOD = 32
const LOW_BITS = 26
const LOW_MASK = (1 << LOW_BITS) - 1
/** A state that is long over: what recovery leaves in a place whose owner died while filling it. */
const SPENT = 1n << 32n
const RELATIVE_MS_MAX = 2 ** 38
/** A base so far back that no real state is ever below 2^32. */
const BASE_SLACK_MS = 3_600_000
/** How long a counter at rest is kept for requests that decide by a time in the past: more than a hook may take. */
const GRACE_MS = 10_000
/** How long one waits for a thread that was stopped while it held a lock: spins first, then naps of a millisecond. */
const SPINS = 200
const NAPS = 200

const HEADER_BYTES = 64
const USED = 2
const REFUSED = 3
const EVICTED = 4

const roundUp = (entries: number): number => 2 ** Math.ceil(Math.log2(Math.max(NEIGHBOURHOOD, entries)))
const locksFor = (places: number): number => Math.min(places, 4096)

/** Memory for at least that many counters, 24 octets each, rounded up to a power of two. Made once, by the main thread. */
export function counterMemory(entries: number): SharedArrayBuffer {
  const places = roundUp(entries)
  return new SharedArrayBuffer(HEADER_BYTES + locksFor(places) * 4 + places * 24)
}

/** 128 bits as four 32-bit words; `w0` is never 0, which is what a place that was never used holds. A typed array would cost more to make. */
export interface Fingerprint {
  readonly w0: number
  readonly w1: number
  readonly w2: number
  readonly w3: number
}

/** The table as one thread sees it. Not to be shared: it holds the last answer. */
export class CounterTable {
  /** State of the place found last. */
  restMs = 0
  low = 0
  readonly places: number
  private readonly header: Int32Array
  private readonly base: BigInt64Array
  private readonly locks: Int32Array
  private readonly states: BigUint64Array
  private readonly prints: Int32Array
  private readonly mask: number
  private readonly me = threadId + 1
  private baseMs = 0
  /** One state as a whole and as its halves: cheaper than arithmetic on BigInt. */
  private readonly whole = new BigUint64Array(1)
  private readonly halves = new Uint32Array(this.whole.buffer)
  private seen = 0n

  constructor(memory: SharedArrayBuffer) {
    this.places = placesOf(memory)
    const locks = locksFor(this.places)
    this.mask = this.places - 1
    this.header = new Int32Array(memory, 0, HEADER_BYTES / 4)
    this.base = new BigInt64Array(memory, 0, 1)
    this.locks = new Int32Array(memory, HEADER_BYTES, locks)
    this.states = new BigUint64Array(memory, HEADER_BYTES + locks * 4, this.places)
    this.prints = new Int32Array(memory, HEADER_BYTES + locks * 4 + this.places * 8, this.places * 4)
  }

  /** Must be called before anything else with a time: all threads count from the first one's. */
  begin(nowUs: number): void {
    if (this.baseMs !== 0) return
    const mine = BigInt(Math.max(1, Math.floor(nowUs / 1000) - BASE_SLACK_MS))
    const before = Atomics.compareExchange(this.base, 0, 0n, mine)
    this.baseMs = Number(before === 0n ? mine : before)
  }

  /** The place that holds this fingerprint, with its state in `restMs` and `low`; -1 when there is none. `hint` is where it was last. */
  find(print: Fingerprint, hint: number): number {
    if (hint >= 0 && this.holds(hint, print)) return hint
    // An odd stride of the key's own: neighbourhoods overlap at random, so none fills up before the table does.
    const stride = print.w1 | 1
    let place = print.w0 & this.mask
    for (let step = 0; step < NEIGHBOURHOOD; step++, place = (place + stride) & this.mask) {
      const first = Atomics.load(this.prints, place * 4)
      if (first === print.w0) {
        if (this.holds(place, print)) return place
      } else if (first === 0 && Atomics.load(this.states, place) === 0n) return -1
    }
    return -1
  }

  /** Reads the state first and the fingerprint after it: only in this order does a swap of that state prove whose it was. */
  private holds(place: number, print: Fingerprint): boolean {
    this.seen = Atomics.load(this.states, place)
    this.whole[0] = this.seen
    if (this.halves[1] === 0) return false
    const at = place * 4
    if (Atomics.load(this.prints, at) !== print.w0 || Atomics.load(this.prints, at + 1) !== print.w1) return false
    if (Atomics.load(this.prints, at + 2) !== print.w2 || Atomics.load(this.prints, at + 3) !== print.w3) return false
    this.restMs = this.halves[1]! * 64 + (this.halves[0]! >>> LOW_BITS) + this.baseMs
    this.low = this.halves[0]! & LOW_MASK
    return true
  }

  /** True when the place still has the state that `find` saw there. */
  isUnchanged(place: number): boolean {
    return Atomics.load(this.states, place) === this.seen
  }

  /** Puts a new state in place of the one that `find` saw; false when another thread was first. */
  swap(place: number, restMs: number, low: number): boolean {
    const next = this.pack(restMs, low)
    return Atomics.compareExchange(this.states, place, this.seen, next) === this.seen
  }

  /** Brings a fingerprint in with its first state. Answers the place; -1 when it is there by now, so look again; -2 when there is no room. */
  insert(print: Fingerprint, restMs: number, low: number, nowUs: number): number {
    const lock = print.w0 & (this.locks.length - 1)
    if (!this.lock(lock)) return this.refuse()
    try {
      if (this.find(print, -1) >= 0) return -1
      const place = this.claim(print, Math.floor(nowUs / 1000))
      if (place < 0) return this.refuse()
      const at = place * 4
      Atomics.store(this.prints, at, print.w0)
      Atomics.store(this.prints, at + 1, print.w1)
      Atomics.store(this.prints, at + 2, print.w2)
      Atomics.store(this.prints, at + 3, print.w3)
      Atomics.store(this.states, place, this.pack(restMs, low))
      return place
    } finally {
      Atomics.store(this.locks, lock, 0)
    }
  }

  /** Takes the first place of the neighbourhood that is free: never used, or at rest for a while. */
  private claim(print: Fingerprint, nowMs: number): number {
    const stride = print.w1 | 1
    let place = print.w0 & this.mask
    for (let step = 0; step < NEIGHBOURHOOD; step++, place = (place + stride) & this.mask) {
      for (;;) {
        const state = Atomics.load(this.states, place)
        this.whole[0] = state
        const high = this.halves[1]!
        if (high === 0 && state !== 0n) break
        if (state !== 0n && high * 64 + (this.halves[0]! >>> LOW_BITS) + this.baseMs + GRACE_MS > nowMs) break
        if (Atomics.compareExchange(this.states, place, state, BigInt(this.me)) !== state) continue
        Atomics.add(this.header, state === 0n ? USED : EVICTED, 1)
        return place
      }
    }
    return -1
  }

  private lock(lock: number): boolean {
    for (let turn = 0; turn < SPINS + NAPS; turn++) {
      const holder = Atomics.compareExchange(this.locks, lock, 0, this.me)
      if (holder === 0) return true
      if (turn >= SPINS) Atomics.wait(this.locks, lock, holder, 1)
    }
    return false
  }

  private refuse(): number {
    Atomics.add(this.header, REFUSED, 1)
    return -2
  }

  /** A state as one number; a time past the table's 8.7 years saturates, and such a counter refuses until the process is started anew. */
  private pack(restMs: number, low: number): bigint {
    const relative = Math.min(restMs - this.baseMs, RELATIVE_MS_MAX - 1)
    this.halves[1] = Math.floor(relative / 64)
    this.halves[0] = ((relative % 64) << LOW_BITS) | low
    return this.whole[0]!
  }
}

function placesOf(memory: SharedArrayBuffer): number {
  for (let places = roundUp(1); places <= 2 ** 30; places *= 2) if (memory.byteLength === HEADER_BYTES + locksFor(places) * 4 + places * 24) return places
  throw new RangeError('this memory was not made by counterMemory')
}

/** How the table fares, for the metrics. */
export interface CounterTableUse {
  /** Places there are, and how many of them were ever used; those at rest among the used ones are taken over as needed. */
  readonly places: number
  readonly used: number
  /** Since the start: requests refused because their neighbourhood was full, and counters at rest that gave way to others. */
  readonly refusedFull: number
  readonly evicted: number
}
export function counterTableUse(memory: SharedArrayBuffer): CounterTableUse {
  const header = new Int32Array(memory, 0, HEADER_BYTES / 4)
  const read = (at: number): number => Atomics.load(header, at) >>> 0
  return { places: placesOf(memory), used: read(USED), refusedFull: read(REFUSED), evicted: read(EVICTED) }
}

/** Frees what the thread of that `threadId` held when it died: without it, new keys of a held home would be refused for ever. Call it after the thread is gone. */
export function recoverCounters(memory: SharedArrayBuffer, deadThreadId: number): void {
  // A Worker's own `threadId` reads -1 once it is gone: keep the id from when it started. Marks of -1 would be those of places never used.
  if (deadThreadId < 0) return
  const places = placesOf(memory)
  const locks = new Int32Array(memory, HEADER_BYTES, locksFor(places))
  const states = new BigUint64Array(memory, HEADER_BYTES + locks.length * 4, places)
  const mark = BigInt(deadThreadId + 1)
  // Places first: whoever gets the lock must not find them half filled.
  for (let place = 0; place < places; place++) Atomics.compareExchange(states, place, mark, SPENT)
  for (let lock = 0; lock < locks.length; lock++) Atomics.compareExchange(locks, lock, deadThreadId + 1, 0)
}
