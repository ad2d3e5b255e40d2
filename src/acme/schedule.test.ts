// The next certificate is ordered early and never in a circle; the next try comes later and later, within bounds.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { backOffMs, renewalMs } from './schedule.ts'

const MINUTE = 60_000
const DAY = 24 * 60 * MINUTE
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

test('a certificate of any life is renewed after two thirds of what is left of it and before three quarters, and never within five minutes', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 400 * DAY }), fc.integer({ min: -DAY, max: DAY }), chance, (life, startedAgo, random) => {
      const nowMs = 1_800_000_000_000
      const validFromMs = nowMs - startedAgo
      const fromMs = Math.max(nowMs, validFromMs)
      const left = Math.max(0, validFromMs + life - fromMs)
      const renewMs = renewalMs({ validFromMs, expiresMs: validFromMs + life }, nowMs, random)
      assert.ok(renewMs >= nowMs + 5 * MINUTE)
      if (renewMs > nowMs + 5 * MINUTE) assert.ok(renewMs >= Math.floor(fromMs + (left * 2) / 3) && renewMs <= fromMs + (left * 3) / 4 + 1)
    }),
  )
})

test('after any number of failures the rest is at least two minutes, at most eighteen hours, and never less than was asked for', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), chance, fc.option(fc.integer({ min: 0, max: 7 * DAY }), { nil: undefined }), (failures, random, asked) => {
      const rest = backOffMs(failures, random, asked)
      assert.ok(Number.isSafeInteger(rest) && rest >= 2 * MINUTE && rest >= (asked ?? 0))
      assert.ok(rest <= Math.max(DAY * 0.75, (asked ?? 0) + MINUTE))
      assert.ok(failures > 20 || backOffMs(failures + 1, random, asked) >= rest)
    }),
  )
})
