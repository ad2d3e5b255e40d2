// The fast HMAC is the one of RFC 2104, and takes nothing that it was not made for.
import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { DigestHmac } from './hmac.ts'

test('agrees with the HMAC of node:crypto over random keys and messages', () => {
  for (let i = 0; i < 500; i++) {
    const key = randomBytes(32)
    const message = randomBytes(32)
    assert.equal(new DigestHmac(key).of(message.toString('hex')), createHmac('sha256', key).update(message).digest('hex'))
  }
})

test('one object gives the same answer every time', () => {
  const hmac = new DigestHmac(new Uint8Array(32).fill(7))
  const [first, second] = ['00'.repeat(32), 'ff'.repeat(32)].map((message) => hmac.of(message))
  assert.notEqual(first, second)
  assert.deepEqual([hmac.of('00'.repeat(32)), hmac.of('ff'.repeat(32))], [first, second])
})

test('refuses keys and messages of another length, and what is not hexadecimal', () => {
  for (const length of [0, 16, 31, 33, 64]) assert.throws(() => new DigestHmac(new Uint8Array(length)), RangeError)
  const hmac = new DigestHmac(new Uint8Array(32))
  for (const message of ['', '00', '0'.repeat(63), '0'.repeat(65), `${'0'.repeat(62)}zz`]) assert.throws(() => hmac.of(message), RangeError)
})
