// A version is in the state that its dates say, at every moment, and what is wrong with dates is found before they matter.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BROWN_OUTS_MAX, brownOutsOf, nextChangeMs, phaseAt, type Schedule, STATES, scheduleFaults, stateAt } from './schedule.ts'

const DAY = 86_400_000
const life: Schedule = {
  state: 'active',
  deprecatedMs: 10 * DAY,
  sunsetMs: 20 * DAY,
  brownOuts: [
    { fromMs: 12 * DAY, untilMs: 12 * DAY + 1000 },
    { fromMs: 15 * DAY, untilMs: 16 * DAY },
  ],
}

test('dates carry a version on without anybody saying so, to the millisecond', () => {
  const table: readonly (readonly [atMs: number, state: string, phase: string])[] = [
    [0, 'active', 'serving'],
    [10 * DAY - 1, 'active', 'serving'],
    [10 * DAY, 'deprecated', 'serving'],
    [12 * DAY - 1, 'deprecated', 'serving'],
    [12 * DAY, 'deprecated', 'brown-out'],
    [12 * DAY + 999, 'deprecated', 'brown-out'],
    [12 * DAY + 1000, 'deprecated', 'serving'],
    [16 * DAY, 'deprecated', 'serving'],
    [20 * DAY - 1, 'deprecated', 'serving'],
    [20 * DAY, 'retired', 'retired'],
    [900 * DAY, 'retired', 'retired'],
  ]
  let ran = 0
  for (const [atMs, state, phase] of table) {
    assert.deepEqual([stateAt(life, atMs), phaseAt(life, atMs).kind], [state, phase], String(atMs))
    ran++
  }
  assert.equal(ran, 11)
  assert.equal(stateAt({ state: 'retired', brownOuts: [] }, 0), 'retired')
  assert.equal(stateAt({ state: 'deprecated', deprecatedMs: 10, brownOuts: [] }, 0), 'deprecated')
})

test('whoever follows the next change sees every state and phase there is, and none in between', () => {
  const lives = fc
    .record({
      state: fc.constantFrom(...STATES),
      deprecatedMs: fc.option(fc.nat(100), { nil: undefined }),
      sunsetMs: fc.option(fc.nat(100), { nil: undefined }),
      starts: fc.uniqueArray(fc.integer({ min: 0, max: 9 }), { maxLength: 4 }),
    })
    .map(({ starts, deprecatedMs, sunsetMs, state }): Schedule => {
      const brownOuts = starts.sort((a, b) => a - b).map((at) => ({ fromMs: at * 10, untilMs: at * 10 + 7 }))
      return { state, brownOuts, ...(deprecatedMs !== undefined && { deprecatedMs }), ...(sunsetMs !== undefined && { sunsetMs }) }
    })
  const seen = (schedule: Schedule, atMs: number): string => JSON.stringify([stateAt(schedule, atMs), phaseAt(schedule, atMs)])
  fc.assert(
    fc.property(lives, (schedule) => {
      let change = nextChangeMs(schedule, -1)
      let current = seen(schedule, -1)
      for (let ms = 0; ms <= 120; ms++) {
        if (ms >= change) {
          current = seen(schedule, ms)
          change = nextChangeMs(schedule, ms)
        }
        assert.equal(seen(schedule, ms), current)
      }
      assert.equal(change, Number.POSITIVE_INFINITY)
    }),
  )
})

test('a state never goes back', () => {
  fc.assert(
    fc.property(fc.constantFrom(...STATES), fc.nat(50), fc.nat(50), fc.nat(100), fc.nat(100), (state, deprecatedMs, more, a, b) => {
      const schedule: Schedule = { state, deprecatedMs, sunsetMs: deprecatedMs + more, brownOuts: [] }
      const rank = (ms: number) => STATES.indexOf(stateAt(schedule, ms))
      assert.ok(rank(Math.min(a, b)) <= rank(Math.max(a, b)))
    }),
  )
})

test('a repeated brown-out ends with the sunset and is never longer than it', () => {
  assert.deepEqual(brownOutsOf([{ fromMs: 0, forMs: 4, everyMs: 10 }], 22), [
    { fromMs: 0, untilMs: 4 },
    { fromMs: 10, untilMs: 14 },
    { fromMs: 20, untilMs: 22 },
  ])
  assert.ok(brownOutsOf([{ fromMs: 0, forMs: 1, everyMs: 2 }], Number.MAX_SAFE_INTEGER).length <= BROWN_OUTS_MAX + 1)
})

test('dates that cannot be meant are faults, each at its place', () => {
  const once = (fromMs: number, forMs: number, everyMs?: number) => ({ fromMs, forMs, ...(everyMs !== undefined && { everyMs }) })
  const table: readonly (readonly [Parameters<typeof scheduleFaults>[0], code: string | undefined, at: string])[] = [
    [{ brownOuts: [] }, undefined, ''],
    [{ state: 'deprecated', brownOuts: [] }, 'deprecated-undated', 'state'],
    [{ deprecated: 10, sunset: 9, brownOuts: [] }, 'sunset-before-deprecation', 'sunset'],
    [{ deprecated: 10, sunset: 10, brownOuts: [] }, undefined, ''],
    [{ state: 'preview', deprecated: 10, brownOuts: [] }, 'preview-deprecated', 'state'],
    [{ state: 'retired', deprecated: 1, brownOuts: [once(2, 1)] }, 'retired-serves', 'brownOuts'],
    [{ brownOuts: [once(2, 1)] }, 'brown-out-outside', 'brownOuts.0'],
    [{ deprecated: 3, brownOuts: [once(2, 10)] }, 'brown-out-outside', 'brownOuts.0'],
    [{ deprecated: 1, sunset: 9, brownOuts: [once(2, 1), once(8, 2)] }, 'brown-out-outside', 'brownOuts.1'],
    [{ deprecated: 1, brownOuts: [once(2, 1, 5)] }, 'brown-out-endless', 'brownOuts.0.every'],
    [{ deprecated: 1, sunset: 99, brownOuts: [once(2, 5, 5)] }, 'brown-out-overlap', 'brownOuts.0.every'],
    [{ deprecated: 1, sunset: 99, brownOuts: [once(2, 3), once(4, 1)] }, 'brown-out-overlap', 'brownOuts'],
    [{ deprecated: 0, sunset: 1e9, brownOuts: [once(0, 1, 2)] }, 'too-long', 'brownOuts'],
  ]
  let ran = 0
  for (const [written, code, at] of table) {
    const [fault] = scheduleFaults(written)
    assert.deepEqual([fault?.code, fault?.at.join('.') ?? ''], [code, at], JSON.stringify(written))
    ran++
  }
  assert.equal(ran, 13)
})
