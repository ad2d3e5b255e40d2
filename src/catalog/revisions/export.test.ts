// An export is one text for one catalog, and applying it changes nothing.
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, test } from 'node:test'
import fc from 'fast-check'
import { MemoryStore } from '../../adapters/memory/store.ts'
import { DocumentCache } from '../reading/document-cache.ts'
import { readSources } from '../reading/sources.ts'
import { loadConfiguration } from '../resolving/resolve.ts'
import { ada, anyone, api, consumer, done, fileOf, openapi, openCatalog, refusedAs, start } from './conformance/fixtures.ts'
import { exportText, readApplied } from './export.ts'
import { fileObjects } from './file-objects.ts'
import type { CatalogObject } from './kinds.ts'
import { changesOfPlan, planJson, planOf, planText } from './plan.ts'
import { objectsOfState, readState } from './state.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-export-'))
})
afterEach(() => rmSync(folder, { recursive: true }))
const put = (name: string, text: string): string => {
  const file = join(folder, name)
  mkdirSync(join(file, '..'), { recursive: true })
  writeFileSync(file, text, { mode: 0o600 })
  return file
}
const read = (text: string): readonly CatalogObject[] => {
  const applied = readApplied(text, 'export.yaml')
  assert.ok('objects' in applied, JSON.stringify(applied))
  return applied.objects
}

describe('export', () => {
  test('is sorted, and the order in which things were written does not show', () => {
    const text = exportText([consumer('acme', 'b', 'a'), openapi('d', '/x'), api('b', { openapi: 'document:d' }), api('a')])
    assert.equal(
      text,
      `gatehouse: 1
apis:
  a:
    path: /a
    public: true
    upstream: http://books.example
  b:
    openapi: document:d
    path: /b
    public: true
    upstream: http://books.example
consumers:
  acme:
    apis:
      - b
      - a
documents:
  d: |
    openapi: 3.1.0
    info: { title: d, version: "1" }
    paths:
      /x: { get: {} }
`,
    )
    assert.equal(exportText(read(text).toReversed()), text)
  })

  test('whatever stands in an object comes back as it was', () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }).map((each) => each.replaceAll('\0', '')),
      fc.string(),
      fc.constantFrom(
        'yes',
        'no',
        'null',
        '~',
        '1e3',
        '0x10',
        '<<',
        '- a',
        'a: b',
        '#',
        ' a',
        'a ',
        '\n',
        'a\n\n',
        '\ta',
        '"',
        "'",
        '\u2028',
        '\u0085',
        '&a',
        '*a',
        '!!str',
        '|',
        '>',
        '%YAML',
        '---',
        '...',
      ),
    )
    const key = texts.filter((each) => !['<<', '__proto__', 'constructor', 'prototype'].includes(each))
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        texts,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('value'), { maxLength: 4 }),
        fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      ),
    }))
    fc.assert(
      fc.property(fc.dictionary(key, value, { maxKeys: 4 }), texts, (given, text) => {
        const objects = [
          { kind: 'api', name: 'a', value: JSON.parse(JSON.stringify(given)) },
          { kind: 'document', name: 'd', value: text },
        ]
        assert.deepEqual(read(exportText(objects)), objects)
      }),
      { numRuns: 2000 },
    )
  })

  test('export, apply to an empty instance, export again: the same octets, for what the file owned too', async () => {
    put('specs/shop.yaml', 'openapi: 3.1.0\npaths:\n  /items: { $ref: parts/items.yaml#/all }\n  /one: { get: {} }\n')
    put(
      'specs/parts/items.yaml',
      'all:\n  get:\n    responses: { "200": { $ref: "#/answers/ok" }, "404": { $ref: ../more.json#/gone } }\nanswers: { ok: { description: ok } }\n',
    )
    put('specs/more.json', '{"gone":{"description":"gone","see":{"$ref":"shop.yaml#/paths"}}}')
    put('apis/books.yaml', 'apis:\n  books: { path: /books, public: true, openapi: ../plain.yaml, upstream: "http://books.example" }\n')
    const plain = 'openapi: 3.0.3 # as it was written\npaths: { /a: { get: {} } }\n'
    put('plain.yaml', plain)
    const file = put(
      'gatehouse.yaml',
      'gatehouse: 1\ninclude: [apis/*.yaml]\napis:\n  shop: { path: /shop, public: true, openapi: specs/shop.yaml, upstream: "http://shop.example" }\n',
    )
    const first = await openCatalog(new MemoryStore(), readSources(file, new DocumentCache()))
    done(
      await first.catalog.publish(
        { author: ada, message: 'm', base: 1, changes: [api('more', { openapi: 'document:d' }), openapi('d', '/x'), consumer('acme', 'books', 'more')] },
        anyone,
      ),
    )
    const exported = exportText([...first.catalog.fileObjects, api('more', { openapi: 'document:d' }), openapi('d', '/x'), consumer('acme', 'books', 'more')])

    const store = new MemoryStore()
    const second = await openCatalog(store, fileOf([]))
    const wanted = read(exported)
    const plan = planOf([], [], wanted, true)
    done(await second.catalog.publish({ author: ada, message: 'm', base: 0, changes: changesOfPlan(plan, wanted) }, anyone))
    const owned = await store.read(async (reading) => objectsOfState(reading, await readState(reading, 'console')))
    assert.equal(exportText(owned), exported)
    assert.equal(owned.find(({ kind, name }) => kind === 'document' && name === 'plain.yaml')?.value, plain)
    // What is served is the same on both, the bundled document included.
    // All of it is the same but for how far upstreams of the console may lead.
    const served = ({ catalog }: typeof first) =>
      catalog.configuration.snapshot.apis.map(({ hash: _, upstream: { reach: __, ...upstream }, ...rest }) => ({ ...rest, upstream }))
    assert.deepEqual(served(second), served(first))
    assert.deepEqual(
      served(first).flatMap(({ routes }) => routes.map(({ template }) => template)),
      ['/a', '/x', '/items', '/one'],
    )
    // On the instance that it came from, it changes nothing: neither what the file owns nor what the console owns.
    assert.equal(
      planOf([api('more', { openapi: 'document:d' }), openapi('d', '/x'), consumer('acme', 'books', 'more')], first.catalog.fileObjects, wanted, true).differs,
      false,
    )
  })

  test('a document that refers to what cannot be read is not whole, and is said to be so', async () => {
    put('spec.yaml', 'openapi: 3.1.0\npaths: { /a: { get: { responses: { "200": { $ref: missing.yaml } } } } }\n')
    const file = put('gatehouse.yaml', 'gatehouse: 1\napis:\n  a: { path: /a, public: true, openapi: spec.yaml, upstream: "http://shop.example" }\n')
    const sources = readSources(file, new DocumentCache())
    assert.match(fileObjects(sources).faults[0]!.message, /there is no file .*missing\.yaml/)
    const store = new MemoryStore()
    const { catalog } = await openCatalog(store, sources)
    assert.deepEqual(
      (await store.read((reading) => catalog.drift(reading))).map(({ what }) => what),
      ['not-whole'],
    )
  })

  test('two files never have one name as documents', () => {
    const lines = ['a/b.yaml', 'a-b.yaml', 'a/b..yaml', '-a.yaml', `${'x'.repeat(80)}.yaml`].map((name, i) => {
      put(name, 'openapi: 3.1.0\npaths: { /a: { get: {} } }\n')
      return `  api${i}: { path: /a${i}, public: true, openapi: ${JSON.stringify(name)}, upstream: "http://a.example" }\n`
    })
    const { objects } = fileObjects(readSources(put('gatehouse.yaml', `gatehouse: 1\napis:\n${lines.join('')}`), new DocumentCache()))
    assert.equal(objects.filter(({ kind }) => kind === 'document').length, 5)
  })

  test('the sections of an export may stand in a file', () => {
    const text = exportText([api('a', { openapi: 'document:d' }), openapi('d', '/x')])
    const found = loadConfiguration(put('gatehouse.yaml', text), { policies: [], nowMs: 0 })
    assert.ok(found.ok, JSON.stringify(found.faults))
    const broken = loadConfiguration(put('b.yaml', text.replace('get: {}', 'gte: {}').replaceAll('document:d', 'document:e')), { policies: [], nowMs: 0 })
    assert.deepEqual(
      broken.faults.map(({ code }) => code),
      ['unknown-document'],
    )
  })
})

describe('what is applied', () => {
  const wrong: [name: string, text: string, codes: string][] = [
    ['settings of the process', 'gatehouse: 1\ngateway: {}\nstore: x\n', 'not-applied not-applied'],
    ['an include', 'include: [a.yaml]\n', 'not-applied'],
    ['an unknown section', 'apes: {}\n', 'not-applied'],
    ['a section that is no map', 'apis: []\n', 'wrong-type'],
    ['an empty section', 'apis:\n', 'wrong-type'],
    ['another form', 'gatehouse: 2\n', 'unknown-word'],
    ['a list', '- a\n', 'wrong-type'],
    ['aliases', 'apis: { a: &a {}, b: *a }\n', 'too-many-aliases'],
    ['tags', 'apis: { a: !!js/function "x" }\n', 'custom-tag'],
    ['a prototype', 'apis: { __proto__: {} }\n', 'prototype-key'],
    ['a repeated key', 'apis: { a: {}, a: {} }\n', 'duplicate-key'],
    ['a bad name', 'apis: { "a/b": {} }\n', 'bad-name'],
    ['a document that is no text', 'documents: { a: {} }\n', 'wrong-type'],
  ]
  for (const [name, text, codes] of wrong)
    test(`${name} is refused`, () =>
      assert.equal(
        readApplied(text, 'x.yaml')
          .faults.map(({ code }) => code)
          .join(' '),
        codes,
      ))

  test('a plan says what would be created, changed, removed and refused, for people and for programs', () => {
    const now = [api('a'), api('gone'), openapi('d', '/x')]
    const file = [api('shop'), api('same')]
    const wanted = [api('a', { websocket: true }), api('new'), api('shop', { path: '/other' }), api('same'), openapi('d', '/x', '/y')]
    const plan = planOf(now, file, wanted, true)
    assert.equal(
      planText(plan),
      `~ api/a
    + websocket: true
- api/gone
+ api/new
    + {"path":"/new","public":true,"upstream":"http://books.example"}
! api/shop is owned by the file, which says otherwise: edit the file
    ~ path: "/shop" -> "/other"
~ document/d
    + paths["/y"]: {"get":{}}
1 to create, 2 to change, 1 to remove, 1 refused, 1 unchanged`,
    )
    assert.deepEqual([plan.differs, plan.refused], [true, true])
    assert.deepEqual(
      JSON.parse(planJson(plan)).items.map(({ kind, name, op, owner }: Record<string, string>) => `${kind}/${name} ${op} ${owner}`),
      [
        'api/a change console',
        'api/gone remove console',
        'api/new create undefined',
        'api/same unchanged file',
        'api/shop refused file',
        'document/d change console',
      ],
    )
    assert.equal(
      planOf(now, file, wanted, false).items.some(({ op }) => op === 'remove'),
      false,
    )
  })

  test('applying twice changes nothing the second time', async () => {
    const { publish, store } = await start()
    const wanted = [api('a'), consumer('acme', 'a')]
    done(await publish(...changesOfPlan(planOf([], [], wanted, false), wanted)))
    const owned = await store.read(async (reading) => objectsOfState(reading, await readState(reading, 'console')))
    const plan = planOf(owned, [], wanted, true)
    assert.equal(plan.differs, false)
    assert.equal(refusedAs(await publish(...changesOfPlan(plan, wanted))), 'nothing-changes')
  })
})
