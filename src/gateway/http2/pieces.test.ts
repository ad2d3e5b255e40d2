// Pieces of a body that wait: nothing of them is lost or changes its place, and many small ones are few.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FRAME_BYTES_MAX } from '../../http/frames/frame-types.ts'
import { Pieces } from './pieces.ts'

test('whatever is added and taken in turn, what waits is what was added and not taken, in order', () => {
  const step = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 300 }).map((octets) => ({ octets })),
    fc.integer({ min: 1, max: 400 }).map((taken) => ({ taken })),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const pieces = new Pieces()
      let wanted = Buffer.alloc(0)
      const take = (most: number): void => {
        const { first } = pieces
        const count = Math.min(most, first.length)
        assert.deepEqual(Buffer.from(first.subarray(0, count)), Buffer.from(wanted.subarray(0, count)))
        wanted = wanted.subarray(count)
        pieces.advance(count)
      }
      for (const each of steps) {
        if ('octets' in each) {
          const lent = Buffer.concat([Buffer.from('x'), each.octets])
          pieces.add(lent, 1, lent.length)
          lent.fill(0)
          wanted = Buffer.concat([wanted, each.octets])
        } else if (!pieces.isEmpty) take(each.taken)
        assert.equal(pieces.bytes, wanted.length)
      }
      while (!pieces.isEmpty) take(1000)
      assert.equal(wanted.length, 0)
    }),
    { numRuns: 300 },
  )
})

test('a hundred thousand pieces of one octet are a few of the length of a frame, and none is longer', () => {
  const pieces = new Pieces()
  for (let i = 0; i < 100_000; i++) pieces.add(Buffer.from('a'), 0, 1)
  assert.equal(pieces.bytes, 100_000)
  assert.ok(pieces.count < 25, `${pieces.count} pieces`)
  while (!pieces.isEmpty) {
    assert.ok(pieces.first.length <= FRAME_BYTES_MAX)
    pieces.advance(pieces.first.length)
  }
})
