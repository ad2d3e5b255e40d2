// A plan is of the API and counts for the consumer over all versions, however each is reached.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { mintKey } from '../../src/base/keys.ts'
import { type ConfiguredGateway, configuredGateway, keysOf } from '../support/configured-gateway.ts'
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts'

const FREE = mintKey()
const GOLD = mintKey()
const TESTER = mintKey()
let upstream: RecordingUpstream
let gateway: ConfiguredGateway
before(async () => {
  upstream = await startRecordingUpstream()
  const url = `http://127.0.0.1:${upstream.port}`
  const api = { upstream: 'main', policySets: ['keyed'], plans: ['free', 'gold'] }
  gateway = await configuredGateway({
    upstreams: { main: { url } },
    policySets: { keyed: { policies: { 'api-key': { header: 'K' } } } },
    plans: { free: { default: true, limits: [{ limit: 3, window: '1h' }] }, gold: { limits: [{ limit: 5, window: '1h' }] } },
    apis: {
      books: { ...api, path: '/books', versioning: { by: 'path' } },
      front: { ...api, path: '/front', versioning: { header: 'V', default: 'v1' } },
      moved: { ...api, path: '/moved', canary: { upstream: 'main', share: '100%' } },
    },
    versions: {
      books: { v1: {}, v2: { policies: { 'rate-limit': { limit: 100, window: '1h' } } }, next: { state: 'preview' } },
      front: { v1: { canary: { to: 'v2', share: '100%' } }, v2: {} },
    },
    consumers: {
      free: { apis: ['books', 'front', 'moved'], keys: keysOf(FREE) },
      gold: { apis: ['books@next'], subscriptions: { books: { plan: 'gold' } }, keys: keysOf(GOLD) },
      tester: { apis: ['books@next'], keys: keysOf(TESTER) },
    },
  })
})
after(async () => {
  await gateway?.stop()
  await upstream?.stop()
})
const as = async (key: string, target: string, lines: readonly string[] = []) => {
  const { status, code } = await gateway.ask(target, [`K: ${key}`, ...lines])
  return code ?? status
}

test('calling two versions does not double a plan', async () => {
  assert.deepEqual([await as(FREE, '/books/v1'), await as(FREE, '/books/v2'), await as(FREE, '/books/v1')], [200, 200, 200])
  assert.deepEqual([await as(FREE, '/books/v1'), await as(FREE, '/books/v2')], ['plan.exceeded', 'plan.exceeded'])
})

test('a preview counts on the plan that the consumer has of the API, be it chosen or the default', async () => {
  assert.equal(await as(FREE, '/books/next'), 'api-key.not-allowed')
  assert.deepEqual([await as(TESTER, '/books/next'), await as(TESTER, '/books/v1')], [200, 'api-key.not-allowed'])
  const gold = ['/books/next', '/books/v1', '/books/v2', '/books/next', '/books/v1']
  for (const target of gold) assert.equal(await as(GOLD, target), 200, target)
  for (const target of gold) assert.equal(await as(GOLD, target), 'plan.exceeded', target)
})

test('a canary to another version or upstream neither counts twice nor leads around the plan', async () => {
  for (const target of ['/front', '/moved']) {
    for (let i = 0; i < 3; i++) assert.equal(await as(FREE, target), 200, `${target} ${i}`)
    assert.equal(await as(FREE, target), 'plan.exceeded', target)
  }
  assert.equal(await as(FREE, '/front', ['V: v2']), 'plan.exceeded')
})
