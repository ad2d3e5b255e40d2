// Quick chance is spread evenly, the same for the same seed, and never 1.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { quickChance } from './chance.ts'

test('a hundred thousand numbers fall evenly into ten parts, none of them below 0 or at 1', () => {
  const chance = quickChance(7)
  const parts = new Array<number>(10).fill(0)
  for (let i = 0; i < 100_000; i++) {
    const number = chance()
    assert.ok(number >= 0 && number < 1)
    parts[Math.floor(number * 10)]!++
  }
  for (const count of parts) assert.ok(Math.abs(count - 10_000) < 500, String(parts))
})

test('the same seed gives the same numbers, and no seed gives others each time', () => {
  const of = (chance: () => number): number[] => Array.from({ length: 8 }, chance)
  assert.deepEqual(of(quickChance(5)), of(quickChance(5)))
  assert.notDeepEqual(of(quickChance()), of(quickChance()))
})
