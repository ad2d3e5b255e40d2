// Keys are read in the three spellings and no other; what nobody drew at random is refused, and no refusal repeats it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { envelopeKeyText, newEnvelopeKey, readEnvelopeKey } from './envelope-key.ts'

const octets = Buffer.from('a7f3c09e5512d84b6e01fa93bc27684d90e1357c2afb46d8039c5be7124f8a66', 'hex')
const id = newEnvelopeKey(() => octets).id

const good: [name: string, text: string][] = [
  ['hex', octets.toString('hex')],
  ['hex in capitals', octets.toString('hex').toUpperCase()],
  ['base64', octets.toString('base64')],
  ['base64 without padding', octets.toString('base64').replace('=', '')],
  ['base64url', octets.toString('base64url')],
  ['a line end after it', `${octets.toString('base64url')}\r\n`],
  ['our own spelling', envelopeKeyText(newEnvelopeKey(() => octets))],
]
for (const [name, text] of good) {
  test(`a key may be written so: ${name}`, () => {
    const key = readEnvelopeKey(text)
    assert.ok(!('refused' in key), JSON.stringify(key))
    assert.equal(key.id, id)
    assert.deepEqual(Buffer.from(key.secret.octets()), octets)
  })
}

const base64 = octets.toString('base64url')
const bad: [name: string, text: string][] = [
  ['nothing', ''],
  ['31 octets', octets.subarray(1).toString('base64url')],
  ['33 octets', Buffer.concat([octets, Buffer.of(7)]).toString('base64url')],
  ['31 octets in hex', octets.subarray(1).toString('hex')],
  ['32 characters', 'kX9vQ2mN7pL4rT8wZ1yB6cD3fG5hJ0sA'],
  ['a word', 'password'],
  ['two keys', `${base64}\n${base64}`],
  ['a space inside', `${base64.slice(0, 20)} ${base64.slice(20)}`],
  ['bits beyond the last octet', `${base64.slice(0, 42)}${String.fromCharCode(base64.charCodeAt(42) + 1)}`],
  ['both alphabets of base64', `-+${base64.slice(2)}`],
  ['zeros', '0'.repeat(64)],
  ['one octet over and over', 'ab'.repeat(32)],
  ['eight octets, four times', octets.toString('hex', 0, 8).repeat(4)],
  ['counting up', Buffer.from(Array.from({ length: 32 }, (_, i) => i)).toString('hex')],
  ['counting down by three', Buffer.from(Array.from({ length: 32 }, (_, i) => (200 - 3 * i) & 255)).toString('base64')],
  ['a sentence of 32 characters', Buffer.from('the quick brown fox jumps over 1').toString('base64')],
]
test('what is no key is refused, and the refusal does not repeat it', () => {
  for (const [name, text] of bad) {
    const key = readEnvelopeKey(text)
    assert.ok('refused' in key, name)
    if (text.length > 8) assert.ok(!key.refused.includes(text.slice(0, 8)), name)
  }
  assert.equal(bad.length, 16)
})

test('keys drawn at random are never refused', () => {
  for (let i = 0; i < 2000; i++) assert.ok(!('refused' in readEnvelopeKey(envelopeKeyText(newEnvelopeKey()))))
})
