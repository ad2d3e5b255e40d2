// One-time codes agree with the vectors of their standards, and are good once.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { fromBase32 } from '../../test/support/people-room.ts'
import { base32, codeAt, keyUri, matchingStep, stepAt } from './totp.ts'

const SEED = Buffer.from('12345678901234567890')
/** RFC 6238 appendix B, SHA-1: seconds and the eight digits. */
const TIMES: readonly (readonly [seconds: number, code: string])[] = [
  [59, '94287082'],
  [1111111109, '07081804'],
  [1111111111, '14050471'],
  [1234567890, '89005924'],
  [2000000000, '69279037'],
  [20000000000, '65353130'],
]
/** RFC 4226 appendix D: counters 0 to 9. */
const COUNTERS = ['755224', '287082', '359152', '969429', '338314', '254676', '287922', '162583', '399871', '520489']

describe('one-time codes', () => {
  it('are those of RFC 6238 and RFC 4226', () => {
    let ran = 0
    for (const [seconds, code] of TIMES) {
      assert.equal(codeAt(SEED, stepAt(seconds * 1000), 8), code)
      ran++
    }
    for (const [counter, code] of COUNTERS.entries()) {
      assert.equal(codeAt(SEED, counter), code)
      ran++
    }
    assert.equal(ran, 16)
  })

  it('count one step before and after, and not two', () => {
    const nowMs = 1_700_000_000_000
    const now = stepAt(nowMs)
    for (const [off, isTaken] of [
      [-2, false],
      [-1, true],
      [0, true],
      [1, true],
      [2, false],
    ] as const)
      assert.equal(matchingStep(SEED, codeAt(SEED, now + off), nowMs, -1), isTaken ? now + off : undefined)
  })

  it('are not taken at or before the last step that was', () => {
    const nowMs = 1_700_000_000_000
    const now = stepAt(nowMs)
    assert.equal(matchingStep(SEED, codeAt(SEED, now), nowMs, now), undefined)
    assert.equal(matchingStep(SEED, codeAt(SEED, now - 1), nowMs, now), undefined)
    assert.equal(matchingStep(SEED, codeAt(SEED, now + 1), nowMs, now), now + 1)
  })

  it('are six digits of ASCII and nothing else', () => {
    const nowMs = 59_000
    for (const code of ['', '28708', '2870820', ' 287082', '287082\n', '٢٨٧٠٨٢', '2.8708', '-28708'])
      assert.equal(matchingStep(SEED, code, nowMs, -1), undefined)
    assert.equal(matchingStep(SEED, '287082', nowMs, -1), 1)
  })

  it('base32 is that of RFC 4648 10, and reads back', () => {
    const vectors = { '': '', f: 'MY', fo: 'MZXQ', foo: 'MZXW6', foob: 'MZXW6YQ', fooba: 'MZXW6YTB', foobar: 'MZXW6YTBOI' }
    for (const [plain, wanted] of Object.entries(vectors)) assert.equal(base32(Buffer.from(plain)), wanted)
    fc.assert(fc.property(fc.uint8Array({ maxLength: 64 }), (octets) => assert.deepEqual(fromBase32(base32(octets)), Buffer.from(octets))))
  })

  it('the address for authenticator apps escapes what a name may hold', () => {
    assert.match(keyUri(SEED, 'A&B', 'a?secret=x@example.org'), /^otpauth:\/\/totp\/A%26B:a%3Fsecret%3Dx%40example\.org\?secret=[A-Z2-7]{32}&issuer=A%26B&/)
  })
})
