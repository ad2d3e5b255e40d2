// Chance that can be told again: every choice of a fuzz case follows from its seed.

export interface Random {
  /** A whole number from 0 up to but not including `bound`. */
  below(bound: number): number
  chance(probability: number): boolean
  pick<T>(list: readonly T[]): T
}

/** A source of numbers from a seed (Weyl sequence with a mixing function); neighbouring seeds give unrelated sequences. */
export function randomFrom(seed: number): Random {
  let state = (seed ^ 0x9e3779b9) >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (bound: number): number => Math.floor(next() * bound)
  return { below, chance: (probability) => next() < probability, pick: (list) => list[below(list.length)]! }
}
