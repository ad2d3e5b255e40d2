// A pattern takes what it says and nothing else, in time that grows with the path alone.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type PathPattern, readPathPattern } from './path-pattern.ts'

const pattern = (text: string): PathPattern => {
  const read = readPathPattern(text)
  assert.ok(!('code' in read), JSON.stringify(read))
  return read
}

test('it agrees with the regular expression that says the same, for any pattern and path', () => {
  const literal = fc.constantFrom('a', 'b', 'ab', 'a.b', 'a-')
  const segment = fc.oneof(
    literal.map((text) => ({ text, source: text.replaceAll('.', '\\.') })),
    fc.tuple(fc.constantFrom('', 'a', '-'), fc.constantFrom('', 'b', '.b')).map(([before, after]) => ({
      text: `${before}{NAME}${after}`,
      source: `${before}([^/]+)${after.replaceAll('.', '\\.')}`,
    })),
  )
  const path = fc.array(fc.constantFrom('a', 'b', 'ab', 'a.b', '-', '/', 'aab', '.b'), { maxLength: 8 }).map((parts) => `/${parts.join('')}`)
  let matched = 0
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.boolean(), path, (segments, rest, asked) => {
      const text = `/${segments.map((each, i) => each.text.replace('NAME', `g${i}`)).join('/')}${rest ? '/{rest*}' : ''}`
      const expected = new RegExp(`^/${segments.map(({ source }) => source).join('/')}${rest ? '/(.*)' : ''}$`).exec(asked)?.slice(1)
      if (expected) matched++
      assert.deepEqual(pattern(text).match(asked), expected, `${text} on ${asked}`)
    }),
    { numRuns: 5000 },
  )
  assert.ok(matched > 50, String(matched))
})

test('fifty groups and a path of 8 KiB take a handful of steps a character', () => {
  const wide = pattern(`/${Array.from({ length: 50 }, (_, i) => `a{g${i}}a`).join('/')}/{rest*}`)
  const asked = `/${'a'.repeat(80)}`.repeat(100)
  assert.equal(wide.match(asked)?.length, 51)
  // Every segment but the last fits: the worst there is, and no step is taken twice.
  assert.equal(pattern('/{a}/{b}/c').match(`/${'a'.repeat(4000)}/${'b'.repeat(4000)}/d`), undefined)
})
