// A virtual patch tightens one operation until its time is over, and nothing it says can open anything.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { mintKey } from '../../src/base/keys.ts'
import { type ConfiguredGateway, configuredGateway, keysOf } from '../support/configured-gateway.ts'
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts'

const START = Date.UTC(2026, 10, 23)
const ACME = mintKey()
const DOCUMENT = 'openapi: 3.1.0\npaths:\n  /books:\n    get: { operationId: listBooks }\n    post: { operationId: addBook }\n'
let upstream: RecordingUpstream
let gateway: ConfiguredGateway
before(async () => {
  upstream = await startRecordingUpstream()
  gateway = await configuredGateway(configuration({}), { startMs: START, documents: { 'books.yaml': DOCUMENT } })
})
after(async () => {
  await gateway?.stop()
  await upstream?.stop()
})

function configuration(patches: object): object {
  const url = `http://127.0.0.1:${upstream.port}`
  return {
    apis: {
      books: {
        path: '/books',
        versioning: { by: 'path' },
        upstream: url,
        policies: { 'api-key': { header: 'K' }, 'rate-limit': { limit: 100, window: '1h' } },
      },
      open: { path: '/open', upstream: url, public: true },
    },
    versions: { books: { v1: { openapi: './books.yaml' }, v2: { openapi: './books.yaml' } } },
    patches,
    consumers: { acme: { apis: ['books'], keys: keysOf(ACME) } },
  }
}
const LATER = { expires: '2027-06-01', reason: 'CVE-2026-1234' }
const post = (version: string, from = '203.0.113.9') => gateway.ask(`/books/${version}/books`, [`K: ${ACME}`], { method: 'POST', from })

test('it holds for its operation in every version, beside all that holds already, and ends at its very moment without a publish', async () => {
  await gateway.publish(
    configuration({ hole: { api: 'books', operation: 'addBook', policy: 'ip-filter', config: { deny: ['203.0.113.0/24'] }, ...LATER, expires: '2026-11-24' } }),
  )
  for (const version of ['v1', 'v2']) assert.equal((await post(version)).code, 'ip-filter.denied')
  assert.equal((await post('v1', '198.51.100.1')).status, 200)
  assert.equal((await gateway.ask('/books/v1/books', [`K: ${ACME}`], { from: '203.0.113.9' })).status, 200, 'another operation')
  assert.equal((await gateway.ask('/books/v1/books', [], { method: 'POST', from: '198.51.100.1' })).code, 'api-key.missing', 'what held before still holds')
  gateway.clock.advanceMs(86_400_000 - 1)
  assert.equal((await post('v1')).code, 'ip-filter.denied')
  gateway.clock.advanceMs(1)
  assert.equal((await post('v1')).status, 200)
  assert.equal((await gateway.ask('/books/v1/books', [], { method: 'POST' })).code, 'api-key.missing')
  await gateway.publish()
  assert.equal((await post('v1')).status, 200)
})

test('one version, every operation, an API without a document, and monitor mode: each as it is told', async () => {
  const deny = { policy: 'ip-filter', config: { deny: ['203.0.113.0/24'] }, ...LATER }
  await gateway.publish(
    configuration({
      one: { api: 'books', version: 'v2', ...deny },
      whole: { api: 'open', ...deny },
      watched: { api: 'books', version: 'v1', mode: 'monitor', ...deny },
    }),
  )
  assert.deepEqual([(await post('v1')).status, (await post('v2')).status], [200, 403])
  assert.equal((await gateway.ask('/open/a', [], { from: '203.0.113.9' })).status, 403)
  const route = gateway.routes().find(({ api, operation }) => api === 'books@v1' && operation === 'addBook')!
  const step = route.steps.findIndex(({ scope }) => scope === 'books/ip-filter/patch:watched')
  assert.equal(route.tally[step * 4 + 2], 1, 'it would have refused once')
})

test('a second limit counts beside the first: a patch replaces nothing', async () => {
  const answer = await (async () => {
    await gateway.publish(
      configuration({ slow: { api: 'books', operation: 'POST /books', policy: 'rate-limit', config: { limit: 2, window: '1h', name: 'patch' }, ...LATER } }),
    )
    return post('v1')
  })()
  assert.match(answer.values('ratelimit-policy')[0]!, /^"consumer-3600s";q=100;w=3600, "patch";q=2;w=3600$/)
  assert.deepEqual([(await post('v2')).status, (await post('v1')).status], [200, 429], 'one patch, one limit, whatever the version')
})

test('lifecycle as a patch switches one operation off', async () => {
  await gateway.publish(configuration({ off: { api: 'books', operation: 'addBook', policy: 'lifecycle', config: { state: 'retired' }, ...LATER } }))
  assert.equal((await post('v1')).code, 'lifecycle.retired')
  assert.equal((await gateway.ask('/books/v1/books', [`K: ${ACME}`])).status, 200)
})
