// An own policy that the gateway no longer waits for, or whose code fails while a body is given up, touches nothing any more.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { object } from '../base/schema.ts'
import { BodyWay } from '../pipeline/body-filter.ts'
import { type AnyPolicy, definePolicy as defineBuiltIn } from '../pipeline/contract.ts'
import { Harness } from '../pipeline/harness.ts'
import { type AnyOwnPolicy, definePolicy } from './contract.ts'
import { guarded } from './guarding.ts'
import { Turns } from './turns.ts'

const fetch = (): never => assert.fail('nothing is fetched')

test('a policy that only watches and was given up says nothing of a request that is still being decided', async () => {
  const gate = Promise.withResolvers<void>()
  const told = Promise.withResolvers<unknown>()
  const watching = definePolicy({
    name: 'acme-late',
    stage: 'inspect',
    summary: '-',
    config: object({}),
    denials: {},
    examples: [{ title: '-', config: {}, send: {}, expect: { status: 200 } }],
    compile: () => ({
      async request(x) {
        await gate.promise
        try {
          x.tellUpstream('X-Late', '1')
          told.resolve(undefined)
        } catch (cause) {
          told.resolve(cause)
        }
        return undefined
      },
    }),
  }) as AnyOwnPolicy
  let isFirst = true
  const timer = {
    after(_ms: number, call: () => void) {
      // The first hook that waits is late at once.
      if (isFirst) queueMicrotask(call)
      isFirst = false
      return () => {}
    },
  }
  const slow: AnyPolicy = defineBuiltIn({
    name: 'slow',
    stage: 'shape',
    summary: '',
    when: '',
    config: object({}),
    uses: [],
    denials: {},
    examples: [{ title: '', config: {}, send: {}, expect: { status: 200 } }],
    compile: () => ({
      async request() {
        gate.resolve()
        await told.promise
        return undefined
      },
    }),
  })
  const harness = new Harness(
    [
      { policy: guarded(watching, 'test', { number: 0, fetch }), config: {}, revision: 'test', mode: 'monitor' },
      { policy: slow, config: {} },
    ],
    { timer },
  )
  const outcome = await harness.send({})
  assert.equal(outcome.status, 200)
  assert.match(String(await told.promise), /this exchange is over/)
  assert.deepEqual(
    outcome.forwarded.filter((line) => line.toLowerCase().startsWith('x-late')),
    [],
  )
})

test('a filter that throws when its body is given up keeps nobody from giving up the others', () => {
  let abandoned = 0
  const turns = new Turns(0, undefined)
  const sound = { waiting: 0, put() {}, end() {}, abandon: () => void abandoned++ }
  const failing = {
    ...sound,
    abandon() {
      throw new Error('abandoned on purpose')
    },
  }
  const way = new BodyWay([turns.marked(() => failing), () => sound], { put() {}, end() {}, eased() {}, fail() {} })
  way.abandon()
  assert.equal(abandoned, 1)
})
