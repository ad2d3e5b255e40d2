// Caps on connections hold over all threads, and what a dead thread held is given back.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConnectionCaps, capsMemory } from './connection-caps.ts'

test('both caps hold over all threads together', () => {
  const memory = capsMemory(2)
  const [one, two] = [new ConnectionCaps(memory, 0, 2), new ConnectionCaps(memory, 1, 2)]
  const slot = one.slotOf('192.0.2.1')
  assert.equal(two.slotOf('192.0.2.1'), slot)
  assert.ok(one.enter(slot, 10, 2))
  assert.ok(two.enter(slot, 10, 2))
  assert.equal(one.enter(slot, 10, 2), false)
  assert.equal(two.enter(slot, 2, 10), false)
  two.leave(slot)
  assert.ok(one.enter(slot, 10, 2))
  assert.equal(one.open, 2)
})

test('what a dead thread held is forgotten, and nothing else', () => {
  const memory = capsMemory(2)
  const [one, two] = [new ConnectionCaps(memory, 0, 2), new ConnectionCaps(memory, 1, 2)]
  const slot = one.slotOf('192.0.2.1')
  for (let i = 0; i < 3; i++) one.enter(slot, 100, 100)
  two.enter(slot, 100, 100)
  new ConnectionCaps(memory, 0, 2).wipe()
  assert.equal(two.open, 1)
  assert.equal(two.enter(slot, 100, 1), false)
})

test('where an address counts cannot be told from outside: it differs from process to process', () => {
  const slots = new Set(Array.from({ length: 16 }, () => new ConnectionCaps(capsMemory(1), 0, 1).slotOf('192.0.2.1')))
  assert.ok(slots.size > 8, `${slots.size} places in 16 processes`)
})
