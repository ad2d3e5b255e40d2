// Schemas accept what they describe, name every fault with its place, and never throw.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Fault } from './fault.ts'
import {
  boolean,
  checked,
  described,
  duration,
  either,
  integer,
  list,
  mapped,
  object,
  oneOf,
  optional,
  record,
  reserved,
  type Schema,
  size,
  string,
  withDefault,
} from './schema.ts'
import { secret } from './secret-reference.ts'

function read<T>(schema: Schema<T>, value: unknown): { value: T; faults: string[] } {
  const faults: Fault[] = []
  const out = schema.read(value, [], faults)
  return { value: out, faults: faults.map(({ code, path, atKey }) => `${path.join('.')}${atKey ? '!' : ''} ${code}`) }
}

const shop = object({
  name: string({ maxLength: 5, pattern: /^[a-z]+$/, means: 'lower-case letters' }),
  size: optional(integer({ min: 1, max: 9 }), 3),
  open: optional(boolean()),
  kind: withDefault(oneOf(['book', 'music']), 'book'),
  pause: withDefault(duration({ minMs: 10 }), '1m'),
  room: optional(size({ maxBytes: 1024 ** 2 })),
  tags: optional(list(string(), { min: 1, max: 2 })),
  later: reserved('not-available', 'comes later'),
})

test('a valid object is read whole, with its defaults', () => {
  assert.deepEqual(read(shop, { name: 'books', room: '64KiB', tags: ['a'] }), {
    value: { name: 'books', size: 3, kind: 'book', pause: 60_000, room: 65536, tags: ['a'] },
    faults: [],
  })
})

test('all faults are found at once, each at its place', () => {
  const { faults } = read(shop, { name: 'BOOKS', size: 10, open: 'yes', kind: 'boks', pause: '1ms', room: '2MiB', tags: ['a', 1, 'c'], later: 1, nmae: 1 })
  assert.deepEqual(faults, [
    'nmae! unknown-key',
    'name bad-value',
    'size out-of-range',
    'open wrong-type',
    'kind unknown-word',
    'pause out-of-range',
    'room out-of-range',
    'tags too-long',
    'tags.1 wrong-type',
    'later! not-available',
  ])
})

test('what is required must be there, and an inherited member is not there', () => {
  assert.deepEqual(read(shop, {}).faults, [' missing-key'])
  assert.deepEqual(read(object({ toString: string() }), {}).faults, [' missing-key'])
  assert.deepEqual(read(shop, null).faults, [' wrong-type'])
  assert.deepEqual(read(shop, []).faults, [' wrong-type'])
})

test('a map refuses prototype keys and names of the wrong form, and its result has no prototype', () => {
  const schema = record(integer({ min: 0, max: 9 }), { key: /^[a-z_]+$/, keyMeans: 'lower-case letters', max: 4 })
  const { value, faults } = read(schema, JSON.parse('{"a":1,"__proto__":2,"constructor":3,"B":4,"c":10}'))
  assert.deepEqual(faults, [' too-long', '__proto__! bad-name', 'constructor! bad-name', 'B! bad-name', 'c out-of-range'])
  assert.equal(Object.getPrototypeOf(value), null)
})

test('durations and sizes have a unit and no sign, no fraction, no space', () => {
  for (const bad of [1, '1', '-1s', '1.5s', '1 s', '1S', 's', '', '1e3s', '1KB', '1kib', null]) {
    assert.deepEqual(read(duration(), bad).faults, [' bad-value'], String(bad))
    assert.deepEqual(read(size(), bad).faults, [' bad-value'], String(bad))
  }
  assert.equal(read(duration(), '30d').value, 30 * 86_400_000)
  assert.equal(read(size(), '2GiB').value, 2 * 1024 ** 3)
})

test('of several forms, the one that fits the kind of value is used', () => {
  const schema = either([oneOf(['auto']), integer({ min: 1, max: 64 })], 'auto or a number')
  assert.deepEqual(read(schema, 'auto'), { value: 'auto', faults: [] })
  assert.deepEqual(read(schema, 4), { value: 4, faults: [] })
  assert.deepEqual(read(schema, 65).faults, [' out-of-range'])
  assert.deepEqual(read(schema, 'aut').faults, [' unknown-word'])
  assert.deepEqual(read(schema, true).faults, [' wrong-type'])
})

test('further rules and other forms are for values that are sound so far', () => {
  const even = checked(integer({ min: 0, max: 9 }), (n) => (n % 2 === 0 ? undefined : { code: 'odd', message: 'odd' }))
  const halved = mapped(even, (n) => n / 2)
  assert.deepEqual(read(halved, 4), { value: 2, faults: [] })
  assert.deepEqual(read(halved, 3).faults, [' odd'])
  assert.deepEqual(read(halved, 11).faults, [' out-of-range'])
})

test('a default that its own schema refuses is a mistake of ours, found at once', () => {
  assert.throws(() => withDefault(duration(), '1 minute'), TypeError)
})

test('the JSON Schema says what is said here: types, bounds, defaults as written, and no reserved names', () => {
  assert.deepEqual(described('A shop.', shop).json, {
    type: 'object',
    properties: {
      name: { type: 'string', maxLength: 5, pattern: '^[a-z]+$' },
      size: { type: 'integer', minimum: 1, maximum: 9, default: 3 },
      open: { type: 'boolean' },
      kind: { enum: ['book', 'music'], default: 'book' },
      pause: { type: 'string', pattern: '^(\\d{1,12})(ms|s|m|h|d)$', default: '1m' },
      room: { type: 'string', pattern: '^(\\d{1,12})(B|KiB|MiB|GiB)$' },
      tags: { type: 'array', items: { type: 'string', maxLength: 4096 }, minItems: 1, maxItems: 2 },
    },
    required: ['name'],
    additionalProperties: false,
    description: 'A shop.',
  })
})

test('a secret is a reference, and one that is written out is refused without being repeated', () => {
  const schema = secret()
  assert.deepEqual(read(schema, { env: 'TOKEN' }), { value: { env: 'TOKEN' }, faults: [] })
  assert.deepEqual(read(schema, { file: './token' }).faults, [])
  assert.deepEqual(read(schema, { env: 'TOKEN', file: './token' }).faults, [' bad-secret'])
  assert.deepEqual(read(schema, {}).faults, [' bad-secret'])
  assert.deepEqual(read(schema, { vault: 'x' }).faults, ['vault! unknown-key'])
  const faults: Fault[] = []
  schema.read('hunter2', [], faults)
  assert.deepEqual(
    faults.map(({ code, message }) => [code, message.includes('hunter2')]),
    [['plain-secret', false]],
  )
})

test('nothing that JSON can hold makes a schema throw, and what is not of its form is never passed', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
      const { faults } = read(shop, value)
      const isShop = typeof (value as { name?: unknown } | null)?.name === 'string'
      assert.ok(faults.length > 0 || isShop)
    }),
    { numRuns: 2000 },
  )
})

test('a fault repeats no name that is too long to be one: it may be a secret in the wrong place', () => {
  const secret = `-----BEGIN PRIVATE KEY-----\n${'MC4CAQAwBQYDK2VwBCIEIA'.repeat(8)}`
  const faults: Fault[] = []
  object({ name: optional(string()) }).read({ [secret]: 1 }, [], faults)
  record(string(), { key: /^[a-z]+$/, keyMeans: 'a name' }).read({ [secret]: 'x' }, [], faults)
  record(object({}), { key: /^/, keyMeans: 'a name' }).read({ [secret]: 5 }, [], faults)
  assert.deepEqual(
    faults.map(({ code }) => code),
    ['unknown-key', 'bad-name', 'wrong-type'],
  )
  for (const { message } of faults) assert.equal(message.includes('MC4C'), false, message)
})
