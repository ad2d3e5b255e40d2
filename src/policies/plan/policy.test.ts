// plan admits what the caller's plan says, over all of its credentials, and tells how much is left.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { counterMemory, sharedCounters } from '../../adapters/shared-memory/counters.ts'
import { mintKey } from '../../base/keys.ts'
import { type Attached, faultsOf, Harness, type HarnessOptions, runExamples } from '../../pipeline/harness.ts'
import type { Counters, Taken } from '../../ports/counters.ts'
import { policies } from '../index.ts'
import { plan } from './policy.ts'

const apiKey = policies.find(({ name }) => name === 'api-key')!
const rateLimit = policies.find(({ name }) => name === 'rate-limit')!
const [GOLD, GOLD_TOO, FREE, NONE] = [mintKey(), mintKey(), mintKey(), mintKey()]
const keys: HarnessOptions['keys'] = [
  { secret: GOLD, consumer: 'acme', plan: 'gold' },
  { secret: GOLD_TOO, consumer: 'acme', plan: 'gold' },
  { secret: FREE, consumer: 'other', plan: 'free' },
  { secret: NONE, consumer: 'nobody' },
]
const identify: Attached = { policy: apiKey, config: { header: 'K' } }
const plans = { gold: { limits: [{ limit: 3, window: '1m' }] }, free: { limits: [{ limit: 1, window: '1m', name: 'fair' }] } }
const house = (config: object = { plans }, more: readonly Attached[] = [], options: HarnessOptions = {}) =>
  new Harness([identify, ...more, { policy: plan, config }], { keys, ...options })
const by = (key: string, more: object = {}) => ({ headers: { K: key }, ...more })

describe('plan', () => {
  it('does what its examples say', async () => {
    assert.equal(await runExamples(plan, [{ policy: apiKey, config: { header: 'X-API-Key', format: 'any' } }]), 2)
  })

  it('counts each consumer by its own plan, all its credentials and all operations together', async () => {
    const harness = house()
    const statuses: number[] = []
    for (const request of [by(GOLD), by(GOLD_TOO), by(GOLD, { operation: 'other' }), by(GOLD_TOO), by(FREE), by(FREE)])
      statuses.push((await harness.send(request)).status)
    assert.deepEqual(statuses, [200, 200, 200, 429, 200, 429])
  })

  it('refuses who is on no plan, or on one that the API does not offer, unless there is a default', async () => {
    assert.equal((await house().send(by(NONE))).code, 'plan.none')
    assert.equal((await house({ plans: { free: plans.free } }).send(by(GOLD))).code, 'plan.none')
    assert.equal((await house({ plans, default: 'free' }).send(by(NONE))).status, 200)
    assert.equal((await house({ plans: { free: plans.free }, default: 'free' }).send(by(GOLD))).code, 'plan.none')
  })

  it('says how much is left, in one list with rate-limit', async () => {
    const harness = house({ plans }, [{ policy: rateLimit, config: { limit: 9, window: '1s' } }])
    const { fields } = await harness.send(by(FREE))
    assert.equal(fields.get('ratelimit-policy'), '"consumer-1s";q=9;w=1, "fair";q=1;w=60')
    assert.equal(fields.get('ratelimit'), '"consumer-1s";r=8;t=1, "fair";r=0;t=60')
    const refused = await harness.send(by(FREE))
    assert.deepEqual([refused.status, refused.code, refused.fields.get('retry-after')], [429, 'plan.exceeded', '60'])
    assert.equal((await harness.send(by(GOLD))).fields.get('ratelimit'), '"consumer-1s";r=8;t=1, "gold-60s";r=2;t=20')
  })

  it('a plan without limits admits, and counts nothing', async () => {
    const outcome = await house({ plans: { free: { limits: [] } } }).send(by(FREE))
    assert.deepEqual([outcome.status, outcome.fields.get('ratelimit')], [200, undefined])
  })

  it('answers the same when the counters wait, and refuses when they are lost', async () => {
    const two = {
      plans: {
        gold: {
          limits: [
            { limit: 2, window: '1m' },
            { limit: 1, window: '1s' },
          ],
        },
      },
    }
    const waiting = (lost: 'never' | 'at once' | 'later'): Counters => {
      const real = sharedCounters(counterMemory(64), new Uint8Array(16))
      return {
        limiter: (scope, rule) => {
          const limiter = real.limiter(scope, rule)
          if (!scope.includes('/plan/')) return limiter
          const later = (taken: Taken | Promise<Taken>): Promise<Taken> => {
            if (lost === 'at once') throw new Error('lost')
            return lost === 'later' ? Promise.reject(new Error('lost')) : Promise.resolve({ ...(taken as Taken) })
          }
          return { take: (key, nowUs) => later(limiter.take(key, nowUs)), peek: (key, nowUs) => later(limiter.peek(key, nowUs)) }
        },
      }
    }
    const harness = house(two, [], { resources: { counters: waiting('never') } })
    const first = await harness.send(by(GOLD))
    assert.deepEqual([first.status, first.synchronous, first.fields.get('ratelimit')], [200, false, '"gold-60s";r=1;t=30, "gold-1s";r=0;t=1'])
    assert.equal((await harness.send(by(GOLD))).code, 'plan.exceeded')
    for (const lost of ['at once', 'later'] as const) {
      const { status, code } = await house(two, [], { resources: { counters: waiting(lost) } }).send(by(GOLD))
      assert.deepEqual([status, code], [503, 'plan.unavailable'])
    }
  })

  it('is refused at load where nobody is identified, and where a limit cannot be counted', () => {
    assert.deepEqual(faultsOf([{ policy: plan, config: { plans } }]), ['slot-unwritten'])
    assert.deepEqual(
      faultsOf([identify, { policy: plan, config: { plans: { a: { limits: [{ limit: 66_999_999, window: '1s', algorithm: 'sliding-window' }] } } } }]),
      ['uncountable-limit'],
    )
    assert.deepEqual(faultsOf([identify, { policy: plan, config: { plans, default: 'silver' } }]), ['unknown-plan'])
  })
})
