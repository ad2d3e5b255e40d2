// What versions, canaries, patches and well-known documents become in the snapshot, value by value.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfiguration } from '../../src/catalog/resolving/resolve.ts'
import { policies } from '../../src/policies/index.ts'

const DAY = 86_400_000
const NOW = Date.UTC(2026, 10, 23)
function versions(nowMs = NOW) {
  const found = loadConfiguration(join(import.meta.dirname, 'valid/versions.yaml'), { policies, nowMs, cores: 2 })
  assert.deepEqual(found.faults, [])
  assert.ok(found.ok)
  return found
}
const apiOf = (name: string, nowMs?: number) => versions(nowMs).snapshot.apis.find((api) => api.name === name)!

test('each version is an API of its own, reached at a place of its own or through the front of its API', () => {
  assert.deepEqual(
    versions().snapshot.apis.map(({ name, path, reached = 'place', upstream, vary }) => [name, path, reached, upstream.port, vary ?? '']),
    [
      ['books@v0', '/books/v0', 'place', 80, ''],
      ['books@v1', '/books/v1', 'place', 9001, ''],
      ['books@v2', '/books/v2', 'place', 9002, ''],
      ['books@v3', '/books/v3', 'place', 9001, ''],
      ['media@v1', '/media', 'front', 9001, 'Accept'],
      ['media@v2', '/media', 'front', 9001, 'Accept'],
      ['orders@v1', '/orders', 'front', 9001, 'X-Orders-Version'],
      ['orders@v2', '/orders', 'front', 9001, 'X-Orders-Version'],
      ['plain', '/plain', 'place', 9001, ''],
      ['plain~canary', '/plain', 'canary', 9002, ''],
      ['search@v1', '/search', 'front', 9001, ''],
      ['search@v2', '/search', 'front', 9001, ''],
    ],
  )
  assert.deepEqual(versions().snapshot.fronts, [
    {
      name: 'orders',
      hosts: ['orders.example'],
      path: '/orders',
      by: { kind: 'header', name: 'X-Orders-Version' },
      default: 'v2',
      versions: [
        { name: 'v1', api: 'orders@v1' },
        { name: 'v2', api: 'orders@v2' },
      ],
    },
    {
      name: 'search',
      hosts: [],
      path: '/search',
      by: { kind: 'query', name: 'version' },
      versions: [
        { name: 'v1', api: 'search@v1' },
        { name: 'v2', api: 'search@v2' },
      ],
    },
    {
      name: 'media',
      hosts: [],
      path: '/media',
      by: { kind: 'mediaType', before: 'application/vnd.media.', after: '+json' },
      versions: [
        { name: 'v1', api: 'media@v1' },
        { name: 'v2', api: 'media@v2' },
      ],
    },
  ])
})

test('a limit of the API counts over all its versions, a version’s own for itself, and no version has more than it says', () => {
  const scopes = (name: string): string[] => apiOf(name).policySets[0]!.map(({ scope }) => scope)
  assert.deepEqual(scopes('books@v1'), ['books@v1/lifecycle/0', 'books/api-key/0', 'books/rate-limit/0'])
  assert.deepEqual(scopes('books@v2'), ['books/request-size/patch:all', 'books/api-key/0', 'books@v2/rate-limit/0'])
  assert.deepEqual(scopes('books@v3'), ['books/api-key/0'])
  assert.deepEqual(scopes('books@v0'), ['books@v0/lifecycle/0', 'books/api-key/0', 'books/rate-limit/0'])
})

test('the life of a version becomes its lifecycle policy, with a link that leads where its versions are told apart', () => {
  const config = (name: string) => apiOf(name).policySets[0]!.find(({ policy }) => policy === 'lifecycle')?.config
  assert.deepEqual(config('books@v1'), {
    state: 'deprecated',
    deprecated: '2026-09-01T00:00:00.000Z',
    sunset: '2027-03-01T00:00:00.000Z',
    successor: '/books/v2',
    deprecationPolicy: 'https://docs.example/why',
    brownOuts: [
      { from: '2026-12-01T00:00:00.000Z', for: '1800000ms' },
      { from: '2027-01-01T00:00:00.000Z', for: '3600000ms', every: '604800000ms' },
    ],
  })
  assert.deepEqual(config('books@v0'), { state: 'retired', successor: '/books/v2' })
  const dated = { state: 'active', deprecated: '2026-09-01T00:00:00.000Z' }
  assert.deepEqual(config('orders@v1'), { ...dated, successor: '/orders', successorHint: 'title="v2"' })
  assert.deepEqual(config('search@v1'), { ...dated, successor: '/search?version=v2' })
  assert.deepEqual(config('media@v1'), { ...dated, successor: '/media', successorHint: 'type="application/vnd.media.v2+json"' })
  assert.equal(config('books@v3'), undefined)
})

test('a consumer of the API may call every version but previews, which are named', () => {
  const grants = Object.fromEntries(['books@v1', 'books@v2', 'books@v3', 'plain~canary'].map((name) => [name, apiOf(name).grants]))
  assert.deepEqual(grants, { 'books@v1': ['books', 'books@v1'], 'books@v2': ['books', 'books@v2'], 'books@v3': ['books@v3'], 'plain~canary': ['plain'] })
  assert.deepEqual(versions().directory.consumers, [{ name: 'acme', apis: ['books', 'books@v3', 'orders@v1'] }])
})

test('canaries: shares as parts of ten thousand, to a version or to the same API at another upstream', () => {
  assert.deepEqual(apiOf('books@v1').canary, { to: 'books@v2', share: 1000, header: { name: 'X-Canary', value: 'on' }, consumers: ['acme'] })
  const [plain, sibling] = [apiOf('plain'), apiOf('plain~canary')]
  assert.deepEqual(plain.canary, { to: 'plain~canary', share: 250, consumers: [] })
  assert.deepEqual(sibling.policySets, plain.policySets)
  assert.equal(sibling.canary, undefined)
  assert.notEqual(sibling.hash, plain.hash)
})

test('a patch stands on top of the operation that it names, in every version that has it, until it expires', () => {
  for (const [name, others] of [
    ['books@v1', 1],
    ['books@v2', 2],
  ] as const) {
    const api = apiOf(name)
    const set = api.policySets[api.routes.find(({ operation }) => operation === 'addItem')!.policySet]!
    assert.deepEqual(set[0], {
      policy: 'ip-filter',
      config: { deny: ['203.0.113.0/24'] },
      mode: 'enforce',
      scope: 'books/ip-filter/patch:cve',
      untilMs: Date.UTC(2027, 0, 1),
    })
    assert.deepEqual(set.slice(1), api.policySets[0])
    assert.equal(api.policySets.length, 2, `${others}`)
  }
  const later = apiOf('books@v1', Date.UTC(2027, 0, 1))
  assert.equal(later.policySets.length, 1)
})

test('an expired patch and an expired contact are told of and refuse nothing', () => {
  assert.deepEqual(
    versions().notices.map(({ code, line }) => [code, line]),
    [['expired-patch', 60]],
  )
  const late = versions(Date.UTC(2027, 6, 1))
  assert.deepEqual(
    late.notices.map(({ code }) => code),
    ['expired-patch', 'expired-patch', 'expired-patch', 'expired-security-txt'],
  )
  assert.deepEqual(
    late.snapshot.documents!.map(({ path }) => path),
    ['/.well-known/api-catalog'],
  )
})

test('when the same files will mean something else is known', () => {
  assert.equal(versions().changesAtMs, Date.UTC(2026, 11, 1), 'the first brown-out of a listed version')
  assert.equal(versions(Date.UTC(2026, 11, 2)).changesAtMs, Date.UTC(2027, 0, 1), 'the patch ends')
  assert.equal(versions(Date.UTC(2027, 2, 1)).changesAtMs, Date.UTC(2027, 5, 30), 'security.txt expires')
  assert.equal(versions(Date.UTC(2028, 0, 1)).changesAtMs, Number.POSITIVE_INFINITY)
})

test('the API catalogue tells of what asked to be told of, while it is served, and of nothing else', () => {
  const catalog = (nowMs: number) => JSON.parse(versions(nowMs).snapshot.documents!.find(({ path }) => path.endsWith('api-catalog'))!.body)
  const docs = [{ href: 'https://docs.example/books' }]
  assert.deepEqual(catalog(NOW), {
    linkset: [
      {
        anchor: '/.well-known/api-catalog',
        item: [{ href: '/books/v1' }, { href: '/books/v2' }, { href: '//orders.example/orders' }, { href: '/plain' }],
      },
      { anchor: '/books/v1', 'service-doc': [{ href: 'https://docs.example/books/v1' }], 'successor-version': [{ href: '/books/v2' }] },
      { anchor: '/books/v2', 'service-doc': docs },
    ],
  })
  assert.deepEqual(catalog(NOW + 200 * DAY).linkset[0].item, [{ href: '/books/v2' }, { href: '//orders.example/orders' }, { href: '/plain' }])
})

test('security.txt is written as RFC 9116 has it', () => {
  const document = versions().snapshot.documents!.find(({ path }) => path.endsWith('security.txt'))!
  assert.deepEqual(document.fields, [['Content-Type', 'text/plain; charset=utf-8']])
  assert.equal(
    document.body,
    `Contact: mailto:security@example.com
Contact: https://example.com/report
Expires: 2027-06-30T00:00:00.000Z
Preferred-Languages: en, de
Policy: https://example.com/disclosure
`,
  )
})
