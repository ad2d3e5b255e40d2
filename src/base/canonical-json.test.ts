// Holds canonical JSON to the examples of RFC 8785, and to what must hold for every value.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as assertProperty, jsonValue, property } from 'fast-check'
import { CANONICAL_DEPTH_MAX, canonicalJson, hashOf, NotCanonical } from './canonical-json.ts'

/** RFC 8785 appendix B: the octets of an IEEE 754 double, and how it is written. */
const NUMBERS: readonly (readonly [bits: string, text: string])[] = [
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
]

test('every number of RFC 8785 appendix B is written as it stands there', () => {
  let ran = 0
  for (const [bits, text] of NUMBERS) {
    const value = Buffer.from(bits, 'hex').readDoubleBE()
    assert.equal(canonicalJson(value), text, bits)
    ran++
  }
  assert.equal(ran, 24)
})

test('the example of RFC 8785 3.2.2 becomes the octets of 3.2.4', () => {
  const example = JSON.parse(
    '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
      '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
  ) as unknown
  const octets =
    '7b226c69746572616c73223a5b6e756c6c2c747275652c66616c73655d2c226e756d62657273223a5b3333333333333333332e333333333333332c31652b33302c342e352c302e3030322c31652d32375d2c22737472696e67223a22e282ac245c75303030665c6e4127425c225c5c5c5c5c222f227d'
  assert.equal(Buffer.from(canonicalJson(example)).toString('hex'), octets)
})

test('keys are in the order of RFC 8785 3.2.3, by UTF-16 code units', () => {
  const keys = { '\u20ac': 'Euro', '\r': 'CR', '\ufb33': 'Dalet', 1: 'One', '\u{1f600}': 'Emoji', '\u0080': 'Control', '\u00f6': 'o' }
  const written = [...canonicalJson(keys).matchAll(/:"(\w+)"/g)].map(([, name]) => name)
  assert.deepEqual(written, ['CR', 'One', 'Control', 'o', 'Euro', 'Emoji', 'Dalet'])
})

test('what I-JSON forbids, or JSON would change in silence, is refused', () => {
  let deep: unknown = 0
  for (let i = 0; i <= CANONICAL_DEPTH_MAX; i++) deep = [deep]
  const hole = [1, 2]
  delete hole[0]
  const refused: readonly unknown[] = [
    ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, '\ud800', '\udc00\ud800', 'a\udfffb'],
    ...[undefined, [undefined], hole, 1n, Symbol('a'), () => 1, { a: () => 1 }, { '\ud800': 1 }],
    ...[new Map([[1, 2]]), new Set([1]), new Date(0), new Uint8Array(1), Buffer.from('a'), /a/, deep],
  ]
  assert.equal(refused.length, 21)
  for (const value of refused) assert.throws(() => canonicalJson(value), NotCanonical)
})

test('members that are undefined are left out, and a key called __proto__ is a key like any other', () => {
  assert.equal(canonicalJson({ b: 1, a: undefined }), '{"b":1}')
  assert.equal(canonicalJson(JSON.parse('{"__proto__":{"x":1},"a":2}')), '{"__proto__":{"x":1},"a":2}')
})

test('for every value: reading it back gives the value, writing it again the same text, in whatever order its keys were made', () => {
  assertProperty(
    property(jsonValue({ maxDepth: 6 }), (value) => {
      const written = canonicalJson(value)
      const back = JSON.parse(written) as unknown
      assert.deepEqual(back, JSON.parse(JSON.stringify(value)))
      assert.equal(canonicalJson(back), written)
      assert.equal(canonicalJson(reversed(back)), written)
    }),
    { numRuns: 2000 },
  )
})

/** The same value with the members of every object made in the opposite order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  )
}

test('the hash of a configuration means the value, and takes what a document may hold', () => {
  assert.equal(hashOf({ a: 1, b: [2] }), hashOf({ b: [2], a: 1 }))
  assert.notEqual(hashOf('\ud800'), hashOf('\udbff'))
  assert.equal(hashOf([undefined]), hashOf([null]))
})
