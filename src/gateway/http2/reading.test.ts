// When a client of many streams counts as one that does not read.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Reading } from './reading.ts'

const [A, B] = [{}, {}]
const at = (): { clock: { coarseMs: number }; reading: Reading } => {
  const clock = { coarseMs: 5000 }
  return { clock, reading: new Reading(clock) }
}

test('nothing waits: it is not stalled, however long ago', () => {
  const { clock, reading } = at()
  clock.coarseMs += 60_000
  assert.equal(reading.isStalled, false)
})
test('what waits for a second without a word on any stream stalls it', () => {
  const { clock, reading } = at()
  reading.waits(A)
  clock.coarseMs += 999
  assert.equal(reading.isStalled, false)
  clock.coarseMs += 1
  assert.equal(reading.isStalled, true)
})
test('who reads one stream and lets another wait is reading', () => {
  const { clock, reading } = at()
  reading.waits(A)
  for (let i = 0; i < 5; i++) {
    clock.coarseMs += 900
    reading.waits(B)
    reading.goesOn(B)
    assert.equal(reading.isStalled, false)
  }
})
test('giving up what waits is not reading; a stream that all has left of is', () => {
  const { clock, reading } = at()
  reading.waits(A)
  clock.coarseMs += 1000
  reading.isOver(A, false, true)
  assert.equal(reading.isStalled, true)
  reading.waits(B)
  assert.equal(reading.isStalled, true)
  reading.goesOn(B)
  assert.equal(reading.isStalled, false)
})
test('what its client gives up stalls nothing', () => {
  const { clock, reading } = at()
  reading.waits(A)
  clock.coarseMs += 1000
  reading.isOver(A, false, false)
  assert.equal(reading.isStalled, false)
})
