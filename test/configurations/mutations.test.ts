// A configuration that is cut, torn or mixed up never throws, and never becomes one with an API that nobody protects.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import { DocumentCache } from '../../src/catalog/reading/document-cache.ts'
import { loadConfiguration, type Resolution } from '../../src/catalog/resolving/resolve.ts'
import { policies } from '../../src/policies/index.ts'

const BOOKSHOP = `paths:
  /books:
    get: { operationId: listBooks }
    post: { operationId: createBook }
  /books/{id}:
    get: { operationId: getBook }
    delete: { operationId: deleteBook }
openapi: 3.1.0
`
const CONFIGURATION = `gatehouse: 1
gateway:
  listen: [http://127.0.0.1:8080]
  timeouts: { head: 5s }
control: { listen: http://127.0.0.1:8081 }
apis:
  bookshop:
    policies:
      ip-filter: { deny: [203.0.113.0/24] }
      api-key: { header: X-API-Key }
      rate-limit: { limit: 100, window: 1m, by: consumer }
    path: /bookshop
    openapi: ./bookshop.yaml
    upstream: { url: http://127.0.0.1:9001, queue: 10 }
    operations:
      deleteBook: { policies: { rate-limit: { limit: 1, window: 1m, mode: monitor } } }
  reports:
    path: /reports
    upstream: http://127.0.0.1:9002
    policies: { api-key: { cookie: key } }
  orders:
    path: /orders
    versioning: { header: X-Version, default: v2 }
    upstream: http://127.0.0.1:9003
    policies: { api-key: { header: X-API-Key } }
versions:
  orders:
    v1: { deprecated: 2026-01-01, sunset: 2027-01-01, canary: { to: v2, share: 10% } }
    v2: { openapi: ./bookshop.yaml, operations: { deleteBook: { policies: { rate-limit: { limit: 1, window: 1s } } } } }
    v3: { state: preview, policies: { api-key: { query: key } } }
    v0: { state: retired }
patches:
  hole: { api: orders, version: v2, operation: createBook, policy: ip-filter, config: { deny: [203.0.113.0/24] }, expires: 2027-01-01, reason: r }
consumers:
  acme: { apis: [bookshop, reports, orders, orders@v3], keys: [{ hash: "sha256:${'ab'.repeat(32)}" }] }
`
let folder = ''
let file = ''
const cache = new DocumentCache()
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-mutations-'))
  file = join(folder, 'gatehouse.yaml')
  writeFileSync(join(folder, 'bookshop.yaml'), BOOKSHOP, { mode: 0o600 })
})
after(() => rmSync(folder, { recursive: true }))

function load(text: string): Resolution {
  writeFileSync(file, text, { mode: 0o600 })
  return loadConfiguration(file, { policies, nowMs: 0, cores: 2 }, cache)
}

/** Seen from the snapshot alone: each way in has a key policy that enforces. `public` is nowhere in the text, so nothing may be. */
function assertProtected(found: Resolution, text: string): void {
  assert.equal(found.ok, found.faults.length === 0)
  if (!found.ok) return
  for (const api of found.snapshot.apis) {
    const entries = [...api.routes.map(({ policySet }) => policySet), ...(api.anyPath ? [api.anyPath.policySet] : [])]
    assert.notEqual(entries.length, 0, text)
    for (const set of entries) {
      assert.ok(
        api.policySets[set]!.some(({ policy, mode }) => policy === 'api-key' && mode === 'enforce'),
        text,
      )
    }
  }
}

test('the whole file loads', () => {
  const found = load(CONFIGURATION)
  assert.deepEqual(found.faults, [])
  assertProtected(found, CONFIGURATION)
})

test('cut at every byte, it is refused, or what is left of it is protected', () => {
  let loaded = 0
  for (let end = 0; end <= CONFIGURATION.length; end++) {
    const text = CONFIGURATION.slice(0, end)
    const found = load(text)
    if (found.ok) loaded++
    assertProtected(found, text)
  }
  // A YAML file cut short can be whole: this is why the watcher reads twice.
  assert.ok(loaded > 1)
})

test('the OpenAPI document cut at every byte is refused, or what is left of it is protected', () => {
  try {
    for (let end = 0; end <= BOOKSHOP.length; end++) {
      writeFileSync(join(folder, 'bookshop.yaml'), BOOKSHOP.slice(0, end), { mode: 0o600 })
      assertProtected(load(CONFIGURATION), BOOKSHOP.slice(0, end))
    }
  } finally {
    writeFileSync(join(folder, 'bookshop.yaml'), BOOKSHOP, { mode: 0o600 })
  }
})

test('torn and put together anew, it never throws and never opens', () => {
  const tokens = CONFIGURATION.match(/[A-Za-z0-9:/.-]+|[^A-Za-z0-9]/g)!
  const extra = [
    ...tokens,
    'false',
    'monitor',
    'null',
    '~',
    '*a',
    '&a ',
    '<<',
    '!!str ',
    '\n',
    '  ',
    '[]',
    '{}',
    '0',
    '-1',
    'GET /books',
    'any',
    'all',
    'mode',
    'authenticate',
    '#',
  ]
  const edit = fc.tuple(fc.nat(tokens.length - 1), fc.nat(4), fc.constantFrom(...extra))
  let accepted = 0
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
      const torn = [...tokens]
      for (const [at, removed, put] of edits) torn.splice(at, removed, put)
      const text = torn.join('')
      fc.pre(!text.includes('public'))
      const found = load(text)
      if (found.ok) accepted++
      assertProtected(found, text)
    }),
    { numRuns: 1500 },
  )
  assert.ok(accepted > 0, 'no edit at all was accepted: nothing was checked')
})
