// Versions use what APIs share: sets, plans, named upstreams and address lists, each version changing exactly with what it uses.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { loadConfiguration } from '../../src/catalog/resolving/resolve.ts'
import { policies } from '../../src/policies/index.ts'

const BASE = `gatehouse: 1
addressLists: { office: [198.51.100.0/24], home: [192.0.2.7], bad: [203.0.113.0/24] }
policySets:
  common: { policies: { api-key: { header: X-Key }, rate-limit: { limit: 9, window: 1m } } }
  narrow: { policies: { ip-filter: { allow: [office] }, rate-limit: { limit: 2, window: 1m } } }
upstreams: { a: { url: "http://127.0.0.1:9001" }, b: { url: "http://127.0.0.1:9002" }, c: { url: "http://127.0.0.1:9004" } }
plans: { free: { limits: [{ limit: 1, window: 1m }], default: true }, gold: { limits: [{ limit: 9, window: 1m }] } }
apis:
  shop:
    path: /shop
    versioning: { by: path }
    upstream: a
    policySets: [common]
    policies: { request-size: { body: 1KiB } }
    plans: [free, gold]
    approvals: 1
versions:
  shop:
    v1: {}
    v2: { upstream: b, policySets: [narrow], policies: { request-size: { body: 2KiB } }, canary: { upstream: c, share: 1% } }
    v3: { public: true, policies: { api-key: false, rate-limit: false } }
patches: { hole: { api: shop, version: v1, policy: ip-filter, config: { deny: [bad] }, expires: 2030-01-01, reason: A hole. } }
consumers:
  acme: { apis: [shop] }
  tester: { apis: ["shop@v2"] }
  gold: { apis: ["shop@v2"], subscriptions: { shop: { plan: gold } } }
`
let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-version-sharing-'))
})
after(() => rmSync(folder, { recursive: true }))

function load(text = BASE) {
  const file = join(folder, 'gatehouse.yaml')
  writeFileSync(file, text, { mode: 0o600 })
  const found = loadConfiguration(file, { policies, nowMs: Date.UTC(2026, 10, 25), cores: 2 })
  assert.ok(found.ok, JSON.stringify(found.faults))
  return found
}
const apiOf = (name: string) => load().snapshot.apis.find((api) => api.name === name)!
const scopesOf = (name: string): string[] => apiOf(name).policySets[0]!.map(({ scope }) => scope)
const portOf = (name: string): number => apiOf(name).upstream.port

test('what the API has by its sets and plans counts for all its versions together, what a version brings for that version', () => {
  assert.deepEqual(scopesOf('shop@v1'), ['shop/ip-filter/patch:hole', 'shop/request-size/0', 'shop/api-key/0', 'shop/rate-limit/0', 'shop/plan/0'])
  assert.deepEqual(scopesOf('shop@v2'), ['shop@v2/ip-filter/0', 'shop@v2/request-size/0', 'shop/api-key/0', 'shop@v2/rate-limit/0', 'shop/plan/0'])
})

test('a version that is public has no plan: nobody is asked who they are', () => {
  assert.deepEqual(scopesOf('shop@v3'), ['shop/request-size/0'])
})

test('versions and canaries go to upstreams by name, and a version without one to that of its API', () => {
  assert.deepEqual(['shop@v1', 'shop@v2', 'shop@v2~canary', 'shop@v3'].map(portOf), [9001, 9002, 9004, 9001])
})

test('each version carries the address lists that it uses, those of its patches too', () => {
  assert.deepEqual(apiOf('shop@v1').addressLists, { bad: ['203.0.113.0/24'] })
  assert.deepEqual(apiOf('shop@v2').addressLists, { office: ['198.51.100.0/24'] })
  assert.equal(apiOf('shop@v3').addressLists, undefined)
})

test('plans and approvals are those of the API, whichever version a consumer is let into', () => {
  const found = load()
  assert.deepEqual(found.approvals, { shop: 1 })
  assert.deepEqual(found.directory.consumers, [
    { name: 'acme', apis: ['shop'], plans: { shop: 'free' } },
    { name: 'gold', apis: ['shop', 'shop@v2'], plans: { shop: 'gold' } },
    { name: 'tester', apis: ['shop@v2'], plans: { shop: 'free' } },
  ])
})

test('a version changes when something it uses changes, and only then', () => {
  const hashesOf = (text: string) => new Map(load(text).snapshot.apis.map(({ name, hash }) => [name, hash]))
  const old = hashesOf(BASE)
  const table: readonly (readonly [title: string, from: string, to: string, changed: readonly string[]])[] = [
    ['a list of one version', '198.51.100.0/24', '198.51.101.0/24', ['v2', 'v2~canary']],
    ['a list of a patch', '203.0.113.0/24', '203.0.113.0/25', ['v1']],
    ['a list that nobody uses', '192.0.2.7', '192.0.2.8', []],
    ['a policy of the set of all that one version has otherwise', 'limit: 9, window: 1m } } }\n  narrow', 'limit: 8, window: 1m } } }\n  narrow', ['v1']],
    ['a policy of the set of all', 'header: X-Key', 'header: X-Other', ['v1', 'v2', 'v2~canary']],
    ['the set of one', 'limit: 2, window', 'limit: 3, window', ['v2', 'v2~canary']],
    ['the upstream of all that have no other', '127.0.0.1:9001', '127.0.0.1:9003', ['v1', 'v3']],
    ['the upstream of one', '127.0.0.1:9002', '127.0.0.1:9003', ['v2']],
    ['the upstream of a canary', '127.0.0.1:9004', '127.0.0.1:9005', ['v2~canary']],
    ['a limit of a plan', 'limit: 1, window', 'limit: 4, window', ['v1', 'v2', 'v2~canary']],
    ['the title of a plan', 'gold: {', 'gold: { title: Gold,', []],
    ['how many must approve', 'approvals: 1', 'approvals: 2', []],
    ['why there is a patch', 'A hole.', 'Another.', []],
  ]
  let ran = 0
  for (const [title, from, to, changed] of table) {
    const text = BASE.replace(from, to)
    assert.notEqual(text, BASE, title)
    const now = hashesOf(text)
    assert.deepEqual(
      [...old.keys()].filter((api) => old.get(api) !== now.get(api)),
      changed.map((each) => `shop@${each}`),
      title,
    )
    ran++
  }
  assert.equal(ran, 13)
})

test('a version is described by a document inside the configuration', () => {
  const document = 'openapi: 3.1.0\npaths: { /a: { get: {} } }\n'
  const found = load(`${BASE.replace('v1: {}', 'v1: { openapi: document:d }')}documents: { d: ${JSON.stringify(document)} }\n`)
  const routes = found.snapshot.apis.find(({ name }) => name === 'shop@v1')!.routes
  assert.deepEqual(
    routes.map(({ operation }) => operation),
    ['GET /a'],
  )
})
