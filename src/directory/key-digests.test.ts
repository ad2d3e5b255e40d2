// What the store holds of a key tells nothing without the data key, and cannot be altered unnoticed.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { keyDigest, mintKey } from '../base/keys.ts'
import { KeyDigests } from './key-digests.ts'

const KEY = new Uint8Array(32).fill(9)
const digests = new KeyDigests(KEY)
const digestArbitrary = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((octets) => Buffer.from(octets).toString('hex'))

describe('digests at rest', () => {
  it('open to what was sealed, and the same digest is sealed the same way', () => {
    fc.assert(
      fc.property(digestArbitrary, (digest) => {
        const sealed = digests.seal(digest)
        assert.equal(digests.open(sealed), digest)
        assert.deepEqual(digests.seal(digest), sealed)
        assert.equal(digests.tag(digest), sealed.tag)
      }),
    )
  })

  it('are HMAC-SHA-256 under keys derived from the data key', () => {
    const digest = keyDigest(mintKey())
    const derived = createHmac('sha256', KEY).update('gatehouse directory: tag').digest()
    assert.equal(digests.tag(digest), createHmac('sha256', derived).update(Buffer.from(digest, 'hex')).digest('hex'))
  })

  it('show neither the digest nor each other under another data key', () => {
    const digest = keyDigest(mintKey())
    const other = new KeyDigests(new Uint8Array(32).fill(8))
    const sealed = digests.seal(digest)
    for (const text of [sealed.tag, sealed.sealed, other.tag(digest)]) assert.notEqual(text, digest)
    assert.notEqual(other.tag(digest), sealed.tag)
    assert.equal(other.open(sealed), undefined)
  })

  it('are refused when a bit of either part is flipped, or parts of two are put together', () => {
    const one = digests.seal(keyDigest(mintKey()))
    const two = digests.seal(keyDigest(mintKey()))
    let tried = 0
    for (const part of ['tag', 'sealed'] as const) {
      for (let bit = 0; bit < 256; bit++, tried++) {
        const octets = Buffer.from(one[part], 'hex')
        octets[bit >> 3]! ^= 1 << (bit & 7)
        assert.equal(digests.open({ ...one, [part]: octets.toString('hex') }), undefined)
      }
    }
    assert.equal(tried, 512)
    assert.equal(digests.open({ tag: one.tag, sealed: two.sealed }), undefined)
    for (const broken of ['', 'x'.repeat(64), one.tag.toUpperCase(), `${one.tag}00`]) assert.equal(digests.open({ tag: broken, sealed: one.sealed }), undefined)
  })

  it('need a data key of 32 octets', () => {
    for (const length of [0, 16, 31, 33]) assert.throws(() => new KeyDigests(new Uint8Array(length)), RangeError)
  })
})
