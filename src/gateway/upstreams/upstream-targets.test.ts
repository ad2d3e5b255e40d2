// Which target an API's request goes to: by rank and zone, never to one that is drained or down, and to a back-up only when no other one takes it.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { quickChance } from '../../base/chance.ts'
import { readRequestHead } from '../../http/request-head.ts'
import type { Balance, HashBy, Target, Upstream } from '../../model/snapshot.ts'
import { Exchange } from '../../pipeline/exchange.ts'
import { Principal } from '../../pipeline/slots.ts'
import { placeBy } from './hash-place.ts'
import { UpstreamTarget } from './target.ts'
import type { TargetHealth } from './target-health.ts'
import type { Sourced, TargetSource } from './target-source.ts'
import { UpstreamPool } from './upstream-pool.ts'
import { UpstreamTargets } from './upstream-targets.ts'

const SETTINGS: Upstream = {
  ...{ host: '192.0.2.1', port: 80, basePath: '', preserveHost: false, connections: 2, queue: 1 },
  timeouts: { connectMs: 1, headMs: 1, idleMs: 1, eventsMs: 1, keepAliveMs: 1 },
}
const POOL = new UpstreamPool(SETTINGS, undefined, 0, (cause) => assert.fail(String(cause)))

class Health implements TargetHealth {
  isUp = true
  available(): boolean {
    return this.isUp
  }
  share(): number {
    return 1
  }
  began(): void {}
  ended(): void {}
}
const made = (name: string): { readonly target: UpstreamTarget; readonly health: Health } => {
  const health = new Health()
  return { target: new UpstreamTarget(name, POOL, undefined, health), health }
}
const source = (...targets: readonly Sourced[]): { targets: readonly Sourced[] } & TargetSource => ({
  targets,
  ready: Promise.resolve(),
  sweep() {},
  retire() {},
  isIdle: true,
})
type Described = Partial<Target> & { readonly host: string }

/** Targets that are told by their host, in front of health that is set by hand. */
function upstream(described: readonly Described[], more: { readonly balance?: Balance; readonly zone?: string } = {}) {
  const health = new Map<string, Health>()
  const targets: Target[] = described.map((each) => ({ port: 80, weight: 1, ...each }))
  const all = new UpstreamTargets(
    { ...SETTINGS, targets, ...(more.balance && { balance: more.balance }) },
    {
      zone: more.zone,
      chance: quickChance(5),
      source({ host }) {
        const one = made(host)
        health.set(host, one.health)
        return source({ target: one.target, weight: 1, rank: 0 })
      },
    },
  )
  const x = new Exchange()
  const chosen = (tried: readonly UpstreamTarget[] = []): string | undefined => all.choose(x, 0, tried)?.name
  const among = (count = 60): string[] => [...new Set(Array.from({ length: count }, () => chosen() ?? 'none'))].sort()
  return { all, chosen, among, down: (...names: string[]) => names.forEach((name) => void (health.get(name)!.isUp = false)), health }
}
const BALANCES: readonly Balance[] = [
  { kind: 'round-robin' },
  { kind: 'least-requests' },
  { kind: 'power-of-two' },
  { kind: 'consistent-hash', by: { kind: 'address' } },
]

describe('targets of an upstream', () => {
  test('one alone is chosen while it is there, and no longer when it is drained, down, or was tried', () => {
    const { all, chosen, down } = upstream([{ host: 'a' }])
    assert.equal(chosen(), 'a')
    assert.equal(chosen([all.placed[0]!.target]), undefined)
    all.drain((name) => name === 'a')
    assert.equal(chosen(), undefined)
    all.drain(() => false)
    assert.equal(chosen(), 'a')
    down('a')
    assert.equal(chosen(), undefined)
  })

  test('back-ups are used when no other one takes requests, and no longer than that', () => {
    const { all, among, down, health } = upstream([{ host: 'a' }, { host: 'b' }, { host: 'spare', backup: true }])
    assert.deepEqual(among(), ['a', 'b'])
    down('a')
    assert.deepEqual(among(), ['b'])
    all.drain((name) => name === 'b')
    assert.deepEqual(among(), ['spare'])
    health.get('a')!.isUp = true
    assert.deepEqual(among(), ['a'])
  })

  test('those of the own zone are preferred while half of their weight takes requests; then all are alike', () => {
    const described = [{ host: 'a', zone: 'here' }, { host: 'b', zone: 'here', weight: 2 }, { host: 'c', zone: 'there' }, { host: 'd' }]
    const { among, down, health } = upstream(described, { zone: 'here' })
    assert.deepEqual(among(), ['a', 'b'])
    down('a')
    assert.deepEqual(among(), ['b'], 'two thirds of the weight are there')
    health.get('a')!.isUp = true
    down('b')
    assert.deepEqual(among(), ['a', 'c', 'd'], 'a third is not enough')
    assert.deepEqual(upstream(described).among(), ['a', 'b', 'c', 'd'], 'a gateway without a zone prefers none')
    assert.deepEqual(upstream(described, { zone: 'elsewhere' }).among(), ['a', 'b', 'c', 'd'])
  })

  test('records that come and go are followed with the next request: what is drained stays so, and lower ranks are used last', () => {
    const [one, two, far] = ['one', 'two', 'far'].map((name) => made(name).target) as [UpstreamTarget, UpstreamTarget, UpstreamTarget]
    const records = source()
    const all = new UpstreamTargets(
      { ...SETTINGS, targets: [{ host: '_a._tcp.b', port: 0, weight: 2, srv: { closedPorts: [] } }] },
      { zone: undefined, chance: quickChance(5), source: () => records },
    )
    const x = new Exchange()
    const among = (): string[] => [...new Set(Array.from({ length: 20 }, () => all.choose(x, 0)?.name ?? 'none'))].sort()
    assert.deepEqual(among(), ['none'])
    records.targets = [
      { target: one, weight: 3, rank: 0 },
      { target: far, weight: 1, rank: 1 },
    ]
    assert.deepEqual(among(), ['one'])
    all.drain((name) => name === 'one')
    assert.deepEqual(among(), ['far'])
    records.targets = [
      { target: one, weight: 3, rank: 0 },
      { target: two, weight: 1, rank: 0 },
    ]
    assert.deepEqual(among(), ['two'])
    assert.deepEqual(
      all.placed.map(({ weight, isDraining }) => [weight, isDraining]),
      [
        [6, true],
        [2, false],
      ],
    )
  })

  test('whatever is up, drained, tried, spare, far or weightless: only one that takes requests is chosen, a back-up only without another, and one if there is one', () => {
    const anyTarget = fc.record({
      weight: fc.constantFrom(0, 1, 5, 1000),
      backup: fc.boolean(),
      zone: fc.constantFrom('here', 'there', undefined),
      isUp: fc.boolean(),
      isDrained: fc.boolean(),
      isTried: fc.boolean(),
    })
    let ran = 0
    fc.assert(
      fc.property(fc.array(anyTarget, { minLength: 1, maxLength: 8 }), fc.constantFrom(...BALANCES), (states, balance) => {
        const described = states.map(({ weight, backup, zone }, i): Described => ({ host: `t${i}`, weight, ...(backup && { backup }), ...(zone && { zone }) }))
        const { all, chosen, health } = upstream(described, { balance, zone: 'here' })
        for (const [i, { isUp }] of states.entries()) health.get(`t${i}`)!.isUp = isUp
        all.drain((name) => states[Number(name.slice(1))]!.isDrained)
        const tried = all.placed.filter((_, i) => states[i]!.isTried).map(({ target }) => target)
        const takes = ({ weight, isUp, isDrained, isTried }: (typeof states)[number]): boolean =>
          (weight > 0 || states.length === 1) && isUp && !isDrained && !isTried
        for (let n = 0; n < 5; n++) {
          const name = chosen(tried)
          const state = name === undefined ? undefined : states[Number(name.slice(1))]!
          if (state === undefined) assert.ok(!states.some(takes))
          else {
            assert.ok(takes(state))
            if (state.backup) assert.ok(!states.some((each) => !each.backup && takes(each)))
          }
          ran++
        }
      }),
      { numRuns: 1000 },
    )
    assert.equal(ran, 5000)
  })
})

describe('where a request belongs', () => {
  const place = (by: HashBy, fields: readonly string[], of: { consumer?: string; address?: string } = {}): number => {
    const x = new Exchange()
    const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${fields.map((each) => `${each}\r\n`).join('')}\r\n`)
    assert.equal(readRequestHead(x.head, bytes, 0, bytes.length, { headBytes: 16_384, targetBytes: 8192, fields: 100 }), bytes.length)
    const address = of.address ?? '192.0.2.7'
    x.address = { text: address, octets: new Uint8Array(4), group: address }
    if (of.consumer !== undefined) x.set(Principal, { consumer: of.consumer, credential: 'c', by: 'api-key' })
    return placeBy(by)(x)
  }
  const ADDRESS: HashBy = { kind: 'address' }
  const COOKIE: HashBy = { kind: 'cookie', name: 'shard' }
  const HEADER: HashBy = { kind: 'header', name: 'X-Shard' }

  test('it is the same for the same consumer, field, cookie or address, whatever else the request holds', () => {
    const groups: readonly (readonly number[])[] = [
      [place({ kind: 'consumer' }, [], { consumer: 'acme', address: 'a' }), place({ kind: 'consumer' }, ['X: y'], { consumer: 'acme', address: 'b' })],
      [place(HEADER, ['X-Shard: 7'], { address: 'a' }), place(HEADER, ['A: b', 'x-shard:   7 '], { address: 'b' })],
      [
        place(COOKIE, ['Cookie: shard=7'], { address: 'a' }),
        place(COOKIE, ['Cookie: a=b; shard=7;c=d'], { address: 'b' }),
        place(COOKIE, ['Cookie: xshard=1; shards=2', 'Cookie: shard=7'], { address: 'c' }),
      ],
      [place(ADDRESS, ['X: a']), place(ADDRESS, ['X: b'])],
    ]
    for (const of of groups) assert.equal(new Set(of).size, 1, String(of))
    assert.equal(new Set(groups.map(([first]) => first)).size, 3, 'a field and a cookie of the same value belong to one place')
  })

  test('where a request does not say it, its address counts: nobody gathers everybody', () => {
    const plain = place(ADDRESS, [])
    for (const by of [{ kind: 'consumer' }, HEADER, COOKIE] as const) {
      assert.equal(place(by, ['Cookie: other=7; shardx=1; shard']), plain)
      assert.notEqual(place(by, [], { address: '198.51.100.1' }), plain)
    }
  })
})
