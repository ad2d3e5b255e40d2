// How one would get more than a plan gives, and why it does not work.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { counterMemory, sharedCounters } from '../../adapters/shared-memory/counters.ts'
import { mintKey } from '../../base/keys.ts'
import { Harness, type HarnessOptions, type Request } from '../../pipeline/harness.ts'
import { policies } from '../index.ts'
import { plan } from './policy.ts'

const apiKey = policies.find(({ name }) => name === 'api-key')!
const KEYS = Array.from({ length: 5 }, () => mintKey())
const house = (limits: readonly object[], options: HarnessOptions = {}) =>
  new Harness(
    [
      { policy: apiKey, config: { header: 'K' } },
      { policy: plan, config: { plans: { free: { limits } } } },
    ],
    { keys: KEYS.map((secret) => ({ secret, consumer: 'acme', plan: 'free' })), ...options },
  )
async function passed(harness: Harness, requests: readonly Request[]): Promise<number> {
  let count = 0
  for (const request of requests) if ((await harness.send(request)).status === 200) count++
  return count
}
const with_ = (key: string, more: object = {}): Request => ({ headers: { K: key, ...more } })

describe('against plan', () => {
  it('turning through many keys, addresses and methods is one consumer', async () => {
    const requests = KEYS.flatMap((key, i) => [
      { ...with_(key), address: `192.0.2.${i}` },
      { ...with_(key), method: 'POST', operation: `other${i}` },
    ])
    assert.equal(await passed(house([{ limit: 3, window: '1m' }]), requests), 3)
  })

  it('naming another plan or consumer in the request changes nothing', async () => {
    const requests = ['gold', 'free', '__proto__', 'constructor'].map((name) => with_(KEYS[0]!, { 'Gatehouse-Plan': name, 'Gatehouse-Consumer': name }))
    assert.equal(await passed(house([{ limit: 2, window: '1m' }]), requests), 2)
  })

  it('a plan that is called like a member of every object is no plan', async () => {
    for (const name of ['__proto__', 'constructor', 'toString']) {
      const harness = house([{ limit: 2, window: '1m' }], { keys: [{ secret: KEYS[0]!, consumer: 'acme', plan: name }] })
      assert.equal((await harness.send(with_(KEYS[0]!))).code, 'plan.none')
    }
  })

  it('what one limit refuses does not use up another: hammering the second does not empty the day', async () => {
    const harness = house([
      { limit: 5, window: '24h', algorithm: 'fixed-window' },
      { limit: 1, window: '1s' },
    ])
    for (let i = 0; i < 50; i++) await harness.send(with_(KEYS[0]!))
    let admitted = 1
    for (let second = 0; second < 10; second++) {
      harness.clock.advanceMs(1000)
      if ((await harness.send(with_(KEYS[0]!))).status === 200) admitted++
    }
    assert.equal(admitted, 5)
  })

  it('publishing anew, with a plan beside it or one more limit, does not give what was used up', async () => {
    const memory = counterMemory(64)
    const resources = { counters: sharedCounters(memory, new Uint8Array(16)) }
    assert.equal(await passed(house([{ limit: 2, window: '1m' }], { resources }), [with_(KEYS[0]!), with_(KEYS[0]!), with_(KEYS[0]!)]), 2)
    const again = house(
      [
        { limit: 2, window: '1m' },
        { limit: 100, window: '24h' },
      ],
      { resources: { counters: sharedCounters(memory, new Uint8Array(16)) } },
    )
    assert.equal(await passed(again, [with_(KEYS[0]!)]), 0)
  })

  it('a full table of counters refuses', async () => {
    const full = { admitted: false, remaining: 0, resetMs: 0, retryAfterMs: 0, full: true }
    const open = { ...full, admitted: true, full: false }
    const counters = { limiter: (scope: string) => ({ take: () => (scope.includes('/plan/') ? full : open), peek: () => open }) }
    assert.equal((await house([{ limit: 2, window: '1m' }], { resources: { counters } }).send(with_(KEYS[0]!))).code, 'plan.unavailable')
  })

  it('a consumer without a plan, or with one of a prototype’s names, has none', async () => {
    const consumer = { name: 'acme', apis: new Set(['test-api']), plans: Object.create({ 'test-api': 'gold' }) }
    const harness = house([{ limit: 2, window: '1m' }], { resources: { credentials: { findKey: () => ({ key: { id: 'key_1' }, consumer }) } } })
    assert.equal((await harness.send(with_(KEYS[0]!))).code, 'plan.none')
  })
})
