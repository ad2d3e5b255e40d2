// The two messages of grpc.health.v1, octet by octet.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { healthRequest, healthStatus } from './health-messages.ts'

const framed = (hex: string): Buffer => {
  const message = Buffer.from(hex.replaceAll(' ', ''), 'hex')
  const frame = Buffer.alloc(5)
  frame.writeUInt32BE(message.length, 1)
  return Buffer.concat([frame, message])
}

test('a request names its service, or nothing for the server as a whole', () => {
  assert.equal(healthRequest('').toString('hex'), '0000000000')
  assert.equal(healthRequest('books.v1.Books').toString('hex'), `0000000010${'0a0e'}${Buffer.from('books.v1.Books').toString('hex')}`)
  const long = 'a'.repeat(300)
  assert.equal(healthRequest(long).toString('hex'), `000000012f0aac02${Buffer.from(long).toString('hex')}`)
})

const vectors: readonly (readonly [what: string, octets: Buffer, status: number | undefined])[] = [
  ['SERVING', framed('08 01'), 1],
  ['NOT_SERVING', framed('08 02'), 2],
  ['SERVICE_UNKNOWN', framed('08 03'), 3],
  ['nothing, which is UNKNOWN', framed(''), 0],
  ['the last of two counts', framed('08 02 08 01'), 1],
  ['an unknown varint before it', framed('10 ff 01 08 01'), 1],
  ['unknown text before it', framed('12 03 61 62 63 08 01'), 1],
  ['unknown fixed fields before it', framed('11 0000000000000000 1d 00000000 08 01'), 1],
  ['a varint written longer than it must be', framed('08 81 00'), 1],
  ['a varint without an end', framed('08 81'), undefined],
  ['a varint of eleven octets', framed('08 ff ff ff ff ff ff ff ff ff ff 01'), undefined],
  ['text longer than the message', framed('12 7f 61'), undefined],
  ['a group', framed('0b'), undefined],
  ['field number 0', framed('00 01'), undefined],
  ['a compressed frame', Buffer.concat([Buffer.from([1]), framed('08 01').subarray(1)]), undefined],
  ['a frame cut short', framed('08 01').subarray(0, 6), undefined],
  ['two frames', Buffer.concat([framed('08 01'), framed('08 01')]), undefined],
  ['no frame', Buffer.alloc(0), undefined],
]
for (const [what, octets, status] of vectors) test(`an answer: ${what}`, () => assert.equal(healthStatus(octets), status))
test('all answers were read', () => assert.equal(vectors.length, 18))

test('whatever octets come, there is a status or none, and no endless reading', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (octets) => {
      const status = healthStatus(framed(Buffer.from(octets).toString('hex')))
      assert.ok(status === undefined || status >= 0)
    }),
    { numRuns: 5000 },
  )
})
