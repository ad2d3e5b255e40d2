// Balancers agree with their models: shares by weight, nobody who is not available, an end whatever the state, and callers that stay where they are.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { quickChance } from '../../../base/chance.ts'
import type { Balancer, Candidate } from './balancer.ts'
import { ConsistentHash } from './consistent-hash.ts'
import { LeastRequests } from './least-requests.ts'
import { PowerOfTwo } from './power-of-two.ts'
import { RoundRobin } from './round-robin.ts'

const REQUESTS = 100_000
const NOT_TRIED: readonly number[] = []

interface State {
  weight: number
  inFlight: number
  isAvailable: boolean
  share: number
}
const state = (weight: number, more: Partial<State> = {}): State => ({ weight, inFlight: 0, isAvailable: true, share: 1, ...more })
/** Candidates named by their index. */
const candidates = (states: readonly State[], seeds = quickChance(3)): Candidate<number>[] =>
  states.map((of, target) => ({
    target,
    weight: of.weight,
    seed: Math.floor(seeds() * 2 ** 32),
    get inFlight() {
      return of.inFlight
    },
    available: () => of.isAvailable,
    share: () => of.share,
  }))

const BALANCERS: { readonly [name: string]: (of: readonly Candidate<number>[]) => Balancer<number> } = {
  'round-robin': (of) => new RoundRobin(of, quickChance(11)),
  'least-requests': (of) => new LeastRequests(of, quickChance(12)),
  'power-of-two': (of) => new PowerOfTwo(of, quickChance(13)),
  'consistent-hash': (of) => new ConsistentHash(of, undefined),
  'consistent-hash, bounded': (of) => new ConsistentHash(of, 1.25),
}
const places = (count: number, seed = 17): number[] => {
  const chance = quickChance(seed)
  return Array.from({ length: count }, () => Math.floor(chance() * 2 ** 32))
}
const counted = (balancer: Balancer<number>, targets: number, each: (chosen: number, n: number) => void = () => {}): number[] => {
  const counts = new Array<number>(targets).fill(0)
  for (const [n, place] of places(REQUESTS).entries()) {
    const chosen = balancer.choose(0, place, NOT_TRIED)!
    counts[chosen]!++
    each(chosen, n)
  }
  return counts
}
/** Within 2 % of all requests of what the weights say. */
function followsWeights(counts: readonly number[], weights: readonly number[]): void {
  const all = weights.reduce((a, b) => a + b, 0)
  for (const [i, weight] of weights.entries()) {
    const off = Math.abs(counts[i]! / REQUESTS - weight / all)
    assert.ok(off <= 0.02, `target ${i} of ${weights.join(':')} got ${counts[i]} of ${REQUESTS}`)
  }
}

const WEIGHTS: readonly (readonly number[])[] = [
  [1],
  [1, 1],
  [1, 2],
  [5, 1, 1],
  [1, 1, 1, 1, 1],
  [10, 20, 30, 40],
  [1000, 1],
  [100, 0, 100],
  [7, 11, 13, 17, 19, 23],
  [1, 1000, 500, 250, 125],
  Array.from({ length: 64 }, (_, i) => 1 + (i % 7)),
]

describe('shares of 100,000 requests', () => {
  for (const name of ['round-robin', 'power-of-two', 'consistent-hash'])
    test(`${name}: within 2 % of the weights, for eleven vectors of them`, () => {
      let ran = 0
      for (const weights of WEIGHTS) {
        followsWeights(counted(BALANCERS[name]!(candidates(weights.map((weight) => state(weight)))), weights.length), weights)
        ran++
      }
      assert.equal(ran, 11)
    })

  test('least-requests, power-of-two and the bounded hash: within 2 % of the weights too while every target keeps what it was given for the same time', () => {
    let ran = 0
    for (const name of ['least-requests', 'power-of-two', 'consistent-hash, bounded']) {
      for (const weights of WEIGHTS) {
        const states = weights.map((weight) => state(weight))
        const underWay: number[] = []
        // Fewer requests than weights cannot be spread by them.
        const held = 4000
        const counts = counted(BALANCERS[name]!(candidates(states)), weights.length, (chosen) => {
          states[chosen]!.inFlight++
          underWay.push(chosen)
          if (underWay.length > held) states[underWay.shift()!]!.inFlight--
        })
        followsWeights(counts, weights)
        ran++
      }
    }
    assert.equal(ran, 33)
  })

  test('round-robin: over as many requests as the weights add up to, exactly the weights, and evenly spread', () => {
    const order = Array.from(
      { length: 7 },
      (
        (balancer) => () =>
          balancer.choose(0, 0, NOT_TRIED)
      )(new RoundRobin(candidates([state(5), state(1), state(1)]), () => 0)),
    )
    assert.deepEqual(order, [0, 0, 1, 0, 2, 0, 0])
  })

  test('a target that starts slowly gets its part of its weight', () => {
    for (const name of ['round-robin', 'power-of-two', 'consistent-hash']) {
      const counts = counted(BALANCERS[name]!(candidates([state(1, { share: 0.25 }), state(1)])), 2)
      followsWeights(counts, [1, 4])
    }
  })
})

describe('who is chosen', () => {
  const anyState = fc.record({
    weight: fc.nat(1000),
    inFlight: fc.nat(5000),
    isAvailable: fc.boolean(),
    share: fc.constantFrom(0, 0.1, 0.5, 1),
  })
  const aState = fc.record({ states: fc.array(anyState, { maxLength: 12 }), triedAmong: fc.array(fc.nat(11), { maxLength: 4 }), seed: fc.nat() })
  for (const [name, balancer] of Object.entries(BALANCERS)) {
    test(`${name}: never one that is not there, was tried or weighs nothing; and always one when there is one, however the state changes`, () => {
      let ran = 0
      fc.assert(
        fc.property(fc.array(aState, { minLength: 1, maxLength: 4 }), (steps) => {
          const states = steps[0]!.states.map((each) => ({ ...each }))
          const of = candidates(states)
          const chooser = balancer(of)
          for (const { states: now, triedAmong, seed } of steps) {
            for (const [i, each] of states.entries()) Object.assign(each, { ...(now[i] ?? each), weight: each.weight })
            const takes = (i: number): boolean => states[i]!.weight > 0 && states[i]!.isAvailable && states[i]!.share > 0 && !triedAmong.includes(i)
            const isAny = states.some((_, i) => takes(i))
            for (let n = 0; n < 20; n++) {
              const chosen = chooser.choose(0, Math.imul(seed + n, 2654435761) >>> 0, triedAmong)
              if (chosen === undefined) assert.ok(!isAny)
              else assert.ok(takes(chosen))
              ran++
            }
          }
        }),
        { numRuns: 500 },
      )
      assert.ok(ran >= 10_000)
    })
  }

  test('least-requests: the fewest by weight; power-of-two: the one of two with fewer', () => {
    const states = [state(1, { inFlight: 9 }), state(10, { inFlight: 50 }), state(1, { inFlight: 3 })]
    assert.equal(BALANCERS['least-requests']!(candidates(states)).choose(0, 0, NOT_TRIED), 2)
    const two = BALANCERS['power-of-two']!(candidates([state(1, { inFlight: 9 }), state(1, { inFlight: 8 })]))
    for (let n = 0; n < 100; n++) assert.equal(two.choose(0, 0, NOT_TRIED), 1)
  })

  test('least-requests: idle targets take turns', () => {
    const counts = counted(BALANCERS['least-requests']!(candidates([state(1), state(1), state(1)])), 3)
    followsWeights(counts, [1, 1, 1])
  })
})

describe('consistent hashing of 100,000 callers', () => {
  const PLACES = places(REQUESTS, 99)
  const chosenOf = (of: readonly Candidate<number>[]): number[] => {
    const balancer = new ConsistentHash(of, undefined)
    return PLACES.map((place) => balancer.choose(0, place, NOT_TRIED)!)
  }
  const movedShare = (before: readonly number[], after: readonly number[]): number => before.filter((target, i) => target !== after[i]).length / REQUESTS

  test('a target that comes, goes or is not available moves at most 1/n + 2 %, and none of the callers of others', () => {
    let ran = 0
    for (const n of [2, 3, 5, 10, 32, 64]) {
      const states = Array.from({ length: n }, () => state(1))
      const of = candidates(states)
      const before = chosenOf(of)
      const fewer = chosenOf(of.slice(0, -1))
      assert.ok(movedShare(before, fewer) <= 1 / n + 0.02, `${n} targets less one: ${movedShare(before, fewer)}`)
      for (const [i, target] of before.entries()) if (target !== n - 1) assert.equal(fewer[i], target)
      states[0]!.isAvailable = false
      const without = chosenOf(of)
      assert.ok(movedShare(before, without) <= 1 / n + 0.02)
      for (const [i, target] of before.entries()) if (target !== 0) assert.equal(without[i], target)
      states[0]!.isAvailable = true
      assert.deepEqual(chosenOf(of), before, 'who comes back has its callers back')
      ran++
    }
    assert.equal(ran, 6)
  })

  test('a weight that grows only draws callers in, and only as many as it grew by', () => {
    const light = candidates([state(1), state(1), state(1)])
    const heavy = candidates([state(2), state(1), state(1)])
    const before = chosenOf(light)
    const after = chosenOf(heavy)
    assert.ok(Math.abs(movedShare(before, after) - (2 / 4 - 1 / 3)) <= 0.02)
    for (const [i, target] of before.entries()) if (after[i] !== target) assert.equal(after[i], 0)
  })

  test('the order in which targets stand moves nobody', () => {
    const of = candidates(Array.from({ length: 7 }, (_, i) => state(1 + i)))
    assert.deepEqual(chosenOf([...of].reverse()), chosenOf(of))
  })

  test('bounded: one caller who asks for everything does not get more of a target than the bound', () => {
    const states = [state(1), state(1), state(1), state(1)]
    const balancer = new ConsistentHash(candidates(states), 1.25)
    for (let n = 0; n < 400; n++) states[balancer.choose(0, 12_345, NOT_TRIED)!]!.inFlight++
    for (const { inFlight } of states) assert.ok(inFlight <= Math.ceil((1.25 * 401) / 4), `${states.map((each) => each.inFlight)}`)
  })
})
