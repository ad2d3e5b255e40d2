// A canary sends the requests it is meant to elsewhere, always the same ones, and never past what protects where they go.
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { mintKey } from '../../src/base/keys.ts'
import { CanaryChoice } from '../../src/gateway/live/canary-choice.ts'
import { Exchange } from '../../src/pipeline/exchange.ts'
import { Principal } from '../../src/pipeline/slots.ts'
import { type ConfiguredGateway, configuredGateway, keysOf } from '../support/configured-gateway.ts'
import { valuesOf } from '../support/http-message.ts'
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts'

const [ACME, OTHER, LIMITED] = [mintKey(), mintKey(), mintKey()]
const paths = (...names: readonly string[]) =>
  `openapi: 3.1.0\npaths:\n${names.map((name) => `  /${name}:\n    get: { operationId: ${name} }\n    post: { operationId: add-${name} }\n`).join('')}`

describe('a canary', () => {
  let old: RecordingUpstream
  let fresh: RecordingUpstream
  let gateway: ConfiguredGateway
  before(async () => {
    old = await startRecordingUpstream()
    fresh = await startRecordingUpstream()
  })
  after(async () => {
    await old?.stop()
    await fresh?.stop()
  })
  beforeEach(() => {
    old?.take()
    fresh?.take()
  })

  async function start(canary: object, more: { versioning?: object; api?: object; v1?: object; v2?: object; policies?: object } = {}): Promise<void> {
    gateway = await configuredGateway(
      {
        apis: {
          shop: {
            path: '/shop',
            versioning: more.versioning ?? { by: 'path' },
            policies: { 'api-key': { header: 'K' }, ...more.policies },
            ...more.api,
          },
        },
        versions: {
          shop: {
            v1: { openapi: './v1.yaml', upstream: `http://127.0.0.1:${old.port}`, canary, ...more.v1 },
            'v2.0': { openapi: './v2.yaml', upstream: `http://127.0.0.1:${fresh.port}/base`, ...more.v2 },
          },
        },
        consumers: {
          acme: { apis: ['shop'], keys: keysOf(ACME) },
          other: { apis: ['shop'], keys: keysOf(OTHER) },
          limited: { apis: ['shop@v1'], keys: keysOf(LIMITED) },
        },
      },
      { documents: { 'v1.yaml': paths('books', 'shelves'), 'v2.yaml': paths('books', 'authors') } },
    )
  }
  const by = (key: string, ...lines: readonly string[]) => [`K: ${key}`, ...lines]
  /** Where the last requests went: counts of the old and the fresh upstream. */
  const went = () => [old.take(), fresh.take()] as const

  test('for chosen consumers: they go there with path, operation and identity of the target, everyone else stays', async (t) => {
    await start({ to: 'v2.0', consumers: ['acme'] })
    t.after(() => gateway.stop())
    assert.equal((await gateway.ask('/shop/v1/books?a=1', by(ACME))).status, 200)
    assert.equal((await gateway.ask('/shop/v1/books', by(OTHER))).status, 200)
    const [stayed, moved] = went()
    assert.deepEqual([stayed.map(({ target }) => target), moved.map(({ target }) => target)], [['/books'], ['/base/books?a=1']])
    assert.deepEqual([valuesOf(moved[0]!, 'gatehouse-consumer'), valuesOf(moved[0]!, 'k')], [['acme'], []])
    assert.deepEqual(valuesOf(stayed[0]!, 'gatehouse-consumer'), ['other'])
    const log = await gateway.log()
    assert.deepEqual(
      log.map(({ api, asked, operation, consumer }) => [api, asked, operation, consumer]),
      [
        ['shop@v2.0', 'shop@v1', 'books', 'acme'],
        ['shop@v1', undefined, 'books', 'other'],
      ],
    )
  })

  test('by a field: once, with exactly that value', async (t) => {
    await start({ to: 'v2.0', header: { name: 'X-Canary', value: 'yes please' } })
    t.after(() => gateway.stop())
    const table: readonly (readonly [lines: readonly string[], moved: number])[] = [
      [['X-Canary: yes please'], 1],
      [['x-canary:  yes please '], 1],
      [[], 0],
      [['X-Canary: yes'], 0],
      [['X-Canary: Yes Please'], 0],
      [['X-Canary: yes please', 'X-Canary: yes please'], 0],
      [['X_Canary: yes please'], 0],
    ]
    for (const [lines, moved] of table) {
      assert.equal((await gateway.ask('/shop/v1/books', by(ACME, ...lines))).status, 200)
      assert.deepEqual(
        went().map(({ length }) => length),
        [1 - moved, moved],
        lines.join(),
      )
    }
  })

  test('an operation that the target does not have stays where it is', async (t) => {
    await start({ to: 'v2.0', share: '100%' })
    t.after(() => gateway.stop())
    assert.equal((await gateway.ask('/shop/v1/shelves', by(ACME))).status, 200)
    assert.equal((await gateway.ask('/shop/v1/authors', by(ACME))).code, 'route.unknown')
    assert.deepEqual(
      went().map(({ length }) => length),
      [1, 0],
    )
  })

  test('what protects the target holds: its address list, body limit, rate limit and who may call it, each though the version asked for is laxer', async (t) => {
    const v2 = { policies: { 'ip-filter': { deny: ['203.0.113.0/24'] }, 'request-size': { body: '4B' }, 'rate-limit': { limit: 2, window: '1h' } } }
    await start({ to: 'v2.0', share: '100%' }, { v2 })
    t.after(() => gateway.stop())
    const post = { method: 'POST' }
    assert.equal((await gateway.ask('/shop/v1/books', by(ACME), { from: '203.0.113.4' })).code, 'ip-filter.denied')
    assert.equal((await gateway.ask('/shop/v1/books', by(ACME, 'Content-Length: 5'), post)).code, 'request-size.body-too-large')
    assert.equal((await gateway.ask('/shop/v1/books', by(LIMITED))).code, 'api-key.not-allowed')
    assert.deepEqual(went(), [[], []])
    const seen: unknown[] = []
    for (let i = 0; i < 3; i++) seen.push((await gateway.ask('/shop/v1/books', by(ACME))).status)
    assert.deepEqual(seen, [200, 200, 429])
  })

  test('what protects the version that was asked for holds too: no canary is a way round its filter, its keys or its end', async (t) => {
    await start(
      { to: 'v2.0', header: { name: 'X-Canary', value: '1' }, share: '100%' },
      { v1: { deprecated: '2023-01-01', sunset: '2023-11-15' }, policies: { 'ip-filter': { deny: ['203.0.113.0/24'] } } },
    )
    t.after(() => gateway.stop())
    const canary = 'X-Canary: 1'
    assert.equal((await gateway.ask('/shop/v1/books', by(ACME, canary), { from: '203.0.113.4' })).code, 'ip-filter.denied')
    assert.equal((await gateway.ask('/shop/v1/books', [canary])).code, 'api-key.missing')
    assert.equal((await gateway.ask('/shop/v1/books', by(mintKey(), canary))).code, 'api-key.invalid')
    const moved = await gateway.ask('/shop/v1/books', by(ACME, canary))
    assert.deepEqual([moved.status, moved.values('deprecation')], [200, ['@1672531200']], 'who calls v1 is told about v1')
    gateway.clock.advanceMs(2 * 86_400_000)
    assert.equal((await gateway.ask('/shop/v1/books', by(ACME, canary))).code, 'lifecycle.retired')
    assert.deepEqual(
      went().map(({ length }) => length),
      [0, 1],
    )
  })

  test('a limit that both have counts a moved request once', async (t) => {
    const policies = {
      'rate-limit': [
        { limit: 4, window: '1h', by: 'address' },
        { limit: 100, window: '1h', name: 'own' },
      ],
    }
    await start({ to: 'v2.0', share: '100%' }, { policies })
    t.after(() => gateway.stop())
    const answers = []
    for (let i = 0; i < 5; i++) answers.push(await gateway.ask('/shop/v1/books', by(ACME)))
    assert.deepEqual(
      answers.map(({ status }) => status),
      [200, 200, 200, 200, 429],
    )
    assert.deepEqual(answers[0]!.values('ratelimit-policy'), ['"address-3600s";q=4;w=3600, "own";q=100;w=3600'])
  })

  test('the upstream of the target is told of the version that was chosen', async (t) => {
    t.after(() => gateway.stop())
    for (const [versioning, ask, told] of [
      [{ header: 'X-V' }, ['/shop/books', ['X-V: v1']], (message: { target: string; fields: never }) => valuesOf(message, 'x-v').join()],
      [{ header: 'X-V', default: 'v1' }, ['/shop/books', []], (message: { target: string; fields: never }) => valuesOf(message, 'x-v').join()],
      [{ query: 'v' }, ['/shop/books?a&v=v1&b', []], (message: { target: string }) => message.target.replace(/.*v=/, '')],
      [
        { mediaType: 'application/vnd.s.{version}+json' },
        ['/shop/books', ['Accept: text/html, application/vnd.s.v1+json;q=0.5']],
        (message: { fields: never }) => valuesOf(message, 'accept').join(),
      ],
    ] as const) {
      await start({ to: 'v2.0', consumers: ['acme'] }, { versioning })
      await gateway.ask(ask[0], by(ACME, ...ask[1]))
      const [stayed, moved] = went()
      assert.equal(stayed.length, 0)
      assert.ok(['v2.0', 'text/html, application/vnd.s.v2.0+json;q=0.5'].includes(told(moved[0] as never)), told(moved[0] as never))
      await gateway.stop()
    }
  })

  test('within one version it leads to another upstream, under the same policies and counted as one', async (t) => {
    gateway = await configuredGateway({
      apis: {
        plain: {
          path: '/plain',
          upstream: `http://127.0.0.1:${old.port}`,
          policies: {
            'api-key': { header: 'K' },
            'rate-limit': [
              { limit: 3, window: '1h', by: 'address' },
              { limit: 3, window: '1h', name: 'c' },
            ],
          },
          canary: { upstream: `http://127.0.0.1:${fresh.port}`, consumers: ['acme'] },
        },
      },
      consumers: { acme: { apis: ['plain'], keys: keysOf(ACME) }, other: { apis: ['plain'], keys: keysOf(OTHER) } },
    })
    t.after(() => gateway.stop())
    assert.deepEqual([(await gateway.ask('/plain/a', by(ACME))).status, (await gateway.ask('/plain/a', by(OTHER))).status], [200, 200])
    assert.deepEqual(
      went().map((messages) => messages.map(({ target }) => target)),
      [['/a'], ['/a']],
    )
    assert.equal((await gateway.ask('/plain/a', [])).code, 'api-key.missing')
    assert.equal((await gateway.ask('/plain/a', by(ACME))).code, 'rate-limit.exceeded')
  })
})

describe('the share of a canary', () => {
  const caller = (index: number, consumer: boolean): Exchange => {
    const x = new Exchange()
    if (consumer) x.set(Principal, { consumer: `consumer-${index}`, credential: 'key', by: 'api-key' })
    else x.address = { text: '', octets: new Uint8Array(4), group: `192.0.${index >> 8}.${index & 255}` }
    return x
  }
  const choice = (share: number, to = 'shop@v2', from = 'shop@v1') => new CanaryChoice(from, { to, share, consumers: [] })
  const CALLERS = 20_000

  test('is what it says, within two in a hundred, by consumer and by address', (t) => {
    for (const consumer of [true, false]) {
      for (const share of [0, 1, 100, 1000, 5000, 9999, 10_000]) {
        const canary = choice(share)
        let taken = 0
        for (let i = 0; i < CALLERS; i++) if (canary.takes(caller(i, consumer))) taken++
        t.diagnostic(`${share / 100} %: ${((taken / CALLERS) * 100).toFixed(2)} % of ${CALLERS} ${consumer ? 'consumers' : 'addresses'}`)
        assert.ok(Math.abs(taken / CALLERS - share / 10_000) < 0.02)
        if (share === 0 || share === 10_000) assert.equal(taken, (CALLERS * share) / 10_000)
      }
    }
  })

  test('takes the same callers on every thread and node, and keeps them when it grows', () => {
    let before = new Set<number>()
    for (const share of [100, 500, 1000, 4000, 10_000]) {
      const [one, another] = [choice(share), choice(share)]
      const taken = new Set<number>()
      for (let i = 0; i < 2000; i++) {
        const x = caller(i, true)
        assert.equal(one.takes(x), another.takes(x))
        assert.equal(one.takes(x), one.takes(x))
        if (one.takes(x)) taken.add(i)
      }
      assert.deepEqual(
        [...before].filter((index) => !taken.has(index)),
        [],
      )
      before = taken
    }
    // Known values: another release, or another machine, must not draw another sample.
    assert.deepEqual(
      Array.from({ length: 40 }, (_, i) => i).filter((i) => choice(1000).takes(caller(i, true))),
      KNOWN,
    )
  })

  test('draws another sample for another canary, and one address of an IPv6 /64 is not many', () => {
    const both = Array.from({ length: CALLERS }, (_, i) => i).filter(
      (i) => choice(1000).takes(caller(i, true)) && choice(1000, 'other@v2', 'other@v1').takes(caller(i, true)),
    )
    assert.ok(both.length > CALLERS * 0.005 && both.length < CALLERS * 0.02, String(both.length))
  })
})
const KNOWN: readonly number[] = [5, 8, 17, 39]
