// A chain refuses unless every policy was heard: order, faults, throws, time-outs, monitor mode and the tallies.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { object } from '../base/schema.ts'
import { fieldName } from '../http/field-names.ts'
import { run } from './chain.ts'
import { type AnyPolicy, definePolicy, type Hooks, type Kit } from './contract.ts'
import type { Timer } from './deadline.ts'
import { faultsOf, Harness } from './harness.ts'
import { Principal, slot } from './slots.ts'
import type { Stage } from './stages.ts'

const no = { status: 403, says: 'No.', ref: 'none', mend: 'none' } as const
const Note = slot<string>('Note')

/** A policy made for a test: what it does with a request is the test's. */
function policy(name: string, request: (kit: Kit<never, 'no'>) => Hooks['request'], more: Partial<AnyPolicy> = {}): AnyPolicy {
  const declared = definePolicy<object, never, 'no'>({
    name,
    stage: 'admit',
    summary: 'For a test.',
    when: 'In a test.',
    config: object({}),
    uses: [],
    denials: { no },
    examples: [{ title: 'none', config: {}, send: {}, expect: { status: 200 } }],
    compile: (_, kit) => {
      const hook = request(kit)
      return hook ? { request: hook } : null
    },
  })
  return { ...declared, ...more }
}
const passes = (name: string, more: Partial<AnyPolicy> = {}) => policy(name, () => () => undefined, more)
const refuses = (name: string, more: Partial<AnyPolicy> = {}) =>
  policy(
    name,
    ({ deny }) =>
      () =>
        deny('no'),
    more,
  )
const attach = (policy: AnyPolicy, mode: 'enforce' | 'monitor' = 'enforce') => ({ policy, config: {}, mode })

/** A timer that fires when it is told to. */
function manualTimer(): Timer & { fire(): void; waiting(): number } {
  const calls = new Set<() => void>()
  return {
    after: (_, call) => {
      calls.add(call)
      return () => calls.delete(call)
    },
    fire: () => {
      for (const call of calls) call()
    },
    waiting: () => calls.size,
  }
}

describe('a chain', () => {
  it('runs by stage, then by the catalogue, whatever the order it is written in', async () => {
    const ran: string[] = []
    const noting = (name: string, stage: Stage) =>
      policy(
        name,
        () => () => {
          ran.push(name)
          return undefined
        },
        { stage },
      )
    const [a, b, c, d] = [noting('a', 'shape'), noting('b', 'admit'), noting('c', 'admit'), noting('d', 'limit')]
    for (const order of [
      [a, b, c, d],
      [d, c, b, a],
      [c, a, d, b],
    ]) {
      ran.length = 0
      const harness = new Harness(
        order.map((each) => attach(each!)),
        { catalogue: [a, b, c, d] },
      )
      await harness.send()
      assert.deepEqual(ran, ['b', 'c', 'd', 'a'])
      assert.deepEqual(
        harness.chain.steps.map((step) => step.policy),
        ['b', 'c', 'd', 'a'],
      )
    }
  })

  it('stops at the first refusal and at the first reply', async () => {
    const never = policy('never', () => () => assert.fail('asked after the decision'))
    assert.equal((await new Harness([attach(refuses('first')), attach(never)]).send()).code, 'first.no')
    const replies = policy('replies', () => () => ({ kind: 'reply', status: 204, fields: [] }))
    assert.equal((await new Harness([attach(replies), attach(never)]).send()).status, 204)
  })

  it('is synchronous until a hook waits, and goes on where it stopped', async () => {
    assert.equal((await new Harness([attach(passes('a')), attach(passes('b'))]).send()).synchronous, true)
    const waits = policy('waits', () => async () => undefined)
    const outcome = await new Harness([attach(passes('a')), attach(waits), attach(refuses('b'))]).send()
    assert.deepEqual([outcome.code, outcome.synchronous], ['b.no', false])
  })

  it('a policy that asks for nothing is not there at all', () => {
    const harness = new Harness([attach(policy('nothing', () => undefined))])
    assert.deepEqual([harness.chain.steps.length, harness.chain.run.parts.length], [0, 0])
  })

  it('collects every fault and serves none of it', () => {
    const reads = passes('reads', { reads: [Note] })
    const throws = policy('throws', () => {
      throw new Error('cannot')
    })
    const senseless = passes('senseless', { faults: () => [{ code: 'senseless', message: 'x' }] })
    const strict = passes('strict')
    const unknown = passes('unknown')
    const codes = faultsOf([attach(reads), { policy: strict, config: { typo: 1 } }, attach(senseless), attach(unknown)], {
      catalogue: [reads, strict, senseless],
    })
    assert.deepEqual(codes.toSorted(), ['senseless', 'slot-unwritten', 'unknown-key', 'unknown-policy'])
    assert.deepEqual(faultsOf([attach(throws), attach(throws)]), ['policy-broken', 'policy-broken'])
  })

  it('a slot may be read once a policy before it writes it, and not by one after', () => {
    const reads = passes('reads', { reads: [Note], stage: 'limit' })
    assert.deepEqual(faultsOf([attach(reads), attach(passes('writes', { writes: [Note], stage: 'identify' }))]), [])
    assert.deepEqual(faultsOf([attach(reads), attach(passes('writes', { writes: [Note], stage: 'shape' }))]), ['slot-unwritten'])
  })

  it('a policy is handed what it declares and no more', () => {
    let seen: string[] = []
    const nosy = policy('nosy', (kit) => {
      seen = Object.keys(kit)
      return () => undefined
    })
    new Harness([attach(nosy)])
    assert.deepEqual(seen.toSorted(), ['api', 'deny', 'grants', 'prefix', 'scope', 'whole'])
  })

  it('exposes the smallest body limit of the enforcing policies, and whose it is', () => {
    const limiting = (name: string, bytes: number): AnyPolicy => ({
      ...passes(name),
      compile: (_, kit) => ({ bodyBytesMax: { bytes, refusal: kit.deny('no') } }),
    })
    const { chain } = new Harness([attach(limiting('a', 300)), attach(limiting('b', 200)), attach(limiting('c', 100), 'monitor')])
    assert.equal(chain.bodyBytesMax?.bytes, 200)
    assert.equal(chain.bodyBytesMax?.refusal.code, 'b.no')
    assert.equal(chain.steps[chain.bodyBytesMax!.step]?.policy, 'b')
    assert.equal(new Harness([attach(passes('a'))]).chain.bodyBytesMax, undefined)
  })
})

describe('a policy that breaks', () => {
  const breaks: Record<string, Hooks['request']> = {
    throws: () => {
      throw new Error('broken')
    },
    rejects: () => Promise.reject(new Error('broken')),
  }
  for (const [how, request] of Object.entries(breaks)) {
    it(`and ${how} refuses with 500, is counted and reported`, async () => {
      const reports: unknown[] = []
      const harness = new Harness([attach(policy('frail', () => request)), attach(passes('after'))], {
        report: (step, cause) => reports.push([step.policy, (cause as Error).message]),
      })
      const { status, code } = await harness.send()
      assert.deepEqual([status, code], [500, 'frail.broken'])
      assert.deepEqual(harness.counts('frail'), [0, 0, 0, 1])
      assert.deepEqual(harness.counts('after'), [0, 0, 0, 0])
      assert.deepEqual(reports, [['frail', 'broken']])
    })

    it(`and ${how} passes only if policy and operator both say so, leaving nothing behind`, async () => {
      const frail = (more: Partial<AnyPolicy>) =>
        attach(
          policy(
            'frail',
            () => (x) => {
              x.tellClient('X-Half', 'done')
              return request!(x)
            },
            more,
          ),
        )
      const failOpen = new Set(['frail'])
      assert.equal((await new Harness([frail({})], { failOpen }).send()).status, 500)
      assert.equal((await new Harness([frail({ mayFailOpen: true })]).send()).status, 500)
      for (const stage of ['identify', 'authorize'] as const)
        assert.equal((await new Harness([frail({ mayFailOpen: true, stage })], { failOpen }).send()).status, 500)
      const harness = new Harness([frail({ mayFailOpen: true })], { failOpen })
      const outcome = await harness.send()
      assert.deepEqual([outcome.status, outcome.fields.size], [200, 0])
      assert.deepEqual(harness.counts('frail'), [0, 0, 0, 1])
    })
  }

  it('by never answering is given up at the deadline, and the timer of one that answers is taken back', async () => {
    for (const stage of ['limit', 'identify'] as const) {
      const timer = manualTimer()
      const harness = new Harness([attach(policy('hangs', () => () => new Promise(() => {}), { stage }))], { timer })
      const pending = harness.send()
      assert.equal(timer.waiting(), 1)
      timer.fire()
      assert.deepEqual([(await pending).status, harness.counts('hangs')], [500, [0, 0, 0, 1]])
      const answering = new Harness([attach(policy('answers', () => async () => undefined, { stage }))], { timer: manualTimer() })
      assert.equal((await answering.send()).status, 200)
    }
    const timer = manualTimer()
    await new Harness([attach(policy('answers', () => async () => undefined))], { timer }).send()
    assert.equal(timer.waiting(), 0)
  })
})

describe('monitor mode', () => {
  const marking =
    (kit: Kit<never, 'no'>): Hooks['request'] =>
    (x) => {
      x.tellClient('X-Mark', '1')
      x.tellUpstream('X-Mark', '1')
      x.dropFromResponse(fieldName('server'))
      x.head.drop(x.head.find(fieldName('x-one')))
      x.set(Note, 'left')
      x.set(Principal, { consumer: 'forged', credential: 'none', by: 'test' })
      return x.query === 'refuse' ? kit.deny('no') : undefined
    }

  it('decides and counts, lets pass, and leaves no trace of a refusal', async () => {
    for (const stage of ['limit', 'identify'] as const) {
      const seesNothing = policy(
        'sees',
        () => (x) => {
          assert.deepEqual([x.get(Note), x.get(Principal)], [undefined, undefined])
          return undefined
        },
        { stage: 'observe' },
      )
      const harness = new Harness([attach(policy('watches', marking, { stage }), 'monitor'), attach(seesNothing)])
      const outcome = await harness.send({ path: '/?refuse', headers: { 'X-One': '1' } })
      assert.deepEqual([outcome.status, outcome.fields.size, outcome.forwarded, outcome.droppedFromResponse], [200, 0, ['X-One: 1'], []])
      assert.deepEqual(harness.counts('watches'), [0, 0, 1, 0])
    }
  })

  it('that would let pass changes no message either; only who was recognised stays known', async () => {
    const harness = new Harness([attach(policy('watches', marking, { stage: 'identify' }), 'monitor')])
    const outcome = await harness.send({ headers: { 'X-One': '1' } })
    assert.deepEqual([outcome.consumer, outcome.fields.size, outcome.forwarded], ['forged', 0, ['X-One: 1']])
    assert.deepEqual(harness.counts('watches'), [1, 0, 0, 0])
  })

  it('that breaks lets pass and is counted as broken', async () => {
    const harness = new Harness([
      attach(
        policy('frail', () => () => Promise.reject(new Error('x'))),
        'monitor',
      ),
    ])
    assert.equal((await harness.send()).status, 200)
    assert.deepEqual(harness.counts('frail'), [0, 0, 0, 1])
  })

  it('a reply of one that only watches is not sent', async () => {
    const replies = policy('replies', () => () => ({ kind: 'reply', status: 204, fields: [] }))
    assert.equal((await new Harness([attach(replies, 'monitor')]).send()).status, 200)
  })
})

describe('the tally', () => {
  it('counts every request once a step, and one in 64 is timed', () => {
    const harness = new Harness([attach(passes('a')), attach(passes('b'))])
    const x = harness.exchange()
    for (let i = 0; i < 6400; i++) run(harness.chain, x, harness.tally)
    assert.deepEqual(
      [harness.counts('a'), harness.counts('b')],
      [
        [6400, 0, 0, 0],
        [6400, 0, 0, 0],
      ],
    )
    assert.deepEqual([harness.tally[8 + 1], harness.tally[8 + 3]], [100, 100])
  })
})
