// Chance that nobody's secrets hang on: quick numbers for spreading load and jitter.
import { randomSeed } from './ids.ts'

/** Numbers from 0 to below 1, evenly spread. Whoever sees some of them can work out the others (mulberry32, by T. Ettinger, in the public domain). */
export function quickChance(seed: number = randomSeed()): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}
