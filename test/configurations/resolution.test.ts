// What a valid configuration becomes: the snapshot and the directory, value by value.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Fault } from '../../src/base/fault.ts'
import { loadConfiguration } from '../../src/catalog/resolving/resolve.ts'
import { store } from '../../src/catalog/sections/store-schema.ts'
import { policies } from '../../src/policies/index.ts'

const folder = join(import.meta.dirname, 'valid')
function everything() {
  const found = loadConfiguration(join(folder, 'everything.yaml'), { policies, nowMs: Date.UTC(2026, 10, 23) })
  assert.ok(found.ok)
  return found
}

test('settings arrive in bytes and milliseconds, as written', () => {
  const { snapshot, control, store, dataFolder, counters, egress } = everything()
  assert.deepEqual(snapshot.gateway, {
    listen: [
      { host: '127.0.0.1', port: 8080 },
      { host: '::1', port: 8090, proxyProtocol: true },
    ],
    threads: 3,
    trustedProxies: ['10.0.0.0/8', '2001:db8::/32'],
    accessLog: 'stdout',
    limits: { headBytes: 32768, targetBytes: 4096, fields: 64, bodyBytes: 1048576, connections: 1000, connectionsPerAddress: 10 },
    timeouts: { headMs: 5000, idleMs: 30_000, stallMs: 10_000, bodyBytesPerSecond: 1024, drainMs: 60_000 },
    authenticationFailures: { limit: 10, windowMs: 600_000 },
    cache: { octets: 64 * 1024 * 1024, keys: 65_536 },
  })
  assert.deepEqual(snapshot.apis.find(({ name }) => name === 'shop')!.websocket, {
    origins: ['https://shop.example'],
    client: { frameBytes: 32_768, messageBytes: 65_536 },
    upstream: { frameBytes: 32_768, messageBytes: 1_048_576 },
    idleMs: 300_000,
    compression: true,
    messages: { by: 'consumer', rule: { algorithm: 'gcra', limit: 100, windowMs: 10_000, burst: 20 } },
  })
  assert.deepEqual(control, {
    listen: { host: '10.0.0.5', port: 8081 },
    exposed: true,
    origin: 'https://gatehouse.example.org',
    secondFactor: 'writers',
    adminToken: 'switchable',
  })
  assert.deepEqual(store, { kind: 'sqlite', file: join(folder, 'data/other.db') })
  assert.equal(dataFolder, join(folder, 'data'))
  assert.equal(counters, 'memory')
  assert.deepEqual(egress, { allowPrivate: ['192.168.0.0/16'] })
})

test('a PostgreSQL is told by its parts, verified unless it is on this machine, its password by a reference', () => {
  const found = loadConfiguration(join(folder, 'postgres.yaml'), { policies, nowMs: 0 })
  assert.ok(found.ok)
  assert.deepEqual(found.store, {
    kind: 'postgres',
    host: 'db.internal',
    port: 5433,
    user: 'gate house',
    database: 'gatehouse',
    tls: true,
    password: { file: join(folder, 'secrets/password') },
    caFile: join(folder, 'ca.pem'),
  })
  assert.equal(found.dataFolder, join(folder, 'data'))
  const place = { kind: 'postgres', port: 5432, user: 'me', database: 'gate' }
  const table: [written: string, host: string, tls: boolean][] = [
    ['postgres://me@127.0.0.1/gate', '127.0.0.1', false],
    ['postgresql://me@localhost/gate', 'localhost', false],
    ['postgres://me@[::1]:5432/gate', '::1', false],
    ['postgres://me@[2001:db8::1]/gate', '2001:db8::1', true],
    ['postgres://me@db/gate', 'db', true],
    ['postgres://me@db/gate?sslmode=disable', 'db', false],
    ['postgres://me@localhost/gate?sslmode=verify-full', 'localhost', true],
    ['postgres://me@/gate?host=/run/postgresql', '/run/postgresql', false],
  ]
  for (const [written, host, tls] of table) assert.deepEqual(store.read(written, [], []), { ...place, host, tls }, written)
  assert.equal(table.length, 8)
})

test('what could reach another server, or hold a password, is no store, and no fault repeats it', () => {
  const password = [
    'postgres://me:hunter2@db/gate',
    'postgres://me:@db/gate',
    'postgres://me:hunter2@db',
    'postgres://me:hun/ter2@db/gate',
    'postgres://me@db/gate?password=hunter2',
  ]
  const bad = [
    'postgres://db/gate',
    'postgres://me@/gate',
    'postgres://me@db/',
    'postgres://me@db:0/gate',
    'postgres://me@db:70000/gate',
    'postgres://me@db/gate?sslmode=require',
    'postgres://me@db/gate?sslmode=no-verify',
    'postgres://me@db/gate?sslmode=disable&sslmode=verify-full',
    'postgres://me@db/gate?host=/elsewhere',
    'postgres://me@db/gate?sslrootcert=/etc/passwd',
    'postgres://me@db/gate#x',
    'postgres://me%00@db/gate',
    'postgres://me%zz@db/gate',
    'postgres://me@a,b/gate',
    'postgres://me@db/gate/more',
    'POSTGRES://me@db/gate',
    'mysql://me@db/gate',
  ]
  for (const [code, all] of [
    ['store-password', password],
    ['bad-store', bad],
  ] as const) {
    for (const written of all) {
      const faults: Fault[] = []
      store.read(written, [], faults)
      assert.deepEqual(
        faults.map((fault) => fault.code),
        [code],
        written,
      )
      assert.doesNotMatch(faults[0]!.message, /hun|ter2|elsewhere|passwd/)
    }
  }
})

test('defaults are those of the reference page', () => {
  const found = loadConfiguration(join(folder, 'minimal.yaml'), { policies, nowMs: 0, cores: 7 })
  assert.ok(found.ok)
  assert.deepEqual(found.snapshot.gateway, {
    listen: [{ host: '127.0.0.1', port: 8080 }],
    threads: 7,
    trustedProxies: [],
    accessLog: { file: join(folder, 'data/access.log') },
    limits: { headBytes: 16384, targetBytes: 8192, fields: 100, bodyBytes: 10485760, connections: 65536, connectionsPerAddress: 4096 },
    timeouts: { headMs: 10_000, idleMs: 60_000, stallMs: 15_000, bodyBytesPerSecond: 256, drainMs: 10_000 },
    authenticationFailures: { limit: 100, windowMs: 60_000 },
    cache: { octets: 64 * 1024 * 1024, keys: 65_536 },
  })
  assert.deepEqual(found.control, {
    listen: { host: '127.0.0.1', port: 8081 },
    exposed: false,
    secondFactor: 'writers',
    adminToken: 'switchable',
  })
  const api = found.snapshot.apis[0]!
  assert.deepEqual(api.upstream, {
    host: '127.0.0.1',
    port: 9002,
    basePath: '',
    preserveHost: false,
    connections: 256,
    queue: 1024,
    timeouts: { connectMs: 2000, headMs: 30_000, idleMs: 30_000, eventsMs: 300_000, keepAliveMs: 15_000 },
  })
  assert.equal(api.stripPath, true)
})

test('routes come from the document: base path of the server, several parameters in a segment, path items of other files', () => {
  const shop = everything().snapshot.apis.find(({ name }) => name === 'shop')!
  assert.deepEqual(
    shop.routes.map(({ operation, method, template }) => [operation, method, template]),
    [
      ['listItems', 'GET', '/v1/items'],
      ['addItem', 'POST', '/v1/items'],
      ['getItem', 'GET', '/v1/items/{id}'],
      ['deleteItem', 'DELETE', '/v1/items/{id}'],
      ['GET /items/{id}/history/{from}...{to}', 'GET', '/v1/items/{id}/history/{from}...{to}'],
      ['health', 'GET', '/v1/health'],
      ['listReports', 'GET', '/v1/reports'],
    ],
  )
  assert.deepEqual(shop.hosts, ['[2001:db8::1]', 'shop.example'])
  assert.deepEqual(shop.allowInTarget, ['encoded-slash', 'path-parameters'])
  assert.equal(shop.upstream.basePath, '/base')
})

test('an operation has its own policies in place of the API’s, under a scope of its own, and the rest from the API', () => {
  const shop = everything().snapshot.apis.find(({ name }) => name === 'shop')!
  const scopes = (operation: string): string[] =>
    shop.policySets[shop.routes.find((route) => route.operation === operation)!.policySet]!.map(({ scope }) => scope)
  assert.deepEqual(scopes('listItems'), ['shop/request-size/0', 'shop/api-key/0', 'shop/rate-limit/0', 'shop/rate-limit/1'])
  assert.deepEqual(scopes('deleteItem'), ['shop/request-size/0', 'shop/api-key/0', 'shop/rate-limit/0@deleteItem'])
  assert.deepEqual(scopes('GET /items/{id}/history/{from}...{to}'), ['shop/request-size/0', 'shop/api-key/0'])
  assert.deepEqual(scopes('health'), ['shop/request-size/0'])
  assert.equal(shop.policySets.length, 4)
  assert.equal(shop.policySets[0]!.at(-1)!.mode, 'monitor')
  assert.deepEqual(shop.policySets[0]!.at(-1)!.config, { limit: 1000, window: '24h', name: 'day' })
})

test('the directory holds live keys; an expired one is a notice, since a file that was good yesterday must start today', () => {
  const { directory, notices } = everything()
  assert.deepEqual(directory.consumers, [
    { name: 'acme', apis: ['echo', 'included', 'shop'] },
    { name: 'idle', apis: [] },
    { name: 'part', apis: ['included'] },
  ])
  assert.deepEqual(directory.keys, [
    { digest: 'ab'.repeat(32), consumer: 'acme' },
    { digest: 'cd'.repeat(32), consumer: 'acme', expiresMs: Date.UTC(2099, 11, 31, 22, 59, 59) },
  ])
  assert.deepEqual(
    notices.map(({ code }) => code),
    ['expired-key'],
  )
})

test('every file that was read is named, for who watches', () => {
  const names = everything().files.map((file) => file.slice(join(folder, '..').length + 1))
  assert.deepEqual(names, ['data/open.yaml', 'data/parts/reports.yaml', 'data/shop.yaml', 'valid/everything.yaml', 'valid/parts/included.yaml'])
})

test('an API without a document serves its methods under its prefix as one operation', () => {
  const echo = everything().snapshot.apis.find(({ name }) => name === 'echo')!
  assert.deepEqual(echo.anyPath, { methods: ['GET', 'PURGE'], policySet: 0 })
  assert.deepEqual(echo.routes, [])
})

test('a reordered file is the same file: equal snapshot, equal hashes', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-order-'))
  try {
    const [one, two] = [
      `gatehouse: 1
apis:
  b: { path: /b, upstream: "http://127.0.0.1:9002", policies: { rate-limit: { limit: 1, window: 1s }, api-key: { header: X-Key } } }
  a: { path: /a, upstream: "http://127.0.0.1:9001", public: true }
`,
      `apis:
  a: { public: true, upstream: "http://127.0.0.1:9001", path: /a }
  b: { policies: { api-key: { header: X-Key }, rate-limit: { window: 1s, limit: 1 } }, upstream: "http://127.0.0.1:9002", path: /b }
gatehouse: 1
`,
    ].map((text, i) => {
      const file = join(folder, `${i}.yaml`)
      writeFileSync(file, text, { mode: 0o600 })
      return loadConfiguration(file, { policies, nowMs: 0, cores: 2 })
    })
    assert.ok(one?.ok && two?.ok)
    assert.deepEqual(one.snapshot, two.snapshot)
    assert.notEqual(one.digest, two.digest)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
