// mock answers what is written down or asked for among it, and makes as many faults as it was told to.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Timer } from '../../pipeline/deadline.ts'
import { faultsOf, Harness, runExamples } from '../../pipeline/harness.ts'
import { policies } from '../index.ts'
import { mock } from './policy.ts'

const house = (config: unknown) => new Harness([{ policy: mock, config }])
const BOOKS = [
  { json: { title: 'Persuasion' }, name: 'one' },
  { json: { title: 'Emma' }, name: 'two' },
  { status: 404, json: { message: 'no such book' }, name: 'unknown' },
  { status: 204, name: 'empty' },
  { status: 500, body: 'broken', type: 'text/html' },
]

/** [what, more configuration, Prefer, status, body] */
const answered: readonly [what: string, more: object, prefer: string | readonly string[] | undefined, status: number, body: string | undefined][] = [
  ['the first', {}, undefined, 200, '{"title":"Persuasion"}'],
  ['by status', { status: 404 }, undefined, 404, '{"message":"no such book"}'],
  ['by name', { example: 'two' }, undefined, 200, '{"title":"Emma"}'],
  ['by status and name', { status: 200, example: 'two' }, undefined, 200, '{"title":"Emma"}'],
  ['without a body', { status: 204 }, undefined, 204, undefined],
  ['text', { status: 500 }, undefined, 500, 'broken'],
  ['what a caller prefers, unasked', {}, 'code=404', 200, '{"title":"Persuasion"}'],
  ['a code', { prefer: true }, 'code=404', 404, '{"message":"no such book"}'],
  ['a name', { prefer: true }, 'example=two', 200, '{"title":"Emma"}'],
  ['a name in quotes', { prefer: true }, 'example="two"', 200, '{"title":"Emma"}'],
  ['a code and a name', { prefer: true }, 'code=200, example=two', 200, '{"title":"Emma"}'],
  ['in any case, with spaces', { prefer: true }, 'CODE = 404', 404, '{"message":"no such book"}'],
  ['among other preferences', { prefer: true }, 'respond-async, code=404; x=y, wait=1', 200, '{"title":"Persuasion"}'],
  ['a code that there is not', { prefer: true }, 'code=418', 200, '{"title":"Persuasion"}'],
  ['a name that the code does not have', { prefer: true }, 'code=404, example=two', 200, '{"title":"Persuasion"}'],
  ['no code', { prefer: true }, 'code=abc', 200, '{"title":"Persuasion"}'],
  ['nothing', { prefer: true }, '', 200, '{"title":"Persuasion"}'],
  ['the first of two', { prefer: true }, ['code=404', 'code=500'], 404, '{"message":"no such book"}'],
]

const faulty: readonly [what: string, config: unknown, code: string][] = [
  ['nothing', {}, 'empty'],
  ['no answers', { answers: [] }, 'empty'],
  ['a choice without answers', { fault: { percent: 1, status: 500 }, prefer: true }, 'contradiction'],
  ['a status that no answer has', { answers: BOOKS, status: 418 }, 'unknown-value'],
  ['a name that no answer has', { answers: BOOKS, example: 'three' }, 'unknown-value'],
  ['a body to 204', { answers: [{ status: 204, body: 'x' }] }, 'contradiction'],
  ['text and JSON', { answers: [{ body: 'x', json: 1 }] }, 'contradiction'],
  ['a type of nothing', { answers: [{ type: 'text/plain' }] }, 'contradiction'],
  ['a type with a line end', { answers: [{ type: 'text/plain\r\nX: y', body: 'x' }] }, 'bad-value'],
  ['a redirect', { answers: [{ status: 302 }] }, 'contradiction'],
  ['a status of no answer', { answers: [{ status: 101 }] }, 'out-of-range'],
  ['a body that is too large', { answers: [{ body: 'x'.repeat(65_537) }] }, 'too-long'],
  ['JSON that is too large', { answers: [{ json: 'x'.repeat(65_537) }] }, 'too-long'],
  ['a fault of nothing', { fault: { percent: 5 } }, 'empty'],
  ['no share', { fault: { percent: 0, status: 500 } }, 'out-of-range'],
  ['more than all', { fault: { percent: 101, status: 500 } }, 'out-of-range'],
  ['a success as a fault', { fault: { percent: 5, status: 200 } }, 'out-of-range'],
  ['a delay that a hook must not take', { fault: { percent: 5, delay: '5s' } }, 'out-of-range'],
]

/** Fires when told to. */
function handTimer() {
  const calls: (() => void)[] = []
  const timer: Timer = {
    after(_ms, call) {
      calls.push(call)
      return () => {}
    },
  }
  return { timer, calls, fire: () => calls.splice(0).forEach((call) => void call()) }
}

describe('mock', () => {
  it('does what its examples say', async () => assert.equal(await runExamples(mock), 3))

  it('answers as the table says', async () => {
    let ran = 0
    for (const [what, more, prefer, status, body] of answered) {
      const outcome = await house({ answers: BOOKS, ...more }).send(prefer === undefined ? {} : { headers: { Prefer: prefer } })
      assert.deepEqual([outcome.status, outcome.replied, outcome.fields.get('vary')], [status, body, 'prefer' in more ? 'Prefer' : undefined], what)
      ran++
    }
    assert.equal(ran, 18)
  })

  it('says what a body is', async () => {
    const type = async (answer: object) => (await house({ answers: [answer] }).send()).fields.get('content-type')
    assert.equal(await type({ json: 1 }), 'application/json')
    assert.equal(await type({ json: 1, type: 'application/hal+json' }), 'application/hal+json')
    assert.equal(await type({ body: 'x' }), 'text/plain; charset=utf-8')
    assert.equal(await type({ status: 204 }), undefined)
  })

  it('refuses each configuration of the table, for the reason that it names', () => {
    let ran = 0
    for (const [what, config, code] of faulty) {
      assert.deepEqual(faultsOf([{ policy: mock, config }]), [code], what)
      ran++
    }
    assert.equal(ran, 18)
  })

  it('makes as many faults as it was told to, and lets the others go on', async () => {
    const at = house({ fault: { percent: 20, status: 502 } })
    let faults = 0
    for (let i = 0; i < 5000; i++) {
      const { status, code } = await at.send()
      if (status === 502) faults++
      assert.ok(status === 200 || code === 'mock.fault')
    }
    assert.ok(faults > 900 && faults < 1100, String(faults))
  })

  it('the same chance makes the same faults', async () => {
    const numbers = [0.05, 0.5, 0.0499, 0.99, 0.1]
    let next = 0
    const at = new Harness([{ policy: mock, config: { fault: { percent: 5, status: 500 }, answers: [{ body: 'x' }] } }], {
      resources: { chance: () => numbers[next++]! },
    })
    const seen: number[] = []
    for (const _ of numbers) seen.push((await at.send()).status)
    assert.deepEqual(seen, [200, 200, 500, 200, 200])
  })

  it('waits before it answers or lets go on, without a promise where nothing waits', async () => {
    const { timer, fire, calls } = handTimer()
    const options = { resources: { timer, chance: () => 0 } }
    const waits = new Harness([{ policy: mock, config: { fault: { percent: 100, delay: '200ms' } } }], options)
    const pending = waits.send()
    assert.equal(calls.length, 1)
    fire()
    const { status, synchronous } = await pending
    assert.deepEqual([status, synchronous], [200, false])
    assert.equal((await house({ answers: [{ body: 'x' }] }).send()).synchronous, true)
  })

  it('stands behind all that protects', async () => {
    const apiKey = policies.find(({ name }) => name === 'api-key')!
    const at = new Harness([
      { policy: apiKey, config: { header: 'X-API-Key' } },
      { policy: mock, config: { answers: [{ body: 'x' }] } },
    ])
    assert.equal((await at.send()).status, 401)
  })

  it('in monitor mode it answers nothing', async () => {
    assert.equal((await new Harness([{ policy: mock, mode: 'monitor', config: { answers: [{ status: 404 }] } }]).send()).status, 200)
  })
})
