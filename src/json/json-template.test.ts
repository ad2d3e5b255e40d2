// A template makes the document that its paths lead to, within its bound, wherever the other document is cut.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { compileTemplate, JsonCollector, type TemplatePlan } from './json-template.ts'

const BOUNDS = { depth: 64, nameBytes: 256, stringBytes: 1 << 20, numberBytes: 128 }
function made(template: unknown, text: string, { bytesMax = 1 << 20, size = text.length, ignoreCase = false } = {}): string {
  const plan = compileTemplate(template, ignoreCase) as TemplatePlan
  assert.equal(typeof plan, 'object', String(plan))
  const octets = Buffer.from(text)
  const collector = new JsonCollector(plan, BOUNDS, bytesMax)
  for (let i = 0; i < octets.length; i += size) {
    const fault = collector.put(Buffer.from(octets), i, Math.min(octets.length, i + size))
    if (fault !== undefined) return fault
  }
  let out = ''
  return collector.finish((from, start, end) => void (out += Buffer.from(from.subarray(start, end)))) ?? out
}
const ORDER = '{"id": 7, "customer": {"name": "A\\u00e9", "tags": ["x", "y"]}, "items": [{"sku": "a", "n": 1}, {"sku": "b"}, 5], "none": null}'

const CASES: readonly (readonly [title: string, template: unknown, result: string])[] = [
  ['one value', '$.id', '7'],
  ['a value as it is written', '$.customer.name', '"A\\u00e9"'],
  ['an object as it is written', '$.customer', '{"name": "A\\u00e9", "tags": ["x", "y"]}'],
  ['the whole document', { data: '$' }, `{"data":${ORDER}}`],
  ['values under other names', { number: '$.id', who: { name: '$.customer.name' } }, '{"number":7,"who":{"name":"A\\u00e9"}}'],
  ['constants beside them', { version: 2, ok: true, no: null, list: [1, '$.id'] }, '{"version":2,"ok":true,"no":null,"list":[1,7]}'],
  ['many values as a list', { skus: '$.items[*].sku' }, '{"skus":["a","b"]}'],
  ['many values at any depth', '$..sku', '["a","b"]'],
  ['an item by its place', { second: '$.items[1].sku' }, '{"second":"b"}'],
  ['a member that is not there is left out', { a: '$.missing', b: '$.id' }, '{"b":7}'],
  ['an item that is not there is null', ['$.missing', '$.id'], '[null,7]'],
  ['a document that is not there is null', '$.missing', 'null'],
  ['null is there', { none: '$.none' }, '{"none":null}'],
  ['none of many is an empty list', { all: '$.items[*].price' }, '{"all":[]}'],
  ['one value twice', { a: '$.id', b: '$.id' }, '{"a":7,"b":7}'],
  ['a value and one within it', { whole: '$.customer', name: '$.customer.name' }, '{"whole":{"name": "A\\u00e9", "tags": ["x", "y"]},"name":"A\\u00e9"}'],
  ['a text that begins with $', { price: '$$.id', plain: 'a$' }, '{"price":"$.id","plain":"a$"}'],
  ['a text alone', 'always the same', '"always the same"'],
]

describe('a template', () => {
  it('makes the document that its paths lead to, in one piece and octet by octet', () => {
    for (const [title, template, result] of CASES) assert.deepEqual([made(template, ORDER), made(template, ORDER, { size: 1 })], [result, result], title)
    assert.equal(CASES.length, 18)
  })

  it('refuses what would take more than its bound, coming in or going out', () => {
    const long = JSON.stringify({ a: 'x'.repeat(600) })
    assert.equal(made({ a: '$.a' }, long, { bytesMax: 1000 }).length, long.length)
    assert.equal(made({ a: '$.a' }, long, { bytesMax: 500 }), 'too-large')
    assert.equal(made({ a: '$.a', b: '$.a' }, long, { bytesMax: 1000 }), 'too-large')
    // Each value costs something, however small it is.
    assert.equal(made('$[*]', `[${'1,'.repeat(999)}1]`, { bytesMax: 10_000 }), 'too-large')
    // What nobody asked for costs nothing.
    assert.equal(made('$.a', JSON.stringify({ b: 'x'.repeat(5000), a: 1 }), { bytesMax: 100 }), '1')
  })

  it('refuses two members of one name that it asks for, and says what is wrong with its paths', () => {
    assert.equal(made('$.a', '{"a":1,"\\u0061":2}'), 'repeated-name')
    assert.match(String(compileTemplate({ a: ['$.b', '$nothing'] })), /is none of/)
    assert.match(String(compileTemplate({ a: '$.x[-1]' })), /from the end/)
  })

  it('of a broken document makes nothing', () => {
    for (const text of ['{"id":7', '{"id":7}}', '{"id":07}', '']) assert.equal(made('$.id', text), 'not-json', text)
  })

  it('names match whatever their case where that is asked for', () => assert.equal(made('$.ID', ORDER, { ignoreCase: true }), '7'))

  it('gives back every member of random documents', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.jsonValue(), { noNullPrototype: true }), fc.integer({ min: 1, max: 20 }), (value, size) => {
        const text = JSON.stringify(value)
        const names = Object.keys(value)
        assert.equal(made(Object.fromEntries(names.map((name) => [name, `$.${name}`])), text, { size }), JSON.stringify(JSON.parse(text)))
      }),
      { numRuns: 500 },
    )
  })
})
