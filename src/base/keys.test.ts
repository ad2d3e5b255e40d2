// Keys have 190 random bits, and a typing error in one is told by its checksum.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { crc32 } from 'node:zlib'
import { isWellFormedKey, KEY_LENGTH, keyDigest, keyHint, mintKey } from './keys.ts'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

describe('keys', () => {
  it('are well formed when minted, of one length, and never twice the same', () => {
    const keys = Array.from({ length: 500 }, () => mintKey())
    for (const key of keys) {
      assert.match(key, /^gth_live_[0-9A-Za-z]{38}$/)
      assert.equal(key.length, KEY_LENGTH)
      assert.equal(isWellFormedKey(key), true)
    }
    assert.equal(new Set(keys).size, 500)
  })

  it('carry at least 160 random bits, and no digit is likelier than another', () => {
    assert.ok(32 * Math.log2(62) >= 160)
    // Every octet value once: the eight that would favour the first digits are passed over, so each digit comes four times.
    let next = 0
    const seen = new Map<string, number>()
    const cycle = (octets: number): Uint8Array => Uint8Array.from({ length: octets }, () => next++ & 255)
    for (let i = 0; i < 31; i++) for (const digit of mintKey(cycle).slice(9, 41)) seen.set(digit, (seen.get(digit) ?? 0) + 1)
    assert.equal(seen.size, 62)
    assert.ok(Math.max(...seen.values()) - Math.min(...seen.values()) <= 4)
  })

  it('end in the CRC-32 of the rest, as another implementation computes it', () => {
    for (let i = 0; i < 100; i++) {
      const key = mintKey()
      let rest = crc32(key.slice(0, 41))
      let wanted = ''
      for (let digit = 0; digit < 6; digit++) {
        wanted = DIGITS[rest % 62] + wanted
        rest = Math.floor(rest / 62)
      }
      assert.equal(key.slice(41), wanted)
    }
  })

  it('any one changed, missing, added or swapped character is noticed', () => {
    const key = mintKey()
    for (let i = 0; i < key.length; i++) {
      for (const other of ['0', 'z', '_', ' ', 'é']) if (other !== key[i]) assert.equal(isWellFormedKey(key.slice(0, i) + other + key.slice(i + 1)), false)
      assert.equal(isWellFormedKey(key.slice(0, i) + key.slice(i + 1)), false)
      assert.equal(isWellFormedKey(`${key.slice(0, i)}A${key.slice(i)}`), false)
      const swapped = key.slice(0, i) + (key[i + 1] ?? '') + key[i]! + key.slice(i + 2)
      if (swapped !== key) assert.equal(isWellFormedKey(swapped), false)
    }
    for (const text of ['', 'gth_', `${key}\n`, ` ${key}`, key.toUpperCase(), key.toLowerCase()]) assert.equal(isWellFormedKey(text), false)
  })

  it('of the form before this one stay good, and neither form passes for the other', () => {
    const old = 'gth_3pnjFnlhMdqjtUFFrXm9oj8tXDlOXZh71ww1Ep'
    assert.equal(isWellFormedKey(old), true)
    assert.equal(isWellFormedKey(`gth_live_${old.slice(4)}`), false)
    assert.equal(isWellFormedKey(mintKey().replace('live_', '')), false)
    assert.equal(isWellFormedKey(mintKey().replace('live', 'test')), false)
  })

  it('show their prefix and the last four characters of their checksum, and 160 bits stay unknown', () => {
    const key = mintKey()
    assert.equal(keyHint(key), `gth_live_...${key.slice(-4)}`)
    assert.equal(keyHint('gth_3pnjFnlhMdqjtUFFrXm9oj8tXDlOXZh71ww1Ep'), 'gth_...w1Ep')
    assert.ok(32 * Math.log2(62) - 4 * Math.log2(62) >= 160)
  })

  it('are held as the lower-case hexadecimal SHA-256 of the whole of them', () => {
    const key = mintKey()
    assert.equal(keyDigest(key), createHash('sha256').update(key).digest('hex'))
  })
})
