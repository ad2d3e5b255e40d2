// What every adapter of counters owes: the suite that its tests run, held against plain models in exact arithmetic.
import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { type Counters, type Limiter, type LimitRule, ruleFault, type Taken } from '../counters.ts'

/** A rule read as plainly as can be, one key, in whole numbers of any size. */
interface Model {
  admits(nowUs: number): boolean
}

function gcraModel({ limit, windowMs, burst = limit }: LimitRule): Model {
  // Times are multiplied by `limit`: then the interval is the window, a whole number.
  const scale = BigInt(limit)
  const interval = BigInt(windowMs) * 1000n
  let arrival = 0n
  return {
    admits(nowUs) {
      const now = BigInt(nowUs) * scale
      const base = arrival > now ? arrival : now
      if (base - now > interval * BigInt(burst - 1)) return false
      arrival = base + interval
      return true
    },
  }
}

function fixedWindowModel({ limit, windowMs }: LimitRule): Model {
  const counts = new Map<number, number>()
  return {
    admits(nowUs) {
      const window = Math.floor(nowUs / (windowMs * 1000))
      const count = counts.get(window) ?? 0
      if (count < limit) counts.set(window, count + 1)
      return count < limit
    },
  }
}

function slidingWindowModel({ limit, windowMs }: LimitRule): Model {
  const windowUs = BigInt(windowMs) * 1000n
  const counts = new Map<bigint, bigint>()
  return {
    admits(nowUs) {
      const index = BigInt(nowUs) / windowUs
      const left = windowUs - (BigInt(nowUs) % windowUs)
      const current = counts.get(index) ?? 0n
      const estimate = current * windowUs + (counts.get(index - 1n) ?? 0n) * left
      if (estimate + windowUs > BigInt(limit) * windowUs) return false
      counts.set(index, current + 1n)
      return true
    },
  }
}

export function modelOf(rule: LimitRule): Model {
  if (rule.algorithm === 'fixed-window') return fixedWindowModel(rule)
  return rule.algorithm === 'sliding-window' ? slidingWindowModel(rule) : gcraModel(rule)
}

const START_US = 1_700_000_000_000_000
const ALGORITHMS = ['gcra', 'fixed-window', 'sliding-window', 'token-bucket'] as const

/** `make` answers counters that nobody has used. Registers the tests and answers how many there are. */
export function countersConformance(make: () => Counters): number {
  const tests: [string, () => Promise<void>][] = ALGORITHMS.flatMap((algorithm) => [
    [`${algorithm} admits exactly what the plain model admits, whatever the rule and the times`, () => agrees(make, algorithm)],
    [`${algorithm} says truly how many more it admits, and when again`, () => advises(make, algorithm)],
    [`${algorithm}: what peek answers, take then does; a refused event is not counted`, () => peeks(make, algorithm)],
  ])
  tests.push(
    ['a limit of one admits one', () => admitsOne(make)],
    ['keys, scopes and rules do not share their counts; equal ones do', () => partitions(make)],
    ['keys of any text are told apart: empty, long, beyond ASCII, with NUL', () => oddKeys(make)],
    ['a rule that cannot be counted exactly is refused, never rounded', () => uncountable(make)],
  )
  for (const [name, test] of tests) it(name, test)
  return tests.length
}

const rules = (algorithm: LimitRule['algorithm']): fc.Arbitrary<LimitRule> =>
  fc
    .record({
      limit: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 8191 })),
      windowMs: fc.oneof(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 86_400_000 })),
      burst: fc.option(fc.integer({ min: 1, max: 20 })),
    })
    .map(({ limit, windowMs, burst }) => ({ algorithm, limit, windowMs, ...(burst !== null && !algorithm.endsWith('window') && { burst }) }))
    .filter((rule) => ruleFault(rule) === undefined)
/** Times of events: steps of anything from nothing to two windows. */
const steps = fc.array(
  fc.oneof(
    fc.constant(0),
    fc.constant(1),
    fc.double({ min: 0, max: 2, noNaN: true }).map((part) => -part),
  ),
  { minLength: 1, maxLength: 120 },
)

async function agrees(make: () => Counters, algorithm: LimitRule['algorithm']): Promise<void> {
  const counters = make()
  let run = 0
  await fc.assert(
    fc.asyncProperty(rules(algorithm), steps, async (rule, moves) => {
      const limiter = counters.limiter(`agrees/${run++}`, rule)
      const model = modelOf(rule)
      let now = START_US + run * 10
      for (const move of moves) {
        now += move < 0 ? Math.floor((-move * rule.windowMs * 1000) / Math.min(rule.limit, 40)) : move
        assert.equal((await limiter.take('key', now)).admitted, model.admits(now))
      }
    }),
    { seed: 20_240_601, numRuns: 300 },
  )
}

async function advises(make: () => Counters, algorithm: LimitRule['algorithm']): Promise<void> {
  const counters = make()
  let run = 0
  await fc.assert(
    fc.asyncProperty(rules(algorithm), fc.integer({ min: 1, max: 30 }), fc.double({ min: 0, max: 1.5, noNaN: true }), async (rule, events, pause) => {
      const limiter = counters.limiter(`advises/${run++}`, rule)
      let now = START_US + run * 7
      const most = Math.max(rule.limit, rule.burst ?? 0)
      for (let i = 0; i < events; i++) await limiter.take('key', now)
      now += Math.floor(pause * rule.windowMs * 1000)
      const { admitted, remaining, retryAfterMs } = copy(await limiter.take('key', now))
      if (admitted) {
        assert.ok(remaining >= 0 && remaining < most)
        if (remaining > 300) return
        for (let i = 0; i < remaining; i++) assert.equal((await limiter.take('key', now)).admitted, true, `${remaining} were left, number ${i + 1} was refused`)
        assert.equal((await limiter.take('key', now)).admitted, false)
        return
      }
      assert.equal(remaining, 0)
      assert.ok(retryAfterMs > 0)
      // Told in whole milliseconds: a millisecond before it is too early, at it, it is not.
      if (retryAfterMs > 1) assert.equal((await limiter.take('key', now + (retryAfterMs - 1) * 1000)).admitted, false, 'too early')
      assert.equal((await limiter.take('key', now + retryAfterMs * 1000)).admitted, true, 'late enough')
    }),
    { seed: 20_240_602, numRuns: 200 },
  )
}
const copy = (taken: Taken): Taken => ({ ...taken })

async function peeks(make: () => Counters, algorithm: LimitRule['algorithm']): Promise<void> {
  const limiter = make().limiter('peeks', { algorithm, limit: 7, windowMs: 1000 })
  const model = modelOf({ algorithm, limit: 7, windowMs: 1000 })
  for (let i = 0; i < 200; i++) {
    const now = START_US + i * 61_003
    const seen = copy(await limiter.peek('key', now))
    assert.deepEqual(copy(await limiter.peek('key', now)), seen)
    assert.deepEqual(copy(await limiter.take('key', now)), seen)
    assert.equal(seen.admitted, model.admits(now))
  }
}

async function admitsOne(make: () => Counters): Promise<void> {
  const counters = make()
  for (const algorithm of ALGORITHMS) {
    const limiter = counters.limiter(`one/${algorithm}`, { algorithm, limit: 1, windowMs: 60_000 })
    assert.equal((await limiter.take('key', START_US)).admitted, true)
    assert.equal((await limiter.take('key', START_US)).admitted, false)
  }
}

async function partitions(make: () => Counters): Promise<void> {
  const counters = make()
  const rule = { algorithm: 'gcra', limit: 1, windowMs: 1000 } as const
  const take = async (limiter: Limiter, key: string): Promise<boolean> => (await limiter.take(key, START_US)).admitted
  assert.equal(await take(counters.limiter('a', rule), 'key'), true)
  assert.equal(await take(counters.limiter('a', rule), 'other key'), true)
  assert.equal(await take(counters.limiter('b', rule), 'key'), true)
  assert.equal(await take(counters.limiter('a', { ...rule, windowMs: 2000 }), 'key'), true)
  assert.equal(await take(counters.limiter('ak', rule), 'ey'), true)
  // A publish makes its limiters anew: the counts outlive it.
  assert.equal(await take(counters.limiter('a', rule), 'key'), false)
}

async function oddKeys(make: () => Counters): Promise<void> {
  const limiter = make().limiter('odd', { algorithm: 'fixed-window', limit: 1, windowMs: 1000 })
  const keys = ['', '\0', '\0\0', 'a', 'a\0', 'A', 'ä', 'a\u0308', 'Ã¤', '😀', 'x'.repeat(5000), 'x'.repeat(5001), '__proto__', 'constructor']
  for (const key of keys) assert.equal((await limiter.take(key, START_US)).admitted, true, JSON.stringify(key.slice(0, 20)))
  for (const key of keys) assert.equal((await limiter.take(key, START_US)).admitted, false, JSON.stringify(key.slice(0, 20)))
}

async function uncountable(make: () => Counters): Promise<void> {
  const counters = make()
  const rules: LimitRule[] = [
    { algorithm: 'gcra', limit: 1_000_003, windowMs: 1000 },
    { algorithm: 'token-bucket', limit: 1, windowMs: 86_400_000, burst: 100_000 },
    { algorithm: 'sliding-window', limit: 8192, windowMs: 1000 },
    { algorithm: 'fixed-window', limit: 70_000_000, windowMs: 1000 },
  ]
  for (const rule of rules) assert.throws(() => counters.limiter('uncountable', rule), RangeError, JSON.stringify(rule))
}
