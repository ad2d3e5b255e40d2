// How a policy of an operator could harm what is around it without meaning to, and that it cannot.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { object } from '../base/schema.ts'
import type { AnyPolicy } from '../pipeline/contract.ts'
import { Harness } from '../pipeline/harness.ts'
import { Principal } from '../pipeline/slots.ts'
import { type AnyOwnPolicy, definePolicy, type OwnHooks, reply } from './contract.ts'
import { guarded } from './guarding.ts'
import type { OwnAnswer } from './own-answer.ts'
import type { OwnExchange } from './own-exchange.ts'
import { slot } from './own-slots.ts'
import { PolicyTest } from './testing.ts'
import { ThreadWords, WatchWords, watchMemory } from './watch-words.ts'

const Declared = slot<string>('AttackDeclared')
const Undeclared = slot<string>('AttackUndeclared')

const policyOf = (hooks: OwnHooks | null, more: Partial<AnyOwnPolicy> = {}): AnyOwnPolicy =>
  definePolicy({
    name: 'acme-attack',
    stage: 'inspect',
    summary: 'Tries.',
    config: object({}),
    writes: [Declared],
    denials: { no: { status: 403, says: 'No.', ref: 'own', mend: 'None.' } },
    examples: [{ title: '-', config: {}, send: {}, expect: { status: 200 } }],
    compile: () => hooks,
    ...more,
  } as AnyOwnPolicy)

const BROKEN = [500, 'acme-attack.broken']
const send = async (request: OwnHooks['request'] & {}, more: Partial<AnyOwnPolicy> = {}) => {
  const outcome = await new PolicyTest(policyOf({ request }, more), {}).send({ headers: { 'X-A': 'a' } })
  return [outcome.status, outcome.code]
}

/** Names that frame a message, belong to one hop, are the gateway's alone, or can be taken for one of these. */
const FORBIDDEN = [
  'Content-Length',
  'content_length',
  'Transfer-Encoding',
  'Transfer_Encoding',
  'Connection',
  'Host',
  'Upgrade',
  'Expect',
  'TE',
  'Trailer',
  'Keep-Alive',
  'Proxy-Connection',
  'Date',
  'Via',
  'Forwarded',
  'X-Forwarded-For',
  'X_Forwarded_For',
  'Gatehouse-Consumer',
  'gatehouse_consumer',
  'X-Request-Id',
  'X-Original-URL',
  'X-HTTP-Method-Override',
  'Client-Cert',
  'Alt-Svc',
  'Proxy',
  'A: b\r\nC',
  'A b',
  '',
  'é',
]

describe("fields that are not a policy's to say", () => {
  const ways: [name: string, say: (name: string) => OwnHooks][] = [
    ['tellUpstream', (name) => ({ request: (x) => void x.tellUpstream(name, 'v') })],
    ['dropFromRequest', (name) => ({ request: (x) => void x.dropFromRequest(name) })],
    ['tellClient', (name) => ({ request: (x) => void x.tellClient(name, 'v') })],
    ['dropFromResponse', (name) => ({ request: (x) => void x.dropFromResponse(name) })],
    ['a reply', (name) => ({ request: () => reply(200, 'x', [[name, 'v']]) })],
    ['answer.set', (name) => ({ response: (_x, answer) => void answer.set(name, 'v') })],
    ['answer.add', (name) => ({ response: (_x, answer) => void answer.add(name, 'v') })],
    ['answer.drop', (name) => ({ response: (_x, answer) => void answer.drop(name) })],
  ]
  for (const [way, say] of ways)
    test(`${way} refuses all ${FORBIDDEN.length}`, async () => {
      for (const name of FORBIDDEN) {
        const { status, code } = await new PolicyTest(policyOf(say(name)), {}).send({}, { body: 'x' })
        assert.deepEqual([status, code], BROKEN, JSON.stringify(name))
      }
    })

  test('nor does a refusal say any of them', () => {
    for (const name of FORBIDDEN) {
      const compile = (_config: unknown, { deny }: { deny(code: string, more: object): unknown }) => {
        deny('no', { fields: [[name, 'v']] })
        return null
      }
      assert.throws(() => new PolicyTest(policyOf(null, { compile } as Partial<AnyOwnPolicy>), {}), /policy-broken/, name)
    }
  })

  test('no value makes a second line of one', async () => {
    const policy = policyOf({
      request: (x) => {
        x.tellUpstream('X-A', 'b\r\nContent-Length: 5')
        x.tellClient('X-B', 'b\nSet-Cookie: a=b')
        return undefined
      },
    })
    const { status, fields, forwarded } = await new PolicyTest(policy, {}).send()
    assert.equal(status, 200)
    assert.equal(forwarded['x-a'], 'b%0D%0AContent-Length%3A%205')
    assert.equal(fields['x-b'], 'b%0ASet-Cookie%3A%20a%3Db')
    assert.equal(forwarded['content-length'], undefined)
  })
})

test('an answer that is no verdict refuses: the gateway never guesses what was meant', async () => {
  const answers: unknown[] = [
    null,
    true,
    false,
    0,
    7,
    'ok',
    Symbol('x'),
    {},
    [],
    () => undefined,
    { kind: 'reply' },
    { kind: 'reply', status: '200', fields: [] },
    { kind: 'reply', status: 99, fields: [] },
    { kind: 'reply', status: 101, fields: [] },
    { kind: 'reply', status: 600, fields: [] },
    { kind: 'reply', status: 200.5, fields: [] },
    { kind: 'reply', status: 200, fields: [['X-A']] },
    { kind: 'reply', status: 200, fields: [['X-A', 1]] },
    { kind: 'reply', status: 200, fields: 'X-A: b' },
    { kind: 'reply', status: 200, fields: Array.from({ length: 65 }, () => ['X-A', 'b']) },
    { kind: 'reply', status: 200, fields: [], body: 7 },
    { kind: 'reply', status: 204, fields: [], body: 'smuggled' },
    { kind: 'reply', status: 304, fields: [], body: Buffer.from('HTTP/1.1 200 OK') },
    { kind: 'reply', status: 200, fields: [], body: 'x'.repeat(8 * 1024 * 1024 + 1) },
    { kind: 'refusal', code: 'acme-attack.no', status: 200, says: '', absent: false, fields: [] },
    { kind: 'refusal', code: 'rate-limit.exceeded', status: 429, says: '', absent: false, fields: [['A: b\r\nC', 'd']] },
  ]
  let judged = 0
  for (const answer of answers) {
    for (const given of [answer, Promise.resolve(answer)]) {
      assert.deepEqual(await send(() => given as never), BROKEN, String(JSON.stringify(answer)).slice(0, 80))
      judged++
    }
  }
  assert.equal(judged, 52)
})

test('a refusal of another attachment is none of this one', async () => {
  let kept: unknown
  const policy = policyOf(null, {
    compile: (_config: unknown, { deny }: { deny(code: string): unknown }) => {
      kept ??= deny('no')
      return { request: () => kept }
    },
  } as Partial<AnyOwnPolicy>)
  assert.equal((await new PolicyTest(policy, {}).send()).code, 'acme-attack.no')
  assert.equal((await new PolicyTest(policy, {}).send()).code, 'acme-attack.broken')
})

test('nothing of an exchange or an answer can be used once its hook is over', async () => {
  let exchange: OwnExchange | undefined
  let answer: OwnAnswer | undefined
  const policy = policyOf({
    request: (x) => void (exchange = x),
    response: (_x, its) => void (answer = its),
  })
  await new PolicyTest(policy, {}).send({}, { body: 'x' })
  const uses: (() => unknown)[] = [
    () => exchange!.path,
    () => exchange!.header('authorization'),
    () => exchange!.get(Principal),
    () => exchange!.set(Declared, 'x'),
    () => exchange!.tellUpstream('X-A', 'b'),
    () => exchange!.transformBody((sink) => ({ ...sink, waiting: 0, abandon() {} })),
    () => answer!.status,
    () => (answer!.status = 404),
    () => answer!.fields(),
    () => answer!.transform((sink) => ({ ...sink, waiting: 0, abandon() {} })),
  ]
  for (const use of uses) assert.throws(use, /is over/)
})

test("the gateway's own exchange is nowhere on what a policy is given", async () => {
  let found: unknown[] = []
  await send((x) => {
    const prototype = Object.getPrototypeOf(x) as object
    found = [...Reflect.ownKeys(x), ...Reflect.ownKeys(prototype)].filter((key) => ['head', 'clientFields', 'upstreamFields', 'slots'].includes(String(key)))
    return undefined
  })
  assert.deepEqual(found, [])
})

describe('slots', () => {
  test('one that is not declared cannot be set, and Principal only in identify', async () => {
    assert.deepEqual(await send((x) => void x.set(Undeclared, 'x')), BROKEN)
    assert.deepEqual(await send((x) => void x.set(Principal, { consumer: 'admin', credential: 'k', by: 'api-key' })), BROKEN)
    assert.deepEqual(await send((x) => void x.set(Declared, 'x')), [200, undefined])
  })

  test('a name is one slot, however often it is asked for, and there are not ever more', () => {
    assert.equal(slot('AttackDeclared'), Declared)
    assert.throws(() => {
      for (let i = 0; i < 100; i++) slot(`AttackMany${i}`)
    }, RangeError)
    for (const name of ['', '1a', 'a b', 'a'.repeat(65), '__proto__']) assert.throws(() => slot(name), TypeError)
  })
})

describe('identify', () => {
  const identify = (request: OwnHooks['request'] & {}): AnyPolicy =>
    guarded(
      policyOf(
        { request },
        { stage: 'identify', writes: [Principal], denials: { none: { status: 401, says: 'Who?', ref: 'own', mend: 'Say.', absent: true } } },
      ),
      'r',
      { number: 0, fetch: () => assert.fail() },
    )
  const outcomeOf = async (request: OwnHooks['request'] & {}) => new Harness([{ policy: identify(request), config: {}, revision: 'r' }]).send()

  test('one that lets a caller in and does not say who it is refuses', async () => {
    for (const request of [() => undefined, async () => undefined]) {
      const { status, code } = await outcomeOf(request)
      assert.deepEqual([status, code], BROKEN)
    }
  })

  test('one that asks nobody under some configuration does not compile: the API would be open', () => {
    const writes = [Principal]
    const denials = { none: { status: 401, says: 'Who?', ref: 'own', mend: 'Say.', absent: true } } as const
    for (const hooks of [null, {}, { response: () => undefined }])
      assert.throws(() => new PolicyTest(policyOf(hooks, { stage: 'identify', writes, denials }), {}), /policy-broken/)
  })

  test('whoever it says is vouched for by itself, and is a name', async () => {
    assert.equal((await outcomeOf((x) => void x.set(Principal, { consumer: 'shop', credential: 'k1', by: 'api-key' }))).consumer, 'shop')
    let by: string | undefined
    await outcomeOf((x) => {
      x.set(Principal, { consumer: 'shop', credential: 'k1', by: 'api-key' })
      by = x.get(Principal)?.by
      return undefined
    })
    assert.equal(by, 'acme-attack')
    for (const wrong of [
      undefined,
      null,
      {},
      { consumer: 'a' },
      { consumer: 'a\r\nb', credential: 'k' },
      { consumer: 'a', credential: '' },
      { consumer: 'a b', credential: 'k' },
    ])
      assert.equal((await outcomeOf((x) => void x.set(Principal, wrong as never))).code, 'acme-attack.broken')
  })
})

describe('hooks', () => {
  test('hooks may stand on a class', async () => {
    class Hooks {
      private readonly seen = 'seen'
      request(x: OwnExchange): undefined {
        x.tellUpstream('X-Seen', this.seen)
        return undefined
      }
    }
    const outcome = await new PolicyTest(policyOf(new Hooks()), {}).send()
    assert.equal(outcome.forwarded['x-seen'], 'seen')
  })

  test('response and failed never wait: a promise is broken, and what it rejects with ends nothing', async () => {
    const late = (() => Promise.reject(new Error('late'))) as never
    const responded = await new PolicyTest(policyOf({ response: late }), {}).send({}, { body: 'x' })
    assert.deepEqual([responded.status, responded.code], BROKEN)
    const failed = await new PolicyTest(policyOf({ failed: late }), {}).send({}, 'upstream.timeout')
    assert.equal(failed.status, 502)
  })

  test('a stream goes on while still() says true, and on nothing else', () => {
    const answers: [answer: unknown, goesOn: boolean][] = [
      [true, true],
      [false, false],
      [undefined, false],
      [1, false],
      [Promise.resolve(true), false],
    ]
    for (const [answer, goesOn] of answers) {
      const policy = guarded(policyOf({ still: () => answer as boolean }), 'r', { number: 0, fetch: () => assert.fail() })
      const harness = new Harness([{ policy, config: {}, revision: 'r' }])
      assert.equal(harness.chain.lasting.holds(harness.exchange(), 0), goesOn)
    }
  })

  test('a hook that does not exist, and what is no hooks at all, does not compile', () => {
    const none = [
      { requst: () => undefined },
      7,
      'x',
      undefined,
      {},
      [],
      { request: true },
      { request: null },
      Promise.resolve({ request: () => undefined }),
      () => undefined,
    ]
    for (const hooks of none) assert.throws(() => new PolicyTest(policyOf(hooks as never), {}), /policy-broken/)
  })

  test('response may change the answer and take its place; failed may answer in the place of an error', async () => {
    const test = new PolicyTest(
      policyOf({
        response: (x, answer) => {
          if (answer.status === 500) return reply(503, { sorry: true })
          answer.set('X-Was', String(answer.status))
          answer.drop('Server')
          answer.transform((sink) => ({
            waiting: 0,
            put: (octets, start, end) => sink.put(Buffer.from(Buffer.from(octets.subarray(start, end)).toString('latin1').toUpperCase()), 0, end - start),
            end: () => sink.end(),
            abandon() {},
          }))
          x.set(Declared, 'seen')
          return undefined
        },
        failed: (_x, code) => (code === 'upstream.timeout' ? reply(200, { stale: true }) : undefined),
      }),
      {},
    )
    const changed = await test.send({}, { headers: { Server: 'secret' }, body: 'hello' })
    assert.deepEqual([changed.body, changed.fields['x-was'], changed.fields['server']], ['HELLO', '200', undefined])
    assert.deepEqual([(await test.send({}, { status: 500 })).status, (await test.send({}, 'upstream.timeout')).body], [503, { stale: true }])
    assert.equal((await test.send({}, 'upstream.unreachable')).status, 502)
  })
})

describe('what threads say of it', () => {
  const memory = watchMemory(2)
  const words = new ThreadWords(memory, 1)
  const sight = new WatchWords(memory)

  test('a policy runs while its turn lasts, however it ends, and waits while its promise does', async () => {
    const seen: number[] = []
    let settle = (): void => {}
    const policy = guarded(
      policyOf({
        request: (x) => {
          seen.push(sight.see(1).running)
          if (x.path === '/throw') throw new Error('x')
          return x.path === '/wait' ? new Promise((resolve) => (settle = () => resolve(undefined))) : undefined
        },
      }),
      'r',
      { number: 5, words, fetch: () => assert.fail() },
    )
    const harness = new Harness([{ policy, config: {}, revision: 'r' }])
    await harness.send()
    await harness.send({ path: '/throw' })
    const waiting = harness.send({ path: '/wait' })
    assert.deepEqual([seen, sight.see(1).running, sight.waiting(1), sight.waiting(0)], [[5, 5, 5], 0, [5], []])
    settle()
    await waiting
    assert.deepEqual(sight.waiting(1), [])
  })

  test('one in quarantine is not run at all: not its compile, not its hooks', async () => {
    let ran = 0
    const policy = guarded(policyOf(null, { compile: () => ({ request: () => void ran++, response: () => void ran++ }) }), 'r', {
      number: 6,
      words,
      fetch: () => assert.fail(),
    })
    const before = new Harness([{ policy, config: {}, revision: 'r' }])
    sight.quarantine(6)
    const after = new Harness([{ policy, config: {}, revision: 'r' }])
    for (const harness of [before, after]) {
      const { status, code, fields } = await harness.send()
      assert.deepEqual([status, code, fields.get('retry-after')], [503, 'acme-attack.quarantined', '60'])
    }
    assert.equal((await before.answer(before.exchange())).code, 'acme-attack.quarantined')
    assert.equal(ran, 0)
  })
})

test('what throws in a schema or a check of its own is a fault of the configuration', () => {
  const throwing = () => {
    throw new Error('mine')
  }
  const config = { json: {}, fits: throwing, read: throwing }
  assert.throws(() => new PolicyTest(policyOf({}, { config: config as never }), {}), /policy-threw.*mine/)
  assert.throws(() => new PolicyTest(policyOf({}, { faults: throwing }), {}), /policy-threw.*mine/)
})
