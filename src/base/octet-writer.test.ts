// Numbers are written as JavaScript would write them, whatever their size, and octets arrive where they belong.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { OctetWriter } from './octet-writer.ts'

const written = (write: (out: OctetWriter) => void): string => {
  const out = new OctetWriter(8)
  write(out)
  return out.take().toString('latin1')
}
const edges = [0, 1, 9, 10, 99, 100, 999_999, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 10 ** 15 - 1, 10 ** 15, Number.MAX_SAFE_INTEGER]

test('a whole number in decimal, with zeros in front where they are wanted', () => {
  const check = (value: number, width: number): void => {
    assert.equal(
      written((out) => out.decimal(value)),
      String(value),
    )
    assert.equal(
      written((out) => out.padded(value, width)),
      String(value).padStart(width, '0'),
    )
  }
  for (const value of edges) check(value, 6)
  fc.assert(fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: 16 }), check), { numRuns: 2000 })
})

test('a whole number in hexadecimal', () => {
  const check = (value: number): void =>
    assert.equal(
      written((out) => out.hexadecimal(value)),
      value.toString(16),
    )
  for (const value of edges) if (value < 2 ** 32) check(value)
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), check), { numRuns: 2000 })
})

test('stretches of any length, one behind the other, beyond what it began with', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary-ascii', maxLength: 100 }), { maxLength: 20 }), (parts) => {
      const text = written((out) => {
        for (const [i, part] of parts.entries()) {
          if (i % 2 === 0) out.text(part)
          else out.put(Buffer.from(`<${part}>`), 1, part.length + 1)
        }
      })
      assert.equal(text, parts.join(''))
    }),
  )
})
