// Counts that all threads share, by which what is stored of a target becomes void everywhere at once.
import type { KeyedHash } from '../base/keyed-hash.ts'

const PLACES = 65_536
/** The word behind them. */
const PURGES = PLACES
const WORDS = PLACES + 1

/** 256 KiB. */
export const epochMemory = (): SharedArrayBuffer => new SharedArrayBuffer(WORDS * 4)

/**
 * Each target and each tag has a place, found by a hash that nobody outside can steer; who stores something remembers the count that stood there before it
 * asked the upstream, and what is void is told by the count having moved on. Two that share a place cost a response kept in vain, never one served wrongly.
 */
export class Epochs {
  private readonly words: Int32Array
  private readonly hash: KeyedHash

  constructor(memory: SharedArrayBuffer, hash: KeyedHash) {
    this.words = new Int32Array(memory)
    this.hash = hash
  }
  placeOf(name: string): number {
    this.hash.hash(name)
    return this.hash.words[0]! & (PLACES - 1)
  }
  at(place: number): number {
    return Atomics.load(this.words, place)
  }
  /** What was stored under this place, and what is being fetched for it, is void. */
  move(place: number): void {
    Atomics.add(this.words, place, 1)
  }
  /** How often something was purged: who fetched meanwhile cannot know whether it was meant. */
  get purges(): number {
    return Atomics.load(this.words, PURGES)
  }
  movePurges(): void {
    Atomics.add(this.words, PURGES, 1)
  }
}

/** Something is purged: what is on its way now is not stored by anyone. */
export const markPurge = (memory: SharedArrayBuffer): void => void Atomics.add(new Int32Array(memory), PURGES, 1)
