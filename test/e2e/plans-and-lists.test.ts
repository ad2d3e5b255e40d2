// Plans and address lists before real traffic: counted exactly over threads, and changed while running without forgetting what was used.
import assert from 'node:assert/strict'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { parse, stringify } from 'yaml'
import { keyDigest, mintKey } from '../../src/base/keys.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { type SwiftUpstream, startSwiftUpstream } from '../support/swift-upstream.ts'

const [gold, free] = [mintKey(), mintKey()]
const hash = (key: string): object => ({ hash: `sha256:${keyDigest(key)}` })
let upstream: SwiftUpstream
let gateway: RunningGateway

before(async () => {
  upstream = await startSwiftUpstream()
  gateway = await startGateway(
    {
      addressLists: { blocked: ['192.0.2.0/24'], proxies: ['127.0.0.0/8'] },
      gateway: { trustedProxies: ['proxies'] },
      policySets: { standard: { policies: { 'api-key': { header: 'X-API-Key' }, 'ip-filter': { deny: ['blocked'] } } } },
      upstreams: { echo: { url: `http://127.0.0.1:${upstream.port}` } },
      plans: {
        gold: { limits: [{ limit: 40, window: '24h', name: 'day', algorithm: 'fixed-window' }] },
        free: { limits: [{ limit: 3, window: '24h', name: 'day', algorithm: 'fixed-window' }], default: true },
      },
      apis: { shop: { path: '/shop', upstream: 'echo', policySets: ['standard'], plans: ['gold', 'free'] } },
      consumers: { acme: { subscriptions: { shop: { plan: 'gold' } }, keys: [hash(gold)] }, small: { apis: ['shop'], keys: [hash(free)] } },
    },
    { threads: 2 },
  )
})
after(async () => {
  await gateway?.stop()
  await upstream?.stop()
})

const call = (key: string, from?: string): Promise<Response> =>
  fetch(`${gateway.url}/shop/x`, { headers: { 'X-API-Key': key, Connection: 'close', ...(from && { 'X-Forwarded-For': from }) } })

test('each consumer has what its plan gives, exactly, whichever thread it comes to', async () => {
  const statuses = (await Promise.all(Array.from({ length: 60 }, () => call(gold)))).map(({ status }) => status)
  assert.equal(statuses.filter((status) => status === 200).length, 40)
  assert.equal(statuses.filter((status) => status === 429).length, 20)
  const seen: unknown[] = []
  for (let i = 0; i < 4; i++) {
    const response = await call(free)
    seen.push([response.status, response.headers.get('RateLimit')?.split(';t=')[0]])
  }
  assert.deepEqual(seen, [
    [200, '"day";r=2'],
    [200, '"day";r=1'],
    [200, '"day";r=0'],
    [429, '"day";r=0'],
  ])
  const { code } = (await (await call(free)).json()) as { code: string }
  assert.equal(code, 'plan.exceeded')
})

test('a list that changes is live without a restart, and limits go on where they were', async () => {
  assert.equal((await call(free, '192.0.2.1')).status, 403)
  assert.equal((await call(free, '198.51.100.1')).status, 429)
  const file = parse(readFileSync(gateway.configFile, 'utf8')) as { addressLists: { blocked: string[] } }
  file.addressLists.blocked = ['198.51.100.0/24']
  writeFileSync(`${gateway.configFile}.new`, stringify(file), { mode: 0o600 })
  renameSync(`${gateway.configFile}.new`, gateway.configFile)
  while ((await call(free, '198.51.100.1')).status !== 403) await pause(20)
  assert.equal((await call(free, '192.0.2.1')).status, 429)
})
