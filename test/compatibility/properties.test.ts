// What holds of every document: it agrees with itself, widened requests and narrowed responses break nobody, and the comparison always ends.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareDocuments } from '../../src/compatibility/compare-documents.ts'
import { asRequest, asResponse } from './pairs.ts'

type Json = { readonly [key: string]: unknown }

/** Schemas of every kind, with references into one another, circles included. */
const NAMES = ['A', 'B', 'C']
const { schema } = fc.letrec<{ schema: unknown }>((tie) => {
  const inner = tie('schema')
  const bounds = fc.record(
    { minimum: fc.integer({ min: -9, max: 0 }), maximum: fc.integer({ min: 1, max: 9 }), multipleOf: fc.constantFrom(1, 2, 0.5) },
    { requiredKeys: [] },
  )
  const lengths = fc.record(
    {
      minLength: fc.integer({ min: 0, max: 3 }),
      maxLength: fc.integer({ min: 4, max: 9 }),
      pattern: fc.constantFrom('^a', 'b$'),
      format: fc.constantFrom('date', 'uuid'),
    },
    { requiredKeys: [] },
  )
  const properties = fc.dictionary(fc.constantFrom('a', 'b', 'c'), inner, { maxKeys: 3 })
  const one =
    (type: string) =>
    (more: object): Json => ({ type, ...more })
  return {
    schema: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      fc.constantFrom<unknown>({}, true, { type: 'boolean' }, { type: 'null' }, { enum: ['a', 'b', null] }),
      bounds.map(one('integer')),
      bounds.map(one('number')),
      lengths.map(one('string')),
      fc.record({ type: fc.constant(['string', 'null']), enum: fc.subarray(['x', 'y', 'z'], { minLength: 1 }) }),
      fc.constantFrom(...NAMES).map((name) => ({ $ref: `#/components/schemas/${name}` })),
      fc.record({ type: fc.constant('array'), items: inner, maxItems: fc.integer({ min: 3, max: 9 }) }),
      fc.record(
        {
          type: fc.constant('object'),
          properties,
          required: fc.subarray(['a', 'b', 'c']),
          additionalProperties: fc.oneof(fc.boolean(), inner),
        },
        { requiredKeys: ['type', 'properties'] },
      ),
      fc.record({ allOf: fc.array(inner, { minLength: 1, maxLength: 3 }) }),
      fc.record({ oneOf: fc.array(inner, { minLength: 1, maxLength: 3 }) }),
      fc.record({ anyOf: fc.array(inner, { minLength: 1, maxLength: 3 }), readOnly: fc.boolean() }),
    ),
  }
})
const components = fc.record(Object.fromEntries(NAMES.map((name) => [name, schema]))).map((schemas) => ({ components: { schemas } }))

test('a document compared with itself has no finding', () => {
  fc.assert(
    fc.property(schema, components, (each, root) => {
      for (const document of [asRequest(each, root), asResponse(each, root)]) {
        for (const openapi of ['3.0.3', '3.1.0']) {
          const { findings } = compareDocuments({ ...document, openapi }, structuredClone({ ...document, openapi }))
          // A reference that leads in a circle stands for nothing, and is said to.
          assert.deepEqual(
            findings.filter(({ rule }) => rule !== 'reference-not-followed'),
            [],
          )
        }
      }
    }),
    { numRuns: 1500 },
  )
})

interface Dice {
  readonly roll: () => number
  /** A property that is new widens a request; in a response it tells more, and so narrows. */
  readonly newProperties: boolean
}

/** The same schema with one thing after another let go that it demanded, as the dice say. */
function widened(value: unknown, dice: Dice): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  const schema: Record<string, unknown> = { ...value }
  for (const key of ['minimum', 'maximum', 'multipleOf', 'minLength', 'maxLength', 'pattern', 'format', 'maxItems', 'required', 'enum'])
    if (dice.roll() === 0) delete schema[key]
  if (typeof schema['maximum'] === 'number' && dice.roll() === 0) schema['maximum']++
  if (typeof schema['minimum'] === 'number' && dice.roll() === 0) schema['minimum']--
  if (Array.isArray(schema['enum']) && dice.roll() === 0) schema['enum'] = [...(schema['enum'] as unknown[]), 'new']
  if (typeof schema['type'] === 'string' && dice.roll() === 0) schema['type'] = [schema['type'], 'null']
  if (schema['type'] === 'integer' && dice.roll() === 0) schema['type'] = 'number'
  if (schema['additionalProperties'] === false && dice.roll() === 0) schema['additionalProperties'] = true
  if (typeof schema['properties'] === 'object') {
    const properties = Object.fromEntries(Object.entries(schema['properties'] as object).map(([name, each]) => [name, widened(each, dice)]))
    schema['properties'] = dice.newProperties && dice.roll() === 0 ? { ...properties, extra: { type: 'string' } } : properties
  }
  if (schema['items'] !== undefined) schema['items'] = widened(schema['items'], dice)
  for (const key of ['allOf', 'oneOf', 'anyOf']) {
    const branches = schema[key]
    if (!Array.isArray(branches)) continue
    schema[key] = branches.map((branch) => widened(branch, dice))
    // Beside a branch that admits anything, a further one adds nothing to `anyOf` and takes away from `oneOf`.
    const isTyped = branches.every((branch) => typeof branch === 'object' && 'type' in (branch as object))
    if (key !== 'allOf' && isTyped && dice.roll() === 0) schema[key] = [...(schema[key] as unknown[]), { type: 'boolean' }]
  }
  return schema
}

test('a request that admits more, and a response that admits less, breaks nobody', () => {
  let differed = 0
  fc.assert(
    fc.property(schema, components, fc.infiniteStream(fc.integer({ min: 0, max: 3 })), fc.boolean(), (each, root, stream, isRequest) => {
      const dice: Dice = { roll: () => stream.next().value as number, newProperties: isRequest }
      const wide = widened(each, dice)
      const wideRoot = { components: { schemas: Object.fromEntries(Object.entries(root.components.schemas).map(([name, one]) => [name, widened(one, dice)])) } }
      const { findings } = isRequest
        ? compareDocuments(asRequest(each, root), asRequest(wide, wideRoot))
        : compareDocuments(asResponse(wide, wideRoot), asResponse(each, root))
      if (findings.length > 0) differed++
      const breaking = findings.filter(({ severity, rule }) => severity === 'breaking' && rule !== 'reference-not-followed')
      assert.deepEqual(breaking, [])
    }),
    { numRuns: 3000 },
  )
  assert.ok(differed > 1000, `${differed} differed`)
})

test('nothing that stands in a document makes the comparison throw or go on for ever', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), fc.jsonValue({ maxDepth: 6 }), fc.constantFrom('paths', 'operation', 'schema'), (a, b, where) => {
      const put = (value: unknown): unknown => {
        if (where === 'paths') return { openapi: '3.1.0', paths: value, servers: value, components: value }
        return where === 'schema' ? asRequest(value) : { openapi: '3.0.0', paths: { '/a': { get: value, parameters: value } } }
      }
      compareDocuments(put(a), put(b))
      compareDocuments(a, b)
    }),
    { numRuns: 2000 },
  )
})

const chain = (length: number, leaf: object): object => ({
  components: {
    schemas: Object.fromEntries(
      Array.from({ length }, (_, i) => [`S${i}`, i === length - 1 ? leaf : { type: 'array', items: { $ref: `#/components/schemas/S${i + 1}` } }]),
    ),
  },
})

test('hostile documents end: long chains, circles in allOf and in references, alternatives that multiply', () => {
  const first = { $ref: '#/components/schemas/S0' }
  const found = compareDocuments(asRequest(first, chain(20_000, { type: 'number' })), asRequest(first, chain(20_000, { type: 'integer' })))
  assert.deepEqual(
    found.findings.map(({ rule }) => rule),
    ['request-type-narrowed'],
  )
  const circle = {
    components: { schemas: { S0: { allOf: [{ $ref: '#/components/schemas/S1' }] }, S1: { allOf: [first, first] }, R: { $ref: '#/components/schemas/R' } } },
  }
  assert.deepEqual(compareDocuments(asRequest(first, circle), asRequest(first, circle)).findings, [])
  assert.equal(compareDocuments(asRequest({ $ref: '#/components/schemas/R' }, circle), asRequest({ $ref: '#/components/schemas/R' }, circle)).verdict, 'risky')
  // Each level has alternatives of the next: 2^24 ways down, and one comparison for each pair.
  const many = (leaf: object): object => ({
    components: {
      schemas: Object.fromEntries(
        Array.from({ length: 24 }, (_, i) => [
          `S${i}`,
          i === 23 ? leaf : { oneOf: ['a', 'b'].map((name) => ({ type: 'object', properties: { [name]: { $ref: `#/components/schemas/S${i + 1}` } } })) },
        ]),
      ),
    },
  })
  assert.equal(compareDocuments(asRequest(first, many({ type: 'number' })), asRequest(first, many({ type: 'integer' }))).verdict, 'breaking')
  assert.equal(compareDocuments(asRequest(first, many({ type: 'number' })), asRequest(first, many({ type: 'number' }))).verdict, 'none')
})

test('what is too much to compare whole is said, and counts as breaking', () => {
  const alternatives = (kind: string): object => ({
    oneOf: Array.from({ length: 500 }, (_, i) => ({ type: 'object', properties: { [`${kind}${i}`]: { type: 'string' } }, required: [`${kind}${i}`] })),
  })
  const { findings, verdict } = compareDocuments(asRequest(alternatives('a')), asRequest(alternatives('b')))
  assert.equal(verdict, 'breaking')
  assert.equal(findings[0]?.rule, 'comparison-cut-short')
})
