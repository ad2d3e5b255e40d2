// How one would get more than a limit allows, and why it does not work.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sharedCounters } from '../../adapters/shared-memory/counters.ts'
import { Harness, type Request } from '../../pipeline/harness.ts'
import type { Counters } from '../../ports/counters.ts'
import { rateLimit } from './policy.ts'

const house = (config: object) => new Harness([{ policy: rateLimit, config: { limit: 3, window: '1m', ...config } }])
/** How many of these requests pass. */
async function passed(harness: Harness, requests: readonly Request[]): Promise<number> {
  let count = 0
  for (const request of requests) if ((await harness.send(request)).status === 200) count++
  return count
}

describe('against rate-limit', () => {
  it('moving through the addresses of one IPv6 /64 is one caller', async () => {
    const requests = Array.from({ length: 40 }, (_, i) => ({ address: `2001:db8:0:7:${i.toString(16)}::${(i * 1511).toString(16)}` }))
    assert.equal(await passed(house({ by: 'address' }), requests), 3)
  })

  it('calling as IPv4 and as IPv4-mapped IPv6 is one caller', async () => {
    const requests = ['192.0.2.9', '::ffff:192.0.2.9', '::ffff:c000:209', '192.0.2.9', '::FFFF:C000:0209'].map((address) => ({ address }))
    assert.equal(await passed(house({ by: 'address' }), requests), 3)
  })

  it('claiming other addresses in the request is one caller', async () => {
    const requests = Array.from({ length: 10 }, (_, i) => ({
      headers: { 'X-Forwarded-For': `10.0.0.${i}`, Forwarded: `for=10.0.0.${i}`, 'X-Real-IP': `10.0.0.${i}` },
    }))
    assert.equal(await passed(house({ by: 'address' }), requests), 3)
  })

  it('leaving the field out does not leave the limit: all who do share one', async () => {
    const requests = Array.from({ length: 10 }, (_, i) => ({ address: `192.0.2.${i}` }))
    assert.equal(await passed(house({ by: 'header:X-Tenant' }), requests), 3)
  })

  it('no value of a field is the same as leaving it out, nor as the parts of another key', async () => {
    const harness = house({ limit: 1, by: ['header:A', 'header:B'] })
    const values = [{}, { A: '' }, { A: '-' }, { A: 'x' }, { B: 'x' }, { A: 'x', B: 'x' }, { A: 'xx' }, { A: 'x\u0080x' }]
    assert.equal(
      await passed(
        harness,
        values.map((headers) => ({ headers })),
      ),
      values.length,
    )
  })

  it('the case of a field name, and its place in the head, change nothing', async () => {
    const requests = [{ 'X-Tenant': 'a' }, { 'x-tenant': 'a' }, { 'X-TENANT': 'a', Z: '1' }, { Z: '1', 'x-Tenant': ' a ' }].map((headers) => ({ headers }))
    assert.equal(await passed(house({ by: 'header:x-tenant' }), requests), 3)
  })

  it('a second line of the field makes another key, always the same for the same lines', async () => {
    const requests = Array.from({ length: 5 }, () => ({ headers: { 'X-Tenant': ['a', 'b'] } }))
    assert.equal(await passed(house({ by: 'header:X-Tenant' }), requests), 3)
  })

  it('other methods, paths, queries and bodies are the same caller', async () => {
    const requests = ['GET', 'POST', 'HEAD', 'PROPFIND', 'get'].flatMap((method) => [
      { method, path: '/' },
      { method, path: '/x?y' },
    ])
    assert.equal(await passed(house({ by: 'address' }), requests), 3)
  })

  it('being refused costs nothing: whoever hammers gets in again as soon as anybody', async () => {
    const harness = house({ limit: 1, window: '1s', by: 'address' })
    for (let i = 0; i < 100; i++) await harness.send()
    harness.clock.advanceMs(1000)
    assert.equal((await harness.send()).status, 200)
  })

  it('a fixed window lets no more than its limit through between two of its borders, however the requests fall', async () => {
    const harness = house({ limit: 10, window: '10s', algorithm: 'fixed-window', by: 'address' })
    harness.clock.advanceMs(9990)
    assert.equal(
      await passed(
        harness,
        Array.from({ length: 50 }, () => ({})),
      ),
      10,
    )
    harness.clock.advanceMs(9)
    assert.equal(await passed(harness, [{}]), 0)
    harness.clock.advanceMs(1)
    assert.equal(
      await passed(
        harness,
        Array.from({ length: 50 }, () => ({})),
      ),
      10,
    )
  })

  it('publishing the configuration anew does not give the limit anew', async () => {
    const first = house({ by: 'address' })
    const counters: Counters = sharedCounters(first.memory, new Uint8Array(16).fill(1))
    await first.sendTimes(3)
    const again = new Harness([{ policy: rateLimit, config: { limit: 3, window: '1m', by: 'address' } }], { resources: { counters } })
    assert.equal((await again.send()).status, 429)
  })

  it('the value of a field is not kept: what reaches the counters is a digest', async () => {
    const seen: string[] = []
    const counters: Counters = {
      limiter: (scope, rule) => {
        const real = sharedCounters(new Harness([]).memory, new Uint8Array(16)).limiter(scope, rule)
        return {
          take(key, nowUs) {
            seen.push(key)
            return real.take(key, nowUs)
          },
          peek: (key, nowUs) => real.peek(key, nowUs),
        }
      },
    }
    await new Harness([{ policy: rateLimit, config: { limit: 3, window: '1m', by: 'header:Authorization' } }], { resources: { counters } }).send({
      headers: { Authorization: 'Bearer secret' },
    })
    assert.equal(seen.length, 1)
    assert.equal(seen[0]!.includes('secret'), false)
  })
})
