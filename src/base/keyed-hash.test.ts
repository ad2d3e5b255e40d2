// The keyed hash is SipHash-2-4-128 to the letter, for octets and for text.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { KeyedHash } from './keyed-hash.ts'

/** The authors' reference program: key 00..0f, input of n octets 00, 01, ...; n and the 16 octets of its answer. */
const VECTORS: readonly (readonly [n: number, answer: string])[] = [
  [0, 'a3817f04ba25a8e66df67214c7550293'],
  [1, 'da87c1d86b99af44347659119b22fc45'],
  [2, '8177228da4a45dc7fca38bdef60affe4'],
  [7, 'a1f1ebbed8dbc153c0b84aa61ff08239'],
  [8, '3b62a9ba6258f5610f83e264f31497b4'],
  [9, '264499060ad9baabc47f8b02bb6d71ed'],
  [15, '5493e99933b0a8117e08ec0f97cfc3d9'],
  [16, '6ee2a4ca67b054bbfd3315bf85230577'],
  [31, '2939b0183223fafc1723de4f52c43d35'],
  [32, '7c3956ca5eeafc3e363e9d556546eb68'],
  [62, '5853542321f567a005d547a4f04759bd'],
  [63, '5150d1772f50834a503e069a973fbd7c'],
]
const counting = (n: number): Uint8Array => Uint8Array.from({ length: n }, (_, i) => i)
const answer = (hash: KeyedHash): string => Buffer.from(hash.words.buffer.slice(0)).toString('hex')

describe('the keyed hash', () => {
  it('agrees with the reference program', () => {
    const hash = new KeyedHash(counting(16))
    let ran = 0
    for (const [n, wanted] of VECTORS) {
      hash.hashOctets(counting(n))
      assert.equal(answer(hash), wanted, `${n} octets`)
      ran++
    }
    assert.equal(ran, 12)
  })

  it('hashes a stretch of octets like those octets alone, wherever it lies', () => {
    const within = new KeyedHash(counting(16))
    const around = Uint8Array.from({ length: 200 }, (_, i) => i * 7)
    for (let start = 0; start < 20; start++) {
      for (let length = 0; length < 70; length++) {
        const alone = new KeyedHash(counting(16))
        alone.hashOctets(around.slice(start, start + length))
        within.hashOctets(around, start, start + length)
        assert.equal(answer(within), answer(alone), `${length} octets from ${start}`)
      }
    }
  })

  it('hashes text as its UTF-8, whatever came before it', () => {
    const byText = new KeyedHash(counting(16))
    const byOctets = new KeyedHash(counting(16))
    for (const text of ['', 'a', 'acme', 'ä', 'straße', '😀😀', 'x'.repeat(1000), 'y'.repeat(999), 'x', 'ä'.repeat(300)]) {
      byText.hash(text)
      byOctets.hashOctets(Buffer.from(text))
      assert.equal(answer(byText), answer(byOctets), text.slice(0, 10))
    }
  })

  it('another secret gives another answer', () => {
    const one = new KeyedHash(counting(16))
    const other = new KeyedHash(counting(16).with(15, 0))
    one.hash('acme')
    other.hash('acme')
    assert.notEqual(answer(one), answer(other))
  })

  it('a secret that is not 16 octets is refused', () => {
    assert.throws(() => new KeyedHash(counting(15)), RangeError)
    assert.throws(() => new KeyedHash(counting(17)), RangeError)
  })
})
