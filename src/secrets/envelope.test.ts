// What is sealed opens in its place, under its key, unaltered, and nowhere else.
import assert from 'node:assert/strict'
import { createDecipheriv } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { UnreadableSecret } from '../ports/envelope.ts'
import { KeyedEnvelope, keyIdOf, SEALED_PLAIN_MAX } from './envelope.ts'
import { envelopeKey, newEnvelopeKey } from './envelope-key.ts'

const key = newEnvelopeKey()
const envelope = new KeyedEnvelope(key)
const plain = Buffer.from('correct horse')

test('any octets open as they were sealed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), (octets, context) => {
      const sealed = envelope.seal(octets, context)
      assert.match(sealed, /^v1\.[0-9a-f]{16}\.[A-Za-z0-9_-]+$/)
      assert.equal(keyIdOf(sealed), envelope.keyId)
      assert.deepEqual(envelope.open(sealed, context), octets)
    }),
  )
})

test('no two sealings of one value are alike, and the nonce is fresh each time', () => {
  const nonces = new Set(Array.from({ length: 2000 }, () => Buffer.from(envelope.seal(plain, 'a').split('.')[2]!, 'base64url').toString('hex', 0, 12)))
  assert.equal(nonces.size, 2000)
})

test('it is AES-256-GCM as another reader knows it', () => {
  const [, id, text] = envelope.seal(plain, 'secret/a').split('.') as [string, string, string]
  const octets = Buffer.from(text, 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', key.secret.octets(), octets.subarray(0, 12))
  decipher.setAAD(Buffer.from(`gatehouse sealed v1\0${id}\0secret/a`)).setAuthTag(octets.subarray(-16))
  assert.equal(Buffer.concat([decipher.update(octets.subarray(12, -16)), decipher.final()]).toString(), 'correct horse')
})

test('any change of any character of a sealed value makes it unreadable', () => {
  const sealed = envelope.seal(plain, 'a')
  let tried = 0
  for (let i = 0; i < sealed.length; i++) {
    for (const other of ['A', 'b', '0', '.', '=', ' ', '\n']) {
      if (sealed[i] === other) continue
      assert.throws(() => envelope.open(sealed.slice(0, i) + other + sealed.slice(i + 1), 'a'), UnreadableSecret)
      tried++
    }
  }
  assert.ok(tried > 400)
})

const sealed = envelope.seal(plain, 'secret/a')
const unreadable: [name: string, open: () => Uint8Array][] = [
  ['a value that was moved to another place', () => envelope.open(sealed, 'secret/b')],
  ['a value under another key', () => new KeyedEnvelope(newEnvelopeKey()).open(sealed, 'secret/a')],
  [
    'a value relabelled with the id of a key that is known',
    () => {
      const other = newEnvelopeKey()
      return new KeyedEnvelope(other, [key]).open(sealed.replace(key.id, other.id), 'secret/a')
    },
  ],
  ['a value cut short', () => envelope.open(sealed.slice(0, -1), 'secret/a')],
  ['a value made longer', () => envelope.open(`${sealed}AAAA`, 'secret/a')],
  ['a value with padding', () => envelope.open(`${sealed}=`, 'secret/a')],
  ['another version', () => envelope.open(sealed.replace('v1', 'v2'), 'secret/a')],
  ['nothing', () => envelope.open('', 'secret/a')],
  ['what is shorter than nonce and tag', () => envelope.open(`v1.${key.id}.AAAA`, 'secret/a')],
  ['what was never sealed', () => envelope.open('correct horse', 'secret/a')],
]
test('every failure is one and the same', () => {
  for (const [name, open] of unreadable) {
    assert.throws(open, (error: Error) => {
      assert.ok(error instanceof UnreadableSecret, name)
      assert.match(error.message, /^what is sealed for secret\/[ab] cannot be opened with this envelope key$/)
      assert.equal(error.cause, undefined)
      return true
    })
  }
  assert.equal(unreadable.length, 10)
})

test('after a succession the new key seals and both open; after a handover only the new one does', () => {
  const swapped = new KeyedEnvelope(key)
  const next = newEnvelopeKey()
  swapped.succeed(next)
  assert.equal(keyIdOf(swapped.seal(plain, 'a')), next.id)
  assert.deepEqual(Buffer.from(swapped.open(sealed, 'secret/a')), plain)
  swapped.use(next)
  assert.throws(() => swapped.open(sealed, 'secret/a'), UnreadableSecret)
})

test('what is too long is not sealed, and a key has 32 octets', () => {
  assert.throws(() => envelope.seal(new Uint8Array(SEALED_PLAIN_MAX + 1), 'a'), RangeError)
  for (const octets of [0, 16, 31, 33]) assert.throws(() => envelopeKey(new Uint8Array(octets)), RangeError)
})

test('the id of a key is told by its octets alone, and tells nothing that opens', () => {
  assert.equal(envelopeKey(new Uint8Array(32)).id, envelopeKey(new Uint8Array(32)).id)
  assert.match(key.id, /^[0-9a-f]{16}$/)
})
