// What is known of targets that SRV records name follows the records: none is forgotten by what is limited, and none that is gone counts.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Resilience } from '../../model/resilience.ts'
import type { Upstream } from '../../model/snapshot.ts'
import { Exchange } from '../../pipeline/exchange.ts'
import { NameBook } from './names/name-book.ts'
import type { Service } from './names/questions.ts'
import { TargetStock } from './target-stock.ts'
import { UpstreamTargets } from './upstream-targets.ts'
import { TrustContexts } from './upstream-tls.ts'

const RESILIENCE: Resilience = {
  limits: { inFlightPerTarget: 1 },
  health: {
    ...{ panicPercent: 30, slowStartMs: 0 },
    passive: {
      ...{ consecutive: 1, errorPercent: 0, windowMs: 1000, minimum: 10, latencyFactor: 0, latencyOverMs: 0 },
      ...{ ejectMs: 60_000, ejectMsMax: 60_000, ejectedPercentMax: 50 },
    },
  },
}
const UPSTREAM: Upstream = {
  ...{ host: '_api._tcp.example', port: 0, basePath: '', preserveHost: false, connections: 2, queue: 1, resilience: RESILIENCE },
  timeouts: { connectMs: 1, headMs: 1, idleMs: 1, eventsMs: 1, keepAliveMs: 1 },
  targets: [{ host: '_api._tcp.example', port: 0, weight: 1, srv: { closedPorts: [] } }],
}

/** Behind records that are set by hand. */
async function behind(first: readonly string[]) {
  let nowMs = 1_000_000
  const record = (host: string, weight = 1): Service => ({ ...{ host, port: 80, priority: 0 }, weight })
  let records = first.map((host) => record(host))
  const names = new NameBook(
    () => nowMs,
    () => 0,
    { addresses: () => Promise.reject(new Error('nobody asks')), services: () => Promise.resolve({ value: records, ttlMs: 1000 }), cancel() {} },
  )
  const means = {
    ...{ contexts: new TrustContexts({}, undefined), names, isChecked: () => undefined, nowMs: () => nowMs },
    ...{ clock: { nowUs: () => nowMs * 1000 }, report: (cause: unknown) => assert.fail(String(cause)) },
  }
  const told: string[] = []
  const stock = new TargetStock(new Map(), { ...means, report: (line) => told.push(String(line)) })
  const targets = new UpstreamTargets(UPSTREAM, {
    ...{ zone: undefined, chance: () => 0, live: stock.resilienceOf(UPSTREAM) },
    source: (target) => stock.of(UPSTREAM, target),
  })
  const [source] = [...stock.all.values()]
  await source!.ready
  targets.follow()
  stock.settle()
  const x = new Exchange()
  return {
    ...{ stock, targets, source: source! },
    live: targets.live!,
    choose: () => targets.choose(x, nowMs),
    async say(hosts: readonly string[], weight = 1) {
      records = hosts.map((host) => record(host, weight))
      nowMs += 1000
      names.sweep()
      for (let i = 0; i < 20; i++) await Promise.resolve()
      source!.sweep(nowMs)
      targets.follow()
    },
  }
}

describe('targets of SRV records', () => {
  test('what limits a target holds when records say something new of it', async () => {
    const { choose, say } = await behind(['a.example'])
    choose()!.begin()
    assert.equal(choose(), undefined)
    await say(['a.example'], 7)
    assert.equal(choose(), undefined, 'it has what it may have')
  })

  test('what records named once is forgotten, however often they change', async () => {
    const { live, say } = await behind(['a.example'])
    for (let round = 0; round < 50; round++) await say(Array.from({ length: 20 }, (_, i) => `t${round}-${i}.example`))
    assert.equal([...live.all].length, 20)
    assert.equal(live.group!.all.length, 20)
  })

  test('who is gone is not counted among those that are up: no more than the share that may be is put aside', async () => {
    const { live, targets, say } = await behind(['a.example', 'b.example', 'c.example', 'd.example'])
    await say(['e.example', 'f.example'])
    for (const { target } of targets.placed) {
      target.begin()
      target.settle(2, 1)
      target.leave()
    }
    assert.deepEqual(live.group!.all.map(({ state }) => state).sort(), ['ejected', 'up'])
  })

  test('of what no snapshot has any more, new records are not taken up', async () => {
    const { live, source, say } = await behind(['a.example'])
    source.retire()
    await say(['b.example'])
    assert.deepEqual(
      [...live.all].map(([name]) => name),
      ['http://a.example:80'],
    )
  })

  test('a name that goes and comes back is another target, which may have what its limit says', async () => {
    const { choose, say } = await behind(['a.example'])
    choose()!.begin()
    await say(['b.example'])
    await say(['a.example'])
    const again = choose()!
    again.begin()
    assert.equal(choose(), undefined)
    again.leave()
    assert.equal(choose(), again)
  })
})
