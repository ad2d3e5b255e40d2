// However requests fail, retries stay below their share.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RetryBudget } from './retry-budget.ts'

test('over any time there are at most the share of the requests, what a second always allows, and one burst', () => {
  const step = fc.record({ requests: fc.nat(200), retries: fc.nat(200), ms: fc.nat(2000) })
  fc.assert(
    fc.property(fc.nat(100), fc.nat(20), fc.array(step, { maxLength: 50 }), (budgetPercent, budgetPerSecond, steps) => {
      const budget = new RetryBudget({ budgetPercent, budgetPerSecond }, 0)
      let [now, requests, retries] = [0, 0, 0]
      for (const each of steps) {
        now += each.ms
        for (let i = 0; i < each.requests; i++) budget.earn()
        requests += each.requests
        for (let i = 0; i < each.retries; i++) if (budget.spend(now)) retries++
        assert.ok(retries <= (requests * budgetPercent) / 100 + (now * budgetPerSecond) / 1000 + 64 + 1e-6)
      }
    }),
    { numRuns: 500 },
  )
})
test('a budget of nothing allows nothing', () => {
  const budget = new RetryBudget({ budgetPercent: 0, budgetPerSecond: 0 }, 0)
  for (let i = 0; i < 1000; i++) budget.earn()
  assert.equal(budget.spend(1_000_000), false)
  assert.equal(budget.exhausted, 1)
})
test('what was not used in time does not pile up', () => {
  const budget = new RetryBudget({ budgetPercent: 20, budgetPerSecond: 10 }, 0)
  for (let i = 0; i < 100_000; i++) budget.earn()
  let spent = 0
  while (budget.spend(3_600_000)) spent++
  assert.equal(spent, 64)
})
test('the clock going nowhere gives nothing', () => {
  const budget = new RetryBudget({ budgetPercent: 0, budgetPerSecond: 10 }, 1000)
  let spent = 0
  while (budget.spend(1000)) spent++
  assert.equal(budget.spend(900), false)
  assert.equal(spent, 10)
})
