// How one would use mock against those behind it or in front of it, and why it does not work.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Timer } from '../../pipeline/deadline.ts'
import { Harness } from '../../pipeline/harness.ts'
import { policies } from '../index.ts'
import { mock } from './policy.ts'

const ANSWERS = [{ json: { a: 1 } }, { status: 404, name: 'none', json: {} }]

describe('against mock', () => {
  it('nothing of a request is put into an answer, whatever is preferred', async () => {
    const at = new Harness([{ policy: mock, config: { answers: ANSWERS, prefer: true } }])
    const word = fc.constantFrom('code', 'example', '=', '"', ',', ';', '404', 'none', 'evil', '__proto__', 'constructor', ' ', '\t', '9'.repeat(40))
    await fc.assert(
      fc.asyncProperty(fc.array(word, { maxLength: 30 }), async (words) => {
        const { status, replied, fields } = await at.send({ headers: { Prefer: words.join('').trim() || 'x' } })
        assert.ok((status === 200 && replied === '{"a":1}') || (status === 404 && replied === '{}'))
        assert.deepEqual(
          [...fields],
          [
            ['content-type', 'application/json'],
            ['vary', 'Prefer'],
          ],
        )
      }),
      { numRuns: 1000 },
    )
  })

  it('a preference of 16 KiB costs no more than its first kilobyte', async () => {
    const at = new Harness([{ policy: mock, config: { answers: ANSWERS, prefer: true } }])
    const { status } = await at.send({ headers: { Prefer: `${'x,'.repeat(8000)}code=404` } })
    assert.equal(status, 200)
  })

  it('requests that wait on purpose are bounded in number, over all attachments of a thread, and the place of one that ends is free', async () => {
    const calls: (() => void)[] = []
    const timer: Timer = {
      after(_ms, call) {
        calls.push(call)
        return () => {}
      },
    }
    const waits = () =>
      new Harness([{ policy: mock, config: { fault: { percent: 100, delay: '4s' } } }], { resources: { timer, chance: () => 0 }, deadlineMs: 60_000 })
    const [one, other] = [waits(), waits()]
    const pending = Array.from({ length: 200 }, (_, i) => (i % 2 === 0 ? one : other).send())
    const { status, code } = await other.send()
    assert.deepEqual([status, code], [503, 'mock.busy'])
    calls.shift()!()
    const next = one.send()
    assert.equal(calls.length, 200)
    for (const call of calls.splice(0)) call()
    for (const each of [...pending, next]) assert.equal((await each).status, 200)
  })

  it('an example of an operation that is protected is behind what protects it', async () => {
    const at = new Harness([
      { policy: mock, config: { answers: ANSWERS } },
      ...policies.filter(({ name }) => name === 'api-key').map((policy) => ({ policy, config: { header: 'X-API-Key' } })),
      ...policies.filter(({ name }) => name === 'ip-filter').map((policy) => ({ policy, config: { deny: ['198.51.100.0/24'] } })),
    ])
    assert.deepEqual([(await at.send()).status, (await at.send({ address: '198.51.100.1' })).status], [401, 403])
  })

  it('where the document was asked for and has nothing, nothing reaches the upstream', async () => {
    const { status, code } = await new Harness([{ policy: mock, config: { from: 'openapi' } }]).send()
    assert.deepEqual([status, code], [503, 'mock.nothing'])
  })
})
