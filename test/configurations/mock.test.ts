// `mock: { from: openapi }` gives every operation its own examples, and a configuration that cannot is refused before anything is served.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { stringify } from 'yaml'
import { loadConfiguration, type Resolution } from '../../src/catalog/resolving/resolve.ts'
import { faultsOf } from '../../src/pipeline/harness.ts'
import { policies } from '../../src/policies/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'gatehouse mock '))
after(() => rmSync(folder, { recursive: true, force: true }))

interface Operation {
  readonly operationId?: string
  readonly responses?: unknown
}
const withDocument = (paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>, components: object = {}): string =>
  stringify({ openapi: '3.1.0', info: { title: 'x', version: '1' }, paths, components })
const REPOSITORY = fileURLToPath(new URL('../../', import.meta.url))

function load(document: string | undefined, api: object): Resolution {
  if (document !== undefined) writeFileSync(join(folder, 'api.openapi.yaml'), document, { mode: 0o600 })
  const file = join(folder, 'gatehouse.yaml')
  const whole = { path: '/a', public: true, upstream: 'http://127.0.0.1:9', ...(document !== undefined && { openapi: './api.openapi.yaml' }), ...api }
  writeFileSync(file, stringify({ gatehouse: 1, apis: { a: whole } }), { mode: 0o600 })
  return loadConfiguration(file, { policies, nowMs: 0, cores: 1 })
}
const MOCK = { policies: { mock: { from: 'openapi' } } }
function apiOf(found: Resolution) {
  assert.ok(found.ok, JSON.stringify(found.faults))
  return found.snapshot.apis[0]!
}
/** What `mock` answers for an operation, as it stands in the snapshot. */
function answersOf(found: Resolution, operation: string): readonly unknown[] {
  const api = apiOf(found)
  const set = api.policySets[api.routes.find((route) => route.operation === operation)!.policySet]!
  return (set.find(({ policy }) => policy === 'mock')!.config as { answers: readonly unknown[] }).answers
}
const json = (content: unknown) => ({ description: '', content: { 'application/json': content } })
const of = (responses: unknown, components: object = {}): readonly unknown[] =>
  answersOf(load(withDocument({ '/x': { get: { operationId: 'x', responses } } }, components), MOCK), 'x')

/** [what, schema, a value that is made of it] */
const made: readonly [what: string, schema: unknown, value: unknown][] = [
  ['example', { type: 'string', example: 'a' }, 'a'],
  ['examples', { type: 'string', examples: ['a', 'b'] }, 'a'],
  ['const', { const: 7 }, 7],
  ['default', { type: 'integer', default: 20 }, 20],
  ['enum', { enum: ['red', 'blue'] }, 'red'],
  ['text', { type: 'string' }, 'text'],
  ['text of a least length', { type: 'string', minLength: 6 }, 'textxx'],
  ['text of a most length', { type: 'string', maxLength: 2 }, 'te'],
  ['a date', { type: 'string', format: 'date' }, '2026-01-31'],
  ['an unknown format', { type: 'string', format: 'constructor' }, 'text'],
  ['a number', { type: 'number' }, 0],
  ['a number with a minimum', { type: 'integer', minimum: 3 }, 3],
  ['a number above one', { type: 'integer', exclusiveMinimum: 3 }, 4],
  ['a number above one, as 3.0 says it', { type: 'integer', minimum: 3, exclusiveMinimum: true }, 4],
  ['a number with a maximum below nothing', { type: 'integer', maximum: -3 }, -3],
  ['a multiple', { type: 'integer', minimum: 7, multipleOf: 5 }, 10],
  ['a truth', { type: 'boolean' }, true],
  ['nothing', { type: 'null' }, null],
  ['one of two types', { type: ['null', 'string'] }, 'text'],
  ['a list', { type: 'array', items: { type: 'integer' } }, [0]],
  ['a list of a least length', { type: 'array', minItems: 2, items: { type: 'integer' } }, [0, 0]],
  ['a list that is always empty', { type: 'array', maxItems: 0, items: { type: 'integer' } }, []],
  ['required members', { type: 'object', required: ['a'], properties: { a: { type: 'string' }, b: { type: 'string' } } }, { a: 'text' }],
  ['all members where none is required', { properties: { a: { type: 'string' }, b: { type: 'boolean' } } }, { a: 'text', b: true }],
  ['no password', { properties: { a: { type: 'string' }, b: { type: 'string', writeOnly: true } } }, { a: 'text' }],
  ['all of two', { allOf: [{ properties: { a: { const: 1 } } }, { properties: { b: { const: 2 } } }], properties: { c: { const: 3 } } }, { a: 1, b: 2, c: 3 }],
  ['one of two', { oneOf: [{ type: 'string' }, { type: 'integer' }] }, 'text'],
  ['any of what can be made', { anyOf: [{ type: 'string', minLength: 100_000 }, { type: 'integer' }] }, 0],
  ['a reference', { $ref: '#/components/schemas/Id' }, 'id-1'],
  ['a tree', { $ref: '#/components/schemas/Tree' }, { children: [] }],
]
const SCHEMAS = {
  schemas: {
    Id: { type: 'string', example: 'id-1' },
    Tree: { type: 'object', required: ['children'], properties: { children: { type: 'array', items: { $ref: '#/components/schemas/Endless' } } } },
    Endless: { type: 'object', required: ['next'], properties: { next: { $ref: '#/components/schemas/Endless' } } },
  },
}

describe('examples of a document', () => {
  test('are made of schemas as the table says', () => {
    let ran = 0
    for (const [what, schema, value] of made) {
      assert.deepEqual(of({ 200: json({ schema }) }, SCHEMAS), [{ status: 200, json: value }], what)
      ran++
    }
    assert.equal(ran, 30)
  })

  test('are what the document writes down, before anything is made, the successes first', () => {
    const examples = { one: { value: { a: 1 } }, two: { $ref: '#/components/examples/Two' }, outside: { externalValue: 'https://evil.example' } }
    const responses = {
      default: json({ example: 'never' }),
      404: { $ref: '#/components/responses/Missing' },
      '5XX': json({ example: { code: 5 } }),
      201: json({ schema: { type: 'string' }, examples }),
      204: { description: '', content: { 'application/json': { example: 'never' } } },
      301: { description: '' },
    }
    const components = { examples: { Two: { value: { a: 2 } } }, responses: { Missing: json({ schema: { $ref: '#/components/schemas/Id' } }) }, ...SCHEMAS }
    assert.deepEqual(of(responses, components), [
      { status: 201, name: 'one', json: { a: 1 } },
      { status: 201, name: 'two', json: { a: 2 } },
      { status: 204 },
      { status: 404, json: 'id-1' },
      { status: 500, json: { code: 5 } },
    ])
  })

  test('of other types are their text; one that is no text is none', () => {
    assert.deepEqual(of({ 200: { description: '', content: { 'text/csv': { example: 'a,b' } } } }), [{ status: 200, type: 'text/csv', body: 'a,b' }])
    assert.deepEqual(of({ 200: { description: '', content: { 'application/xml': {}, 'application/hal+json': { example: {} } } } }), [
      { status: 200, type: 'application/hal+json', json: {} },
    ])
    const { faults } = load(withDocument({ '/x': { get: { responses: { 200: { description: '', content: { 'image/png': { example: 1 } } } } } } }), MOCK)
    assert.deepEqual(
      faults.map(({ code }) => code),
      ['no-example'],
    )
  })

  test('every operation of the bookshop has one, and what is made of them is what the policy takes', () => {
    const document = readFileSync(join(REPOSITORY, 'examples/quickstart/bookshop.openapi.yaml'), 'utf8')
    const found = load(document, { ...MOCK, public: true })
    const codes = found.faults.map(({ code }) => code)
    // The document asks for a key, and this API has none: nothing else is wrong.
    assert.deepEqual(codes, ['security-unchecked'])
    const keyed = load(document, { public: false, policies: { ...MOCK.policies, 'api-key': { header: 'X-API-Key' } } })
    const api = apiOf(keyed)
    assert.equal(api.routes.length, 10)
    for (const { policySet } of api.routes) {
      const { config } = api.policySets[policySet]!.find(({ policy }) => policy === 'mock')!
      const mock = policies.find(({ name }) => name === 'mock')!
      assert.deepEqual(faultsOf([{ policy: mock, config }]), [])
    }
  })
})

describe('a configuration with mock', () => {
  const DOCUMENT = withDocument({ '/x': { get: { operationId: 'x', responses: { 200: json({ example: 1 }) } } }, '/y': { get: { operationId: 'y' } } })
  const codesOf = (document: string | undefined, api: object): readonly string[] => load(document, api).faults.map(({ code }) => code)

  test('is refused where the document has nothing to answer with, or there is none', () => {
    assert.deepEqual(codesOf(DOCUMENT, MOCK), ['no-example'])
    assert.deepEqual(codesOf(undefined, MOCK), ['no-document'])
    assert.deepEqual(codesOf(DOCUMENT, { operations: { y: MOCK } }), ['no-example'])
    assert.deepEqual(codesOf(DOCUMENT, { operations: { x: { policies: { mock: { from: 'openapi', status: 404 } } } } }), ['unknown-value'])
    assert.deepEqual(codesOf(DOCUMENT, { operations: { x: { policies: { mock: { from: 'openapi', answers: [{ body: 'x' }] } } } } }), ['contradiction'])
  })

  test('answers one operation alone, or all but one', () => {
    const one = load(DOCUMENT, { operations: { x: MOCK } })
    assert.deepEqual(answersOf(one, 'x'), [{ status: 200, json: 1 }])
    const api = apiOf(one)
    assert.deepEqual(api.policySets[api.routes.find(({ operation }) => operation === 'y')!.policySet], [])
    const all = load(DOCUMENT, { ...MOCK, operations: { y: { policies: { mock: { answers: [{ body: 'by hand' }] } } } } })
    assert.deepEqual([answersOf(all, 'x'), answersOf(all, 'y')], [[{ status: 200, json: 1 }], [{ body: 'by hand' }]])
    assert.deepEqual(load(DOCUMENT, { ...MOCK, operations: { y: { policies: { mock: false } } } }).faults, [])
  })

  test('tells its operator that the upstream is not asked; one that only watches tells nothing', () => {
    const noticed = (api: object) => load(DOCUMENT, api).notices.map(({ code, line }) => [code, line])
    assert.deepEqual(noticed({ operations: { x: MOCK } }), [['answers-mocked', 12]])
    assert.deepEqual(noticed({ policies: { mock: { fault: { percent: 1, status: 500 } } } }), [['faults-on-purpose', 10]])
    assert.deepEqual(noticed({ policies: { mock: { mode: 'monitor', answers: [{ body: 'x' }] } } }), [])
  })
})
