// What sections that others name become: resolved once, wherever they stand, and changing exactly the APIs that use them.
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { loadConfiguration } from '../../src/catalog/resolving/resolve.ts'
import { readTrustStore } from '../../src/certificates/trust-store.ts'
import { policies } from '../../src/policies/index.ts'

const NOW_MS = Date.UTC(2026, 10, 25)
const load = (file: string) => loadConfiguration(file, { policies, nowMs: NOW_MS, cores: 2 })
function shared() {
  const found = load(join(import.meta.dirname, 'valid/shared.yaml'))
  assert.ok(found.ok, JSON.stringify(found.faults))
  return found
}
const apiOf = (name: string) => shared().snapshot.apis.find((api) => api.name === name)!
const policiesOf = (api: string, operation: string) => {
  const found = apiOf(api)
  return found.policySets[found.routes.find((route) => route.operation === operation)!.policySet]!
}

test('an API has the policies of its sets under its own, each counted for this API', () => {
  assert.deepEqual(
    policiesOf('shop', 'getItem').map(({ scope }) => scope),
    ['shop/ip-filter/0', 'shop/request-size/0', 'shop/api-key/0', 'shop/rate-limit/0', 'shop/plan/0'],
  )
  assert.deepEqual(policiesOf('shop', 'getItem').find(({ policy }) => policy === 'request-size')!.config, { body: '8KiB' })
  const books = apiOf('books')
  assert.deepEqual(
    books.policySets[books.anyPath!.policySet]!.map(({ scope }) => scope),
    ['books/api-key/0', 'books/rate-limit/0', 'books/plan/0'],
  )
})

test('an operation replaces and removes what sets bring; where nobody is asked, nobody is held to a plan', () => {
  const scopes = (operation: string): string[] => policiesOf('shop', operation).map(({ scope }) => scope)
  assert.deepEqual(scopes('deleteItem')[0], 'shop/ip-filter/0@deleteItem')
  assert.deepEqual(scopes('listItems'), ['shop/ip-filter/0', 'shop/request-size/0', 'shop/api-key/0', 'shop/plan/0'])
  assert.deepEqual(scopes('health'), ['shop/ip-filter/0', 'shop/request-size/0'])
})

test('an API carries the address lists that its policies name, from whichever file, and no others', () => {
  assert.deepEqual(apiOf('shop').addressLists, { office: ['198.51.100.0/24', '2001:db8::/32'], partners: ['203.0.113.0/24'] })
  assert.equal(apiOf('books').addressLists, undefined)
  assert.deepEqual(shared().snapshot.gateway.trustedProxies, ['10.0.0.0/8', '198.51.100.0/24', '2001:db8::/32'])
})

test('a named upstream is the same as one written out', () => {
  const { upstream } = apiOf('books')
  assert.deepEqual([upstream.host, upstream.port, upstream.basePath, upstream.preserveHost, upstream.queue], ['books.internal', 9001, '/base', true, 1024])
  assert.deepEqual(apiOf('shop').upstream, upstream)
})

test('plans are the configuration of the policy that holds to them, in one spelling, and consumers know theirs', () => {
  const { config } = policiesOf('shop', 'getItem').find(({ policy }) => policy === 'plan')!
  assert.deepEqual(config, {
    plans: {
      free: { limits: [{ limit: 60, window: '60000ms', algorithm: 'gcra' }] },
      gold: {
        limits: [
          { limit: 1000, window: '60000ms', algorithm: 'gcra', name: 'minute', burst: 50 },
          { limit: 9000, window: '86400000ms', algorithm: 'fixed-window' },
        ],
      },
    },
    default: 'free',
  })
  assert.deepEqual(shared().directory.consumers, [
    { name: 'acme', apis: ['books', 'plain', 'shop'], plans: { books: 'gold', shop: 'gold' } },
    { name: 'small', apis: ['shop'], plans: { shop: 'free' } },
  ])
  assert.deepEqual(Object.keys(shared().plans).sort(), ['free', 'gold'])
  assert.equal(shared().plans['gold']!.title, 'Gold')
})

test('settings arrive as plain data, secrets as references, and approvals by API', () => {
  const { settings, approvals } = shared()
  assert.deepEqual(settings.retention, { usage: 30 * 86_400_000, revisions: { for: 365 * 86_400_000, newest: 20 } })
  assert.deepEqual(settings.mail, {
    from: 'gatehouse@example.org',
    host: 'mail.example.org',
    port: 465,
    tls: 'implicit',
    user: 'gatehouse',
    password: { env: 'MAIL_PASSWORD' },
    trust: 'corp',
  })
  assert.deepEqual(settings.webhooks['siem']!.secret, { secret: 'siem' })
  assert.deepEqual(settings.webhooks['own']!.events, ['*'])
  assert.deepEqual(settings.approvals, { required: 1 })
  assert.deepEqual(approvals, { books: 1, plain: 1, shop: 2 })
  assert.equal(JSON.stringify(shared().snapshot).includes('MAIL_PASSWORD'), false)
})

test('trust stores hold certificates one by one; their file is watched', () => {
  const { trustStores, files } = shared()
  assert.equal(trustStores['corp']!.length, 1)
  assert.equal(new X509Certificate(trustStores['corp']![0]!).subject, 'CN=Test CA of Gatehouse')
  assert.ok(files.some((file) => file.endsWith('data/ca.pem')))
})

test('text between certificates is no fault, and one that has expired is told of and no reason to refuse', () => {
  const [pem] = shared().trustStores['corp']!
  const explained = `Root\n====\n${pem}\nThat was it.\n`
  assert.deepEqual(readTrustStore(explained, NOW_MS).faults, [])
  assert.deepEqual(readTrustStore(explained, NOW_MS).expired, [])
  assert.equal(readTrustStore(explained, Date.UTC(2200, 0, 1)).expired.length, 1)
  assert.deepEqual(
    readTrustStore(`${pem}\n${pem}`, NOW_MS).faults.map(({ code }) => code),
    ['duplicate-item'],
  )
  assert.deepEqual(readTrustStore(`${pem}\n`.repeat(501), NOW_MS).faults.map(({ code }) => code)[0], 'too-long')
})

let folder = ''
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'gatehouse-shared-'))
})
after(() => rmSync(folder, { recursive: true }))

const BASE = `gatehouse: 1
addressLists: { office: [198.51.100.0/24], home: [192.0.2.7] }
policySets:
  one: { policies: { api-key: { header: X-Key }, ip-filter: { allow: [office] } } }
  two: { policies: { api-key: { header: X-Key } } }
upstreams: { a: { url: "http://127.0.0.1:9001" }, b: { url: "http://127.0.0.1:9002" } }
plans: { free: { limits: [{ limit: 1, window: 1m }] }, gold: { limits: [{ limit: 9, window: 1m }] } }
apis:
  first: { path: /first, upstream: a, policySets: [one], plans: [free] }
  second: { path: /second, upstream: b, policySets: [two], plans: [gold] }
`
function hashesOf(text: string): { [api: string]: string } {
  const file = join(folder, 'gatehouse.yaml')
  writeFileSync(file, text, { mode: 0o600 })
  const found = load(file)
  assert.ok(found.ok, JSON.stringify(found.faults))
  return Object.fromEntries(found.snapshot.apis.map(({ name, hash }) => [name, hash]))
}

test('an API changes when something it uses changes, and only then', () => {
  const old = hashesOf(BASE)
  const table: readonly (readonly [title: string, from: string, to: string, changed: readonly string[]])[] = [
    ['a list that one of them uses by its set', '198.51.100.0/24', '198.51.101.0/24', ['first']],
    ['a list that nobody uses', '192.0.2.7', '192.0.2.8', []],
    ['a set', 'one: { policies: { api-key: { header: X-Key }', 'one: { policies: { api-key: { header: X-Other }', ['first']],
    ['the other set', 'two: { policies: { api-key: { header: X-Key }', 'two: { policies: { api-key: { header: X-Other }', ['second']],
    ['an upstream', '127.0.0.1:9001', '127.0.0.1:9003', ['first']],
    ['a limit of a plan', 'limit: 9, window: 1m', 'limit: 10, window: 1m', ['second']],
    ['another spelling of a limit', 'limit: 9, window: 1m', 'window: 60s, limit: 9, algorithm: gcra', []],
    ['the title of a plan', 'gold: {', 'gold: { title: Gold,', []],
    ['a default among the plans', 'free: {', 'free: { default: true,', ['first']],
    ['one more plan of an API', 'plans: [gold]', 'plans: [gold, free]', ['second']],
    ['the name of an upstream', 'b: { url', 'c: { url', ['fault']],
    ['how many must approve', 'plans: [gold] }', 'plans: [gold], approvals: 1 }', []],
  ]
  let ran = 0
  for (const [title, from, to, changed] of table) {
    const text = BASE.replace(from, to)
    assert.notEqual(text, BASE, title)
    if (changed[0] === 'fault') assert.throws(() => hashesOf(text), /unknown-upstream/, title)
    else {
      const now = hashesOf(text)
      assert.deepEqual(
        Object.keys(old).filter((api) => old[api] !== now[api]),
        changed,
        title,
      )
    }
    ran++
  }
  assert.equal(ran, 12)
})

test('an inline upstream and a named one with the same settings are the same API', () => {
  assert.deepEqual(hashesOf(BASE.replace('upstream: a', 'upstream: "http://127.0.0.1:9001"')), hashesOf(BASE))
})

test('a list of 100,000 networks, used by twenty operations, stands in the snapshot once', () => {
  const networks = Array.from({ length: 100_000 }, (_, i) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`)
  const document = { openapi: '3.1.0', paths: Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`/p${i}`, { get: { operationId: `op${i}` } }])) }
  writeFileSync(join(folder, 'api.json'), JSON.stringify(document), { mode: 0o600 })
  const operations = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`op${i}`, { policies: { 'ip-filter': { deny: ['large', `192.0.2.${i}`] } } }]))
  const api = { path: '/', openapi: './api.json', upstream: 'http://127.0.0.1:9001', policies: { 'api-key': { header: 'K' } }, operations }
  const file = join(folder, 'large.json')
  writeFileSync(file, JSON.stringify({ gatehouse: 1, addressLists: { large: networks }, apis: { large: api } }), { mode: 0o600 })
  const found = load(file)
  assert.ok(found.ok, JSON.stringify(found.faults.slice(0, 3)))
  assert.equal(found.snapshot.apis[0]!.policySets.length, 21)
  assert.equal(found.snapshot.apis[0]!.addressLists!['large']!.length, 100_000)
  assert.ok(JSON.stringify(found.snapshot).length < 2_000_000)
})
