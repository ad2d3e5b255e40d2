// Which request a thread had in hand when it died: one that was there twice is refused for a while, so that it cannot take every thread with it.
import { randomSeed } from '../base/ids.ts'
import type { RequestHead } from '../http/request-head.ts'

/** How many requests are remembered; the one that was seen longest ago makes room. */
const SUSPECTS = 64
const CRASHES = 2
const REFUSED_S = 600
/** Octets of a target that count: the rest is told by its length. */
const TARGET_BYTES = 256

const SEED = 0
/** Requests that were in hand twice: as long as there are none, nothing more is looked at. */
const ARMED = 1
const FIRST_SUSPECT = 2
/** Fingerprint, crashes, second of the last one. */
const SUSPECT_LENGTH = 3
const FIRST_THREAD = FIRST_SUSPECT + SUSPECTS * SUSPECT_LENGTH

/** The memory that the threads share with the main thread, which outlives them. */
export const crashMemory = (threads: number): SharedArrayBuffer => new SharedArrayBuffer((FIRST_THREAD + threads) * 4)

export class CrashSuspects {
  private readonly cells: Int32Array
  private readonly seed: number
  private readonly inHand: number

  constructor(memory: SharedArrayBuffer, thread: number) {
    this.cells = new Int32Array(memory)
    this.inHand = FIRST_THREAD + thread
    Atomics.compareExchange(this.cells, SEED, 0, randomSeed())
    this.seed = Atomics.load(this.cells, SEED)
  }

  /** What a request is known by: its method and target. Never 0. */
  fingerprint(head: RequestHead): number {
    const { bytes, start } = head
    const end = head.queryEnd < 0 ? head.pathEnd : head.queryEnd
    let hash = this.seed ^ (end - start)
    for (let i = start, stop = Math.min(end, start + TARGET_BYTES); i < stop; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d)
    return hash ^ (hash >>> 13) || 1
  }
  /** From now on this request is in hand; 0: none. */
  hold(fingerprint: number): void {
    this.cells[this.inHand] = fingerprint
  }
  refuses(fingerprint: number, nowMs: number): boolean {
    if (this.cells[ARMED] === 0) return false
    const at = this.find(fingerprint)
    return at >= 0 && this.cells[at + 1]! >= CRASHES && nowMs / 1000 - this.cells[at + 2]! < REFUSED_S
  }

  /** The thread died: what it had in hand is remembered. For the main thread alone. Answers how often that request was there; 0 when there was none. */
  blame(nowMs: number): number {
    const { cells } = this
    const fingerprint = cells[this.inHand]!
    cells[this.inHand] = 0
    if (fingerprint === 0) return 0
    const found = this.find(fingerprint)
    const at = found >= 0 ? found : this.oldest()
    const crashes = found >= 0 ? cells[at + 1]! + 1 : 1
    if (found < 0 && cells[at + 1]! >= CRASHES) cells[ARMED]!--
    cells[at] = fingerprint
    cells[at + 1] = crashes
    cells[at + 2] = Math.floor(nowMs / 1000)
    if (crashes === CRASHES) cells[ARMED]!++
    return crashes
  }

  private find(fingerprint: number): number {
    for (let at = FIRST_SUSPECT; at < FIRST_THREAD; at += SUSPECT_LENGTH) if (this.cells[at] === fingerprint) return at
    return -1
  }
  private oldest(): number {
    let oldest = FIRST_SUSPECT
    for (let at = FIRST_SUSPECT; at < FIRST_THREAD; at += SUSPECT_LENGTH) if (this.cells[at + 2]! < this.cells[oldest + 2]!) oldest = at
    return oldest
  }
}
