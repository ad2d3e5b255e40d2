// rate-limit admits what its rule says, per caller, and tells the client how much is left.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mintKey } from '../../base/keys.ts'
import { type Attached, faultsOf, Harness, type HarnessOptions, runExamples } from '../../pipeline/harness.ts'
import type { Counters, Taken } from '../../ports/counters.ts'
import { policies } from '../index.ts'
import { rateLimit } from './policy.ts'

const apiKey = policies.find(({ name }) => name === 'api-key')!
const [ACME, ACME_TOO, OTHER] = [mintKey(), mintKey(), mintKey()]
const keys: HarnessOptions['keys'] = [
  { secret: ACME, consumer: 'acme' },
  { secret: ACME_TOO, consumer: 'acme' },
  { secret: OTHER, consumer: 'other' },
]
const limit = (config: object, mode: 'enforce' | 'monitor' = 'enforce'): Attached => ({
  policy: rateLimit,
  config: { limit: 2, window: '1m', ...config },
  mode,
})
const house = (...configs: object[]) => new Harness([{ policy: apiKey, config: { header: 'K' } }, ...configs.map((config) => limit(config))], { keys })
const by = (key: string, more: object = {}) => ({ headers: { K: key }, ...more })

describe('rate-limit', () => {
  it('does what its examples say', async () => assert.equal(await runExamples(rateLimit), 3))

  it('counts each consumer, each credential, each address or each operation apart, as it is told', async () => {
    const other = { address: '198.51.100.1' }
    const table: readonly (readonly [by: string | readonly string[], second: object, status: number])[] = [
      ['consumer', by(ACME_TOO, other), 429],
      ['consumer', by(OTHER), 200],
      ['credential', by(ACME_TOO), 200],
      ['credential', by(ACME, other), 429],
      ['address', by(OTHER), 429],
      ['address', by(ACME, other), 200],
      ['operation', by(OTHER, other), 429],
      ['operation', by(ACME, { operation: 'else' }), 200],
      [['consumer', 'operation'], by(ACME, { operation: 'else' }), 200],
      [['consumer', 'operation'], by(ACME_TOO), 429],
      ['header:X-Tenant', by(OTHER, other), 429],
      ['header:X-Tenant', { headers: { K: ACME, 'X-Tenant': 'blue' } }, 200],
    ]
    let ran = 0
    for (const [part, request, status] of table) {
      const harness = house({ by: part })
      await harness.sendTimes(2, by(ACME))
      assert.equal((await harness.send(request)).status, status, `${part} ${JSON.stringify(request)}`)
      ran++
    }
    assert.equal(ran, 12)
  })

  it('by address alone it stands before identity and needs none; by consumer it needs an identify policy', async () => {
    const harness = new Harness([limit({ by: 'address' }), { policy: apiKey, config: { header: 'K' } }], { keys })
    assert.deepEqual(
      harness.chain.steps.map(({ policy }) => policy),
      ['rate-limit', 'identify', 'api-key'],
    )
    assert.equal((await harness.sendTimes(3)).code, 'rate-limit.exceeded')
    assert.deepEqual(faultsOf([limit({})]), ['slot-unwritten'])
    assert.deepEqual(faultsOf([limit({ by: 'address' })]), [])
    assert.deepEqual(
      house({ by: ['address', 'consumer'] }).chain.steps.map(({ policy }) => policy),
      ['identify', 'api-key', 'rate-limit'],
    )
  })

  it('says how much is left, on what passes and on what does not', async () => {
    const harness = house({ limit: 3, by: 'consumer', name: 'fair' })
    const seen: unknown[] = []
    for (let i = 0; i < 4; i++) {
      const { status, fields } = await harness.send(by(ACME))
      seen.push([status, fields.get('ratelimit-policy'), fields.get('ratelimit'), fields.get('retry-after')])
    }
    assert.deepEqual(seen, [
      [200, '"fair";q=3;w=60', '"fair";r=2;t=20', undefined],
      [200, '"fair";q=3;w=60', '"fair";r=1;t=40', undefined],
      [200, '"fair";q=3;w=60', '"fair";r=0;t=60', undefined],
      [429, '"fair";q=3;w=60', '"fair";r=0;t=20', '20'],
    ])
    harness.clock.advanceMs(20_000)
    assert.equal((await harness.send(by(ACME))).status, 200)
  })

  it('several limits come out as one list each, and each is named', async () => {
    const harness = house(
      { limit: 10, window: '1s', by: 'consumer' },
      { limit: 2, window: '1h', by: 'consumer' },
      { limit: 5, window: '500ms', by: 'operation' },
    )
    const { fields } = await harness.send(by(ACME))
    assert.equal(fields.get('ratelimit-policy'), '"consumer-1s";q=10;w=1, "consumer-3600s";q=2;w=3600, "operation-0.5s";q=5;w=1')
    assert.equal(fields.get('ratelimit'), '"consumer-1s";r=9;t=1, "consumer-3600s";r=1;t=1800, "operation-0.5s";r=4;t=1')
    const lines = (await harness.sendTimes(2, by(ACME))).fields
    assert.equal(lines.get('ratelimit'), '"consumer-1s";r=7;t=1, "consumer-3600s";r=0;t=1800')
  })

  it('each algorithm counts as it is called', async () => {
    const admitted = async (config: object, pauseMs: number) => {
      const harness = house({ limit: 10, window: '10s', ...config })
      let count = 0
      for (const times of [30, 30]) {
        for (let i = 0; i < times; i++) if ((await harness.send(by(ACME))).status === 200) count++
        harness.clock.advanceMs(pauseMs)
      }
      return count
    }
    // The harness's clock begins at a window's start.
    assert.equal(await admitted({ algorithm: 'fixed-window' }, 10_000), 20)
    assert.equal(await admitted({ algorithm: 'fixed-window' }, 9_999), 10)
    assert.equal(await admitted({ algorithm: 'sliding-window' }, 15_000), 15)
    assert.equal(await admitted({ algorithm: 'gcra' }, 3000), 13)
    assert.equal(await admitted({ algorithm: 'gcra', burst: 1 }, 3000), 2)
    assert.equal(await admitted({ algorithm: 'token-bucket', burst: 20 }, 3000), 23)
  })

  it('without counters it refuses, or passes if it was told to; a full table refuses all the same', async () => {
    const broken: Record<string, () => Taken | Promise<Taken>> = {
      throws: () => {
        throw new Error('lost')
      },
      rejects: () => Promise.reject(new Error('lost')),
      full: () => ({ admitted: false, remaining: 0, resetMs: 1000, retryAfterMs: 1000, full: true }),
    }
    for (const [how, take] of Object.entries(broken)) {
      const counters: Counters = { limiter: () => ({ take, peek: take }) }
      const send = (onStoreLoss: string) => new Harness([limit({ by: 'address', onStoreLoss })], { resources: { counters } }).send()
      assert.deepEqual([(await send('refuse')).status, (await send('refuse')).code], [503, 'rate-limit.unavailable'], how)
      assert.equal((await send('allow')).status, how === 'full' ? 503 : 200, how)
    }
  })

  it('counters that answer later are waited for', async () => {
    const taken = { admitted: false, remaining: 0, resetMs: 2000, retryAfterMs: 1500, full: false }
    const counters: Counters = { limiter: () => ({ take: async () => taken, peek: async () => taken }) }
    const { status, fields } = await new Harness([limit({ by: 'address' })], { resources: { counters } }).send()
    assert.deepEqual([status, fields.get('retry-after')], [429, '2'])
  })

  it('that only watches counts, tells nobody, and refuses nobody', async () => {
    const harness = new Harness([limit({ by: 'address' }, 'monitor')])
    const { status, fields } = await harness.sendTimes(5)
    assert.deepEqual([status, fields.size, harness.counts('rate-limit')], [200, 0, [2, 0, 3, 0]])
  })

  it('senseless or uncountable configurations are faults', () => {
    const table = [
      [{ limit: 0 }, 'out-of-range'],
      [{ window: '0s' }, 'out-of-range'],
      [{ window: 60 }, 'bad-value'],
      [{ by: [] }, 'empty'],
      [{ by: 'caller' }, 'unknown-word'],
      [{ by: 'header:' }, 'unknown-word'],
      [{ by: ['address', 'address'] }, 'redundant'],
      [{ by: ['header:A', 'header:a'] }, 'redundant'],
      [{ algorithm: 'leaky' }, 'unknown-word'],
      [{ algorithm: 'fixed-window', burst: 3 }, 'contradiction'],
      [{ limit: 1_000_003, window: '1s' }, 'uncountable-limit'],
      [{ limit: 9000, algorithm: 'sliding-window' }, 'uncountable-limit'],
      [{ name: 'a"b' }, 'bad-value'],
    ] as const
    let ran = 0
    for (const [config, code] of table) {
      assert.deepEqual(faultsOf([limit({ by: 'address', ...config })]), [code], JSON.stringify(config))
      ran++
    }
    assert.equal(ran, 13)
  })
})
