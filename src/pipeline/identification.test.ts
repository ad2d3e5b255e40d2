// Identify policies together: any and all, wrong against missing credentials, the failure limit, and what the upstream is told.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Infer, object, string } from '../base/schema.ts'
import { fieldName } from '../http/field-names.ts'
import { definePolicy, type Verdict } from './contract.ts'
import { Harness, type HarnessOptions } from './harness.ts'
import { Principal } from './slots.ts'

const config = object({ field: string(), waits: string() })
/** Knows a caller by a field whose value is its name; "wrong" is a wrong credential, "elsewhere" a caller that may not call this API. */
const door = definePolicy<Infer<typeof config>, never, 'missing' | 'wrong' | 'elsewhere'>({
  name: 'door',
  stage: 'identify',
  summary: 'For a test.',
  when: 'In a test.',
  config,
  uses: [],
  writes: [Principal],
  denials: {
    missing: { status: 401, says: 'Missing.', ref: 'none', mend: 'none', absent: true },
    wrong: { status: 401, says: 'Wrong.', ref: 'none', mend: 'none' },
    elsewhere: { status: 403, says: 'Elsewhere.', ref: 'none', mend: 'none' },
  },
  examples: [{ title: 'none', config: {}, send: {}, expect: { status: 200 } }],
  compile({ field, waits }, { deny }) {
    const name = fieldName(field)
    const answer = (value: string | undefined): Verdict => {
      if (value === undefined) return deny('missing', { fields: [['WWW-Authenticate', field]] })
      return value === 'wrong' ? deny('wrong', { fields: [['WWW-Authenticate', field]] }) : value === 'elsewhere' ? deny('elsewhere') : undefined
    }
    return {
      request(x) {
        const value = x.head.get(name)
        const verdict = answer(value)
        if (verdict === undefined) x.set(Principal, { consumer: value!, credential: `${field}-credential`, by: 'door' })
        return waits === 'yes' ? Promise.resolve(verdict) : verdict
      },
    }
  },
})
const doors = (fields: readonly string[], waits: string, monitored: readonly string[] = []) =>
  fields.map((field) => ({
    policy: door,
    config: { field, waits },
    scope: field,
    mode: monitored.includes(field) ? ('monitor' as const) : ('enforce' as const),
  }))

for (const waits of ['no', 'yes']) {
  const house = (authenticate: 'any' | 'all', monitored: readonly string[] = [], options: HarnessOptions = {}) =>
    new Harness(doors(['A', 'B', 'C'], waits, monitored), { authenticate, ...options })

  describe(`identify policies, ${waits === 'yes' ? 'waiting' : 'at once'}`, () => {
    const table: readonly (readonly ['any' | 'all', Record<string, string>, number, string?])[] = [
      ['any', {}, 401, 'door.missing'],
      ['any', { A: 'acme' }, 200],
      ['any', { C: 'acme' }, 200],
      ['any', { A: 'acme', B: 'wrong' }, 200],
      ['any', { A: 'wrong', B: 'acme' }, 401, 'door.wrong'],
      ['any', { B: 'wrong', C: 'acme' }, 401, 'door.wrong'],
      ['any', { A: 'elsewhere', B: 'acme' }, 403, 'door.elsewhere'],
      ['all', {}, 401, 'door.missing'],
      ['all', { A: 'acme', B: 'acme' }, 401, 'door.missing'],
      ['all', { B: 'acme', C: 'acme' }, 401, 'door.missing'],
      ['all', { A: 'acme', B: 'acme', C: 'acme' }, 200],
      ['all', { A: 'acme', B: 'wrong', C: 'acme' }, 401, 'door.wrong'],
      ['all', { A: 'acme', B: 'acme', C: 'other' }, 403, 'identify.mismatch'],
    ]
    it('combine as `authenticate` says: wrong never falls through, and all means each', async () => {
      let ran = 0
      for (const [authenticate, headers, status, code] of table) {
        const outcome = await house(authenticate).send({ headers })
        assert.deepEqual([outcome.status, outcome.code], [status, code], `${authenticate} ${JSON.stringify(headers)}`)
        assert.equal(outcome.synchronous, waits === 'no')
        ran++
      }
      assert.equal(ran, 13)
    })

    it('when nothing is shown, the refusal is the first one’s with the challenges of all', async () => {
      const { fields, code } = await house('any').send()
      assert.deepEqual([code, fields.get('www-authenticate')], ['door.missing', 'A, B, C'])
    })

    it('tell the upstream the caller exactly once, and only once it is established', async () => {
      const told = async (authenticate: 'any' | 'all', headers: Record<string, string>) =>
        (await house(authenticate).send({ headers })).forwarded.filter((line) => line.startsWith('Gatehouse-'))
      assert.deepEqual(await told('any', { B: 'acme', C: 'other' }), ['Gatehouse-Consumer: acme', 'Gatehouse-Credential: B-credential'])
      assert.deepEqual(await told('all', { A: 'acme', B: 'acme', C: 'acme' }), ['Gatehouse-Consumer: acme', 'Gatehouse-Credential: A-credential'])
      assert.deepEqual(await told('all', { A: 'acme', B: 'wrong' }), [])
    })

    it('that only watch decide nothing: not for, not against, not who', async () => {
      const watching = house('any', ['A', 'B'])
      assert.equal((await watching.send({ headers: { A: 'acme' } })).status, 401)
      assert.equal((await watching.send({ headers: { A: 'wrong', C: 'acme' } })).status, 200)
      assert.equal((await watching.send({ headers: { A: 'forged', C: 'acme' } })).consumer, 'acme')
      assert.equal((await house('all', ['A']).send({ headers: { A: 'forged', B: 'acme', C: 'acme' } })).status, 200)
      const all = house('any', ['A', 'B', 'C'])
      const outcome = await all.send({ headers: { A: 'acme' } })
      assert.deepEqual([outcome.status, outcome.forwarded], [200, ['A: acme']])
    })

    it('wrong credentials of one address are refused unheard past the limit, missing ones and known callers are not counted', async () => {
      const harness = house('any', [], { authenticationFailures: { limit: 5, windowMs: 60_000 } })
      for (let i = 0; i < 50; i++) await harness.send({})
      for (let i = 0; i < 50; i++) await harness.send({ headers: { A: 'elsewhere' } })
      for (let i = 0; i < 5; i++) assert.equal((await harness.send({ headers: { A: 'wrong' } })).code, 'door.wrong')
      for (const headers of [{ A: 'wrong' }, { A: 'acme' }, {}]) {
        const outcome = await harness.send({ headers })
        assert.deepEqual([outcome.status, outcome.code, outcome.fields.get('retry-after')], [429, 'identify.throttled', '12'])
      }
      assert.equal((await harness.send({ headers: { A: 'acme' }, address: '192.0.2.2' })).status, 200)
      harness.clock.advanceMs(12_000)
      assert.equal((await harness.send({ headers: { A: 'acme' } })).status, 200)
      assert.deepEqual(harness.counts('identify'), [107, 3, 0, 0])
    })
  })
}

describe('the failure limit', () => {
  it('counts an IPv6 /64 as one, and an IPv4-mapped address as itself', async () => {
    const harness = new Harness(doors(['A'], 'no'), { authenticationFailures: { limit: 2, windowMs: 60_000 } })
    for (const address of ['2001:db8::1', '2001:db8::ffff:2', '192.0.2.9', '::ffff:192.0.2.9']) await harness.send({ headers: { A: 'wrong' }, address })
    assert.equal((await harness.send({ headers: { A: 'wrong' }, address: '2001:db8:0:0:5::' })).code, 'identify.throttled')
    assert.equal((await harness.send({ headers: { A: 'wrong' }, address: '192.0.2.9' })).code, 'identify.throttled')
    assert.equal((await harness.send({ headers: { A: 'acme' }, address: '2001:db8:0:1::1' })).status, 200)
  })

  it('that cannot be reached refuses, whether it throws, rejects or hangs', async () => {
    const failing: (() => never | Promise<never>)[] = [
      () => {
        throw new Error('lost')
      },
      () => Promise.reject(new Error('lost')),
    ]
    for (const fail of failing) {
      const counters = { limiter: () => ({ take: fail, peek: fail }) }
      const harness = new Harness(doors(['A'], 'no'), { resources: { counters } })
      assert.deepEqual([(await harness.send({ headers: { A: 'acme' } })).code, harness.counts('identify')], ['identify.broken', [0, 0, 0, 1]])
    }
  })
})
