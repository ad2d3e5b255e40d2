// Documents are read strictly, within their caps, and every value is found again at its line and column.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stringify } from 'yaml'
import { CONFIGURATION_CAPS, OPENAPI_CAPS, parseSource } from './source-document.ts'

const read = (name: string, text: string, caps = CONFIGURATION_CAPS) => parseSource(`/d/${name}`, Buffer.from(text), caps)
const faults = (name: string, text: string, caps = CONFIGURATION_CAPS) =>
  read(name, text, caps).faults.map(({ line, column, code }) => `${line}:${column} ${code}`)

test('YAML words that older versions turn into truth values stay text', () => {
  assert.deepEqual(read('a.yaml', 'a: no\nb: on\nc: true\nd: 0x10\ne: 1_000\nf: 2026-11-23\n').value, {
    a: 'no',
    b: 'on',
    c: true,
    d: 16,
    e: '1_000',
    f: '2026-11-23',
  })
})

test('keys that are written differently and read alike are repeated keys', () => {
  assert.deepEqual(faults('a.yaml', "200: a\n'200': b\n"), ['2:1 duplicate-key'])
  assert.deepEqual(faults('a.json', '{"a": 1, "\\u0061": 2}'), ['1:10 duplicate-key'])
  assert.deepEqual(faults('a.json', '{"x": {"b": [{"a": 1}, {"a": 1, "a": 1}]}}'), ['1:33 duplicate-key'])
})

test('a key inside a string is no key', () => {
  assert.deepEqual(faults('a.json', '{"a": "\\"b\\": 1", "c\\\\": "\\\\", "d": ":"}'), [])
})

test('prototype keys are refused in both forms, escaped or not', () => {
  assert.deepEqual(faults('a.yaml', 'a: { "\\x5f_proto__": 1 }\n'), ['1:6 prototype-key'])
  assert.deepEqual(faults('a.json', '{"\\u005f_proto__": {}}'), ['1:2 prototype-key'])
  assert.deepEqual(faults('a.json', '{"constructor": {}}', CONFIGURATION_CAPS), ['1:2 prototype-key'])
  assert.deepEqual(faults('a.json', '{"constructor": {}}', OPENAPI_CAPS), [])
})

test('a few lines of aliases that stand for billions of values are refused, and quickly', () => {
  const lines = ['a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]']
  for (let i = 1; i < 12; i++) lines.push(`a${i}: &a${i} [${Array.from({ length: 8 }, () => `*a${i - 1}`).join(', ')}]`)
  const found = read('a.yaml', lines.join('\n')).faults.map(({ code }) => code)
  assert.ok(found.includes('too-many-values'))
  assert.ok(found.length < 10)
})

test('an alias of what it stands in is refused', () => {
  assert.deepEqual(faults('a.yaml', 'a: &a\n  - *a\n'), ['2:5 bad-alias'])
  assert.deepEqual(faults('a.yaml', 'a: &a 1\nb: &a [*a]\n'), ['2:8 bad-alias'])
})

test('depth is bounded in both forms, whatever the text does to the stack', () => {
  assert.deepEqual(faults('a.json', `${'['.repeat(100_000)}${']'.repeat(100_000)}`), ['1:34 too-deep', '1:34 json-syntax'])
  assert.ok(faults('a.yaml', `a: ${'['.repeat(100_000)}`).length > 0)
  assert.ok(faults('a.yaml', `a: ${'{a: '.repeat(50_000)}`).length > 0)
  assert.ok(faults('a.yaml', `${'- '.repeat(20_000)}a`).length > 0)
})

test('bytes that are not UTF-8 are refused, a byte order mark is not', () => {
  assert.deepEqual(
    parseSource('/d/a.yaml', Buffer.from([0x61, 0x3a, 0x20, 0xc0, 0xaf]), CONFIGURATION_CAPS).faults.map(({ code }) => code),
    ['not-utf8'],
  )
  assert.deepEqual(read('a.yaml', '\uFEFFa: 1\n').value, { a: 1 })
  assert.deepEqual(read('a.json', '\uFEFF{"a": 1}').value, { a: 1 })
})

test('what is wrong with JSON is shown where it is', () => {
  assert.deepEqual(faults('a.json', '{\n  "a": 1,\n  "b": tru\n}'), ['3:8 json-syntax'])
  assert.deepEqual(faults('a.json', '{"a": 1} {'), ['1:10 json-syntax'])
  assert.deepEqual(faults('a.json', '{"a": "x'), ['1:7 json-syntax'])
  assert.deepEqual(faults('a.json', "{'a': 1}"), ['1:2 json-syntax'])
  assert.deepEqual(faults('a.json', ''), ['1:1 json-syntax'])
})

test('no name in a message can write to a terminal', () => {
  const { faults: found } = read('a.yaml', '"a\\e[2J\\u202e": 1\n"a\\e[2J\\u202e": 2\n')
  assert.equal(found[0]!.message, "the key 'a\\u001b[2J\\u202e' stands here for the second time")
})

test('both readers agree with the value that was written, and find each value where it stands', () => {
  const key = fc.stringMatching(/^[a-z]{1,6}$/)
  const value = fc.letrec<{ any: unknown }>((tie) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      fc.integer(),
      fc.boolean(),
      fc.string({ maxLength: 12 }),
      fc.array(tie('any'), { maxLength: 4 }),
      fc.dictionary(key, tie('any'), { maxKeys: 4, noNullPrototype: true }),
    ),
  })).any
  fc.assert(
    fc.property(fc.dictionary(key, value, { minKeys: 1, noNullPrototype: true }), (written) => {
      for (const [name, text] of [
        ['a.json', JSON.stringify(written, null, 2)],
        ['a.yaml', stringify(written)],
      ] as const) {
        const document = read(name, text)
        assert.deepEqual(document.faults, [])
        assert.deepEqual(document.value, written)
        const lines = text.split('\n')
        for (const first of Object.keys(written)) {
          const { line, column } = document.at([first], true)
          assert.equal(
            lines[line - 1]!.slice(column - 1)
              .replace(/^"/, '')
              .startsWith(first),
            true,
            text,
          )
        }
      }
    }),
    { numRuns: 300 },
  )
})

test('no text makes a reader throw', () => {
  const text = fc.oneof(fc.string({ unit: fc.constantFrom(...'{}[]:,-?&*!|>\'"%#@\n \t0aé\\'), maxLength: 60 }), fc.string({ maxLength: 60 }))
  fc.assert(
    fc.property(text, fc.constantFrom('a.yaml', 'a.json'), (written, name) => {
      const document = read(name, written)
      document.at(['a', 0], true)
      for (const { line, column } of document.faults) assert.ok(line >= 1 && column >= 1)
    }),
    { numRuns: 3000 },
  )
})
