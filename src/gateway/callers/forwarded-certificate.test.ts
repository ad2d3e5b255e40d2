// Byte sequences of `Client-Cert` are read in the one spelling that a careful proxy writes, and as nothing else.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { byteSequences } from './forwarded-certificate.ts'

const written = (octets: Uint8Array): string => `:${Buffer.from(octets).toString('base64')}:`

describe('byte sequences', () => {
  test('are read back as they were written, with white space around the commas of a list', () => {
    const octets = fc.uint8Array({ minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(fc.array(octets, { minLength: 1, maxLength: 4 }), fc.constantFrom(',', ', ', ' ,', '\t, '), (all, comma) => {
        assert.deepEqual(
          byteSequences(` ${all.map(written).join(comma)} `),
          all.map((each) => Buffer.from(each)),
        )
      }),
    )
  })
  test('in any other spelling are none', () => {
    const table = [
      '',
      ':',
      '::',
      'YQ==',
      ':YQ==',
      'YQ==:',
      ':YQ:',
      ':YQ=:',
      ':YR==:',
      ':YQ===:',
      ':Y Q==:',
      ':YQ==:;a',
      ':YQ==:,',
      ',:YQ==:',
      ':YQ==::YQ==:',
      ':YQ==: :YQ==:',
      '(:YQ==:)',
      ':-_8=:',
      '"YQ=="',
      '?1',
      ':YQ==:,,:YQ==:',
      ':é:',
    ]
    for (const text of table) assert.equal(byteSequences(text), undefined, text)
    assert.equal(table.length, 22)
  })
  test('whatever comes, what is read is what would be written', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(':', 'Y', 'Q', '=', '+', '/', ',', ' ', ';'), maxLength: 30 }), (text) => {
        const read = byteSequences(text)
        if (read !== undefined) assert.equal(read.map(written).join(','), text.replaceAll(/[ \t]/g, ''))
      }),
      { numRuns: 5000 },
    )
  })
})
