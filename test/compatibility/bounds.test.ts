// What is too large to be compared whole is told as breaking, and the comparison ends: nothing is hidden behind a crowd.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareDocuments } from '../../src/compatibility/compare-documents.ts'

const documentOf = (schema: object, schemas: object = {}): object => ({
  openapi: '3.1.0',
  info: { title: 'a', version: '1' },
  paths: { '/a': { post: { requestBody: { content: { 'application/json': { schema } } }, responses: { 200: { description: '' } } } } },
  components: { schemas },
})
const rulesOf = (old: object, now: object): string[] => compareDocuments(old, now).findings.map(({ rule, severity }) => `${severity} ${rule}`)

test('a change behind more schemas than are folded into one is not passed over', () => {
  const crowd = (type: string, count: number): object => ({
    allOf: [...Array.from({ length: count }, (_, i) => ({ title: `part ${i}` })), { properties: { a: { type } } }],
  })
  assert.deepEqual(rulesOf(documentOf(crowd('string', 400)), documentOf(crowd('integer', 400))), ['breaking request-type-changed'])
  assert.deepEqual(rulesOf(documentOf(crowd('string', 600)), documentOf(crowd('integer', 600))), ['breaking comparison-cut-short'])
})

test('hundreds of alternatives that each lead to thousands of schemas are compared within a bound', () => {
  const chain = (last: string): object =>
    Object.fromEntries(
      Array.from({ length: 5000 }, (_, i) => [
        `N${i}`,
        { type: 'object', properties: i === 4999 ? { a: { type: last } } : { next: { $ref: `#/components/schemas/N${i + 1}` } } },
      ]),
    )
  const choice = (count: number, from: number): object => ({
    oneOf: Array.from({ length: count }, (_, i) => ({ title: `${from + i}`, type: 'object', properties: { next: { $ref: '#/components/schemas/N0' } } })),
  })
  const found = rulesOf(documentOf(choice(400, 0), chain('string')), documentOf(choice(400, 400), chain('integer')))
  assert.equal(found[0], 'breaking comparison-cut-short')
})

test('tens of thousands of operations that all lead to all schemas are compared within a bound', () => {
  const schemas = Object.fromEntries(
    Array.from({ length: 5000 }, (_, i) => [`N${i}`, { type: 'object', properties: { next: { $ref: `#/components/schemas/N${(i + 1) % 5000}` } } }]),
  )
  const content = { 'application/json': { schema: { $ref: '#/components/schemas/N0' } } }
  const paths = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`/${i}`, { post: { requestBody: { content }, responses: {} } }]))
  const document = { openapi: '3.1.0', info: { title: 'a', version: '1' }, paths, components: { schemas } }
  const { findings, operationsCompared } = compareDocuments(document, structuredClone(document))
  assert.equal(operationsCompared, 20_000)
  assert.deepEqual(
    findings.map(({ rule }) => rule),
    ['comparison-cut-short'],
  )
})
