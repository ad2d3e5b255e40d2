// DER is read in its one spelling, never past its end, and whatever octets come nothing worse happens than a fault.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { BIT_STRING, BOOLEAN, DerCursor, DerFault, GENERALIZED_TIME, INTEGER, OID, readingDer, SEQUENCE, UTC_TIME } from './der.ts'

const cursor = (hex: string): DerCursor => new DerCursor(Buffer.from(hex.replaceAll(' ', ''), 'hex'))
const textOf = (tag: number, text: string): DerCursor => new DerCursor(Buffer.concat([Buffer.of(tag, text.length), Buffer.from(text)]))

describe('DER', () => {
  test('spellings that are not the only one are refused', () => {
    const wrong = [
      '',
      '30',
      '3001',
      '30 80 00 00',
      '30 81 01 00',
      '30 81 7f',
      '30 82 00 81',
      '30 82 00 ff',
      '30 85 00 00 00 00 01',
      '30 84 ff ff ff ff',
      '1f 00',
      '3f 81 00',
    ]
    for (const hex of wrong) assert.throws(() => cursor(hex).next(), DerFault, hex)
    assert.equal(wrong.length, 12)
    assert.equal(cursor(`30 81 80 ${'00'.repeat(128)}`).next(SEQUENCE).content.length, 128)
    assert.equal(cursor(`30 82 01 00 ${'00'.repeat(256)}`).next(SEQUENCE).content.length, 256)
  })

  test('values are read as X.690 writes them', () => {
    assert.equal(cursor('01 01 ff').next(BOOLEAN).boolean, true)
    assert.equal(cursor('02 01 00').next(INTEGER).integer, 0)
    assert.equal(cursor('02 02 00 80').next(INTEGER).integer, 128)
    assert.equal(cursor('02 06 7f ff ff ff ff ff').next(INTEGER).integer, 0x7fffffffffff)
    assert.equal(cursor('06 09 2a 86 48 86 f7 0d 01 01 0b').next(OID).oid, '1.2.840.113549.1.1.11')
    assert.equal(cursor('06 03 55 1d 13').next(OID).oid, '2.5.29.19')
    assert.equal(cursor('06 02 88 37').next(OID).oid, '2.999')
    assert.equal(cursor('03 02 05 a0').next(BIT_STRING).namedBits, 0b101)
    assert.equal(textOf(UTC_TIME, '491231235959Z').next().time, Date.UTC(2049, 11, 31, 23, 59, 59))
    assert.equal(textOf(UTC_TIME, '500101000000Z').next().time, Date.UTC(1950, 0, 1))
    assert.equal(textOf(GENERALIZED_TIME, '21200229000000Z').next().time, Date.UTC(2120, 1, 29))
  })

  test('values in any other spelling are refused', () => {
    const wrong: readonly (() => unknown)[] = [
      () => cursor('01 01 01').next().boolean,
      () => cursor('01 02 ff ff').next().boolean,
      () => cursor('02 00').next().integer,
      () => cursor('02 01 80').next().integer,
      () => cursor('02 02 00 7f').next().integer,
      () => cursor('02 07 01 00 00 00 00 00 00').next().integer,
      () => cursor('06 00').next().oid,
      () => cursor('06 01 80').next().oid,
      () => cursor('06 03 55 80 01').next().oid,
      () => cursor(`06 09 55 ${'ff'.repeat(7)} 7f`).next().oid,
      () => cursor('03 00').next().namedBits,
      () => cursor('03 02 08 a0').next().namedBits,
      () => cursor('03 02 01 a0').next().wholeBits,
      ...['4912312359Z', '491231235959+0100', '491331235959Z', '490229000000Z', '491231245959Z', '491231235960Z', '491231236000Z'].map(
        (text) => () => textOf(UTC_TIME, text).next().time,
      ),
      ...['20491231235959', '20491231235959.5Z', '20490230000000Z'].map((text) => () => textOf(GENERALIZED_TIME, text).next().time),
      () => textOf(0x0c, '491231235959Z').next().time,
      () => cursor('30 00 00').next(INTEGER),
      () => {
        const all = cursor('05 00 05 00')
        all.next()
        all.close()
      },
    ]
    for (const [i, read] of wrong.entries()) assert.throws(read, DerFault, String(i))
    assert.equal(wrong.length, 26)
  })

  test('a cursor never leaves what it was given, whatever stands there', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(32), (octets, from) => {
        const bytes = Buffer.from(octets)
        const start = Math.min(from, bytes.length)
        const all = new DerCursor(bytes, start, bytes.length)
        let at = start
        readingDer(() => {
          while (all.hasMore) {
            all.next()
            assert.ok(all.start === at && all.from > all.start && all.to >= all.from && all.to <= bytes.length)
            at = all.to
          }
        })
        assert.ok(at <= bytes.length)
      }),
      { numRuns: 5000 },
    )
  })

  test('what is no fault of the octets is thrown on', () => {
    assert.throws(() => readingDer(() => JSON.parse('{')), SyntaxError)
  })
})
