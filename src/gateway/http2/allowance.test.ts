// So many at once, so many a second, and what is earned: never more at once than the most.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Allowance } from './allowance.ts'

const taken = (allowance: Allowance, nowMs: number): number => {
  let count = 0
  while (allowance.take(nowMs)) count++
  return count
}

test('as many as the most are taken at once, and then as many as time brings', () => {
  const allowance = new Allowance(200, 33, 1000)
  assert.equal(taken(allowance, 1000), 200)
  assert.equal(taken(allowance, 1000), 0)
  // What is asked for in vain counts too.
  assert.equal(taken(allowance, 2000), 31)
  assert.equal(taken(allowance, 3_600_000), 200)
})
test('a clock that stands still or goes back brings nothing', () => {
  const allowance = new Allowance(3, 1000, 1000)
  assert.equal(taken(allowance, 1000), 3)
  assert.equal(taken(allowance, 0), 0)
})
test('what is earned may be taken, up to the most', () => {
  const allowance = new Allowance(5, 0, 0)
  assert.equal(taken(allowance, 0), 5)
  allowance.earn(3)
  assert.equal(taken(allowance, 0), 2)
  allowance.earn(100)
  assert.equal(taken(allowance, 0), 5)
})
