// Octets that wait: whole and in order, whoever lent them, and at a cost that grows with them and not with their pieces.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Unread } from './unread.ts'

test('what was added and not advanced over is there, in order, whatever becomes of the memory that it came in', () => {
  const step = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 50 }).map((octets) => ({ octets })),
    fc.nat(60).map((advanced) => ({ advanced })),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const unread = new Unread()
      let wanted = Buffer.alloc(0)
      const read = Buffer.alloc(64)
      for (const each of steps) {
        if ('octets' in each) {
          read.set(each.octets)
          unread.add(read, each.octets.length)
          wanted = Buffer.concat([wanted, each.octets])
          unread.keep()
          read.fill(0xff)
        } else {
          const count = Math.min(each.advanced, unread.size)
          unread.advance(unread.from + count)
          wanted = wanted.subarray(count)
        }
        assert.deepEqual(Buffer.from(unread.bytes.subarray(unread.from, unread.to)), Buffer.from(wanted))
      }
      assert.deepEqual(unread.take() ?? Buffer.alloc(0), Buffer.from(wanted))
    }),
    { numRuns: 300 },
  )
})

test('sixty thousand octets in pieces of six are moved a few times, and not with every piece', () => {
  const unread = new Unread()
  const memories = new Set<ArrayBufferLike>()
  for (let i = 0; i < 10_000; i++) {
    unread.add(Buffer.from('1\r\na\r\n'), 6)
    unread.keep()
    memories.add(unread.bytes.buffer)
  }
  assert.equal(unread.size, 60_000)
  assert.ok(memories.size < 20, `${memories.size} times`)
})

test('what waits stays where it is while more comes: a head that was read of it still holds', () => {
  const unread = new Unread()
  unread.add(Buffer.from('head'), 4)
  unread.keep()
  unread.add(Buffer.from('body'), 4)
  const head = unread.bytes.subarray(unread.from, unread.from + 4)
  unread.advance(unread.from + 4)
  for (let i = 0; i < 100; i++) unread.add(Buffer.from('more'), 4)
  assert.equal(head.toString(), 'head')
})
