// response-cache: collapsing, what is remembered and counted, and what clients are told. Case by case against RFC 9111: test/caching.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MemoryResponses } from '../../adapters/memory/responses.ts'
import { KeyedHash } from '../../base/keyed-hash.ts'
import { epochMemory } from '../../caching/epochs.ts'
import { run } from '../../pipeline/chain.ts'
import type { Reply, Verdict } from '../../pipeline/contract.ts'
import { Harness, type Request, runExamples, type UpstreamAnswer } from '../../pipeline/harness.ts'
import type { Responses } from '../../ports/responses.ts'
import { responseCache } from './policy.ts'

const house = (config: object = {}): Harness => new Harness([{ policy: responseCache, config }])
const FRESH = { headers: { 'Cache-Control': 'max-age=60' }, body: 'stored' }

/** Sends a request on its way: what the chain says, now or later, and how the upstream answers it. */
function begin(harness: Harness, request: Request = {}) {
  const x = harness.exchange(request)
  const verdict = run(harness.chain, x, harness.tally)
  return {
    x,
    verdict,
    answer: (response: UpstreamAnswer) => harness.answer(x, response),
    fails: () => harness.chain.answering!.failed(x, 'upstream.timeout', harness.tally),
    over: () => harness.chain.answering!.over(x),
  }
}
const bodyOf = (verdict: Verdict): string => Buffer.from((verdict as Reply).body ?? '').toString()
const tally = (harness: Harness) => harness.responses.tallyOf('test-api')

describe('response-cache', () => {
  it('does what its examples say', async () => assert.equal(await runExamples(responseCache), 3))

  it('a hit and a miss are decided without a promise, and a hit holds the very octets that were stored', async () => {
    const harness = house()
    const first = begin(harness)
    assert.equal(first.verdict, undefined)
    await first.answer(FRESH)
    const second = begin(harness)
    assert.ok(!(second.verdict instanceof Promise))
    const third = begin(harness)
    assert.equal((second.verdict as Reply).body, (third.verdict as Reply).body)
    assert.equal((second.verdict as Reply).isDated, true)
  })

  it('of many requests for the same, one asks the upstream, and the others get what it stored', async () => {
    const harness = house()
    const leader = begin(harness)
    const others = Array.from({ length: 50 }, () => begin(harness))
    assert.ok(others.every(({ verdict }) => verdict instanceof Promise))
    await leader.answer(FRESH)
    leader.over()
    for (const { verdict } of others) assert.equal(bodyOf(await verdict), 'stored')
    assert.deepEqual([tally(harness).collapsed, tally(harness).hits, tally(harness).misses], [50, 50, 51])
  })

  it('nobody waits for what turned out not to be kept, nor the next ones', async () => {
    const harness = house()
    const leader = begin(harness)
    const waiting = begin(harness)
    await leader.answer({ headers: { 'Cache-Control': 'no-store' }, body: 'secret' })
    assert.equal(await waiting.verdict, undefined)
    assert.equal(begin(harness).verdict, undefined)
    assert.equal(begin(harness).verdict, undefined)
  })

  it('a leader that goes without a word lets the others go on their own', async () => {
    const harness = house()
    const leader = begin(harness)
    const waiting = begin(harness)
    leader.over()
    assert.equal(await waiting.verdict, undefined)
  })

  it('a leader that fails lets the others go on their own', async () => {
    const harness = house()
    const leader = begin(harness)
    const waiting = begin(harness)
    assert.equal(leader.fails(), undefined)
    leader.over()
    assert.equal(await waiting.verdict, undefined)
  })

  it('a selection that the leader did not fetch is fetched by who needs it', async () => {
    const harness = house()
    const leader = begin(harness, { headers: { 'Accept-Language': 'fr' } })
    const same = begin(harness, { headers: { 'Accept-Language': 'fr' } })
    const other = begin(harness, { headers: { 'Accept-Language': 'de' } })
    await leader.answer({ headers: { 'Cache-Control': 'max-age=60', Vary: 'Accept-Language' }, body: 'french' })
    assert.equal(bodyOf(await same.verdict), 'french')
    assert.equal(await other.verdict, undefined)
  })

  it('requests whose answer is theirs alone neither lead nor wait', () => {
    const harness = house()
    assert.equal(begin(harness, { headers: { 'If-None-Match': '"x"' } }).verdict, undefined)
    assert.equal(begin(harness, { headers: { Range: 'bytes=0-1' } }).verdict, undefined)
    assert.equal(begin(harness, { method: 'HEAD' }).verdict, undefined)
    assert.equal(begin(harness, { headers: { 'Cache-Control': 'no-store' } }).verdict, undefined)
    assert.equal(begin(harness).verdict, undefined)
    assert.equal(begin(harness, { headers: { Range: 'bytes=0-1' } }).verdict, undefined)
  })

  it('with no waiters allowed, everyone asks for themselves', () => {
    const harness = house({ collapse: { waiters: 0 } })
    assert.deepEqual([begin(harness).verdict, begin(harness).verdict], [undefined, undefined])
  })

  it('while one validates, all others get what is there', async () => {
    const harness = house({ staleWhileRevalidate: '1m' })
    await begin(harness).answer({ headers: { 'Cache-Control': 'max-age=5', ETag: '"a"' }, body: 'stored' })
    harness.clock.advanceMs(10_000)
    const leader = begin(harness)
    assert.equal(leader.verdict, undefined)
    for (let i = 0; i < 5; i++) assert.equal(bodyOf(begin(harness).verdict as Verdict), 'stored')
    const { status, body } = await leader.answer({ status: 304, headers: { ETag: '"a"', 'Cache-Control': 'max-age=5' } })
    assert.deepEqual([status, body.toString()], [200, 'stored'])
    leader.over()
    assert.equal(bodyOf(begin(harness).verdict as Verdict), 'stored')
    assert.deepEqual([tally(harness).stale, tally(harness).validated, tally(harness).hits], [5, 1, 1])
  })

  it('who cannot store what comes does not ask for all: it gets what is stale as the others do', async () => {
    const harness = house({ staleWhileRevalidate: '1m' })
    await begin(harness).answer({ headers: { 'Cache-Control': 'max-age=5' }, body: 'stored' })
    harness.clock.advanceMs(10_000)
    for (const headers of [{ Range: 'bytes=0-1' }, { 'If-None-Match': '"a"' }, { 'Cache-Control': 'no-store' }, { 'Cache-Control': 'only-if-cached' }]) {
      const { verdict } = begin(harness, { headers })
      assert.equal((verdict as Verdict)?.kind, 'reply', JSON.stringify(headers))
    }
    assert.equal((begin(harness, { method: 'HEAD' }).verdict as Verdict)?.kind, 'reply')
    assert.equal(begin(harness).verdict, undefined)
  })

  it('while the upstream fails, those who waited get what is there too', async () => {
    const harness = house({ staleIfError: '1m' })
    await begin(harness).answer({ headers: { 'Cache-Control': 'max-age=5', ETag: '"a"' }, body: 'stored' })
    harness.clock.advanceMs(10_000)
    const leader = begin(harness)
    const waiting = begin(harness)
    assert.ok(waiting.verdict instanceof Promise)
    assert.equal(bodyOf(leader.fails()), 'stored')
    assert.equal(bodyOf(await waiting.verdict), 'stored')
  })

  it('a 304 freshens, and the next request is a hit', async () => {
    const harness = house()
    const answer = { headers: { 'Cache-Control': 'max-age=5', ETag: '"a"' }, body: 'stored' }
    await begin(harness).answer(answer)
    harness.clock.advanceMs(10_000)
    const second = begin(harness, { headers: { 'If-None-Match': '"a"' } })
    // The client has it already: it is told so, and the store is fresh all the same.
    assert.equal((await second.answer({ status: 304, headers: { ETag: '"a"' } })).status, 304)
    harness.clock.advanceMs(4000)
    assert.equal(bodyOf(begin(harness).verdict as Verdict), 'stored')
    harness.clock.advanceMs(2000)
    assert.equal(begin(harness).verdict, undefined)
  })

  it('a body that is too long is not kept, declared or not, and nothing stays behind of it', async () => {
    const harness = house({ maxBody: '8B' })
    await begin(harness).answer({ ...FRESH, body: 'x'.repeat(9) })
    assert.equal(begin(harness).verdict, undefined)
    await begin(harness, { path: '/b' }).answer({ ...FRESH, body: 'x'.repeat(8) })
    assert.equal(bodyOf(begin(harness, { path: '/b' }).verdict as Verdict), 'x'.repeat(8))
    assert.equal(harness.responses.collecting, 0)
  })

  it('an empty body, and one in many pieces, are kept as they came', async () => {
    const harness = house()
    await begin(harness, { path: '/none' }).answer({ ...FRESH, body: '' })
    const first = begin(harness, { path: '/pieces' })
    await harness.answer(first.x, { ...FRESH, body: 'abcdefghij' }, [1, 2, 5])
    assert.equal(bodyOf(begin(harness, { path: '/none' }).verdict as Verdict), '')
    assert.equal(bodyOf(begin(harness, { path: '/pieces' }).verdict as Verdict), 'abcdefghij')
  })

  it('tells what it did where that is asked for, in the words of RFC 9211', async () => {
    const harness = house({ cacheStatus: true })
    const told = (lines: string | undefined): string | undefined => /Cache-Status: (.*)\r\n/.exec(lines ?? '')?.[1]
    const answer = { headers: { 'Cache-Control': 'max-age=60', ETag: '"a"', 'Cache-Status': 'Origin; hit' }, body: 'stored' }
    assert.equal((await begin(harness).answer(answer)).fields.get('cache-status'), 'Origin; hit, gatehouse; fwd=uri-miss; stored')
    harness.clock.advanceMs(10_000)
    assert.match((begin(harness).verdict as Reply).lines!, /Cache-Status: Origin; hit\r\nDate: [^\r]+\r\nAge: 10\r\nCache-Status: gatehouse; hit; ttl=50\r\n/)
    harness.clock.advanceMs(60_000)
    assert.equal(
      (await begin(harness).answer({ status: 304, headers: { ETag: '"a"' } })).fields.get('cache-status'),
      'Origin; hit, gatehouse; fwd=stale; fwd-status=304; ttl=60',
    )
    assert.equal((await begin(harness, { method: 'OPTIONS' }).answer({})).fields.get('cache-status'), 'gatehouse; fwd=method')
    assert.equal((await begin(harness, { headers: { 'If-Match': '"a"' } }).answer({})).fields.get('cache-status'), 'gatehouse; fwd=bypass')
    assert.equal(told('Cache-Status: x\r\n'), 'x')
  })

  it('counts what it looked for, stored and made void', async () => {
    const harness = house()
    await begin(harness).answer(FRESH)
    begin(harness)
    await begin(harness, { path: '/b' }).answer({ headers: { 'Cache-Control': 'private' } })
    await begin(harness, { method: 'POST' }).answer({})
    begin(harness, { headers: { 'If-Match': '*' } })
    const { hits, misses, stored, refused, invalidated, bypassed } = tally(harness)
    assert.deepEqual({ hits, misses, stored, refused, invalidated, bypassed }, { hits: 1, misses: 2, stored: 1, refused: 1, invalidated: 1, bypassed: 1 })
  })

  it('a store that answers later, or not at all, changes no answer', async () => {
    const memory = new MemoryResponses({ octets: 100_000, keys: 100 }, epochMemory(), new KeyedHash(new Uint8Array(16)))
    let fails = false
    const later = <T>(value: () => T): Promise<T> => (fails ? Promise.reject(new Error('out of reach')) : Promise.resolve().then(value))
    const remote: Responses = {
      find: (key) => later(() => memory.find(key)),
      put: (key, response, filling) => later(() => memory.put(key, response, filling)),
      begin: (target) => memory.begin(target),
      forget: (key, response) => memory.forget(key, response),
      invalidate: (target) => memory.invalidate(target),
      reserve: (octets) => memory.reserve(octets),
      release: (octets) => memory.release(octets),
      tallyOf: (api) => memory.tallyOf(api),
    }
    const harness = new Harness([{ policy: responseCache, config: {} }], { resources: { responses: remote } })
    const ask = async (answer: UpstreamAnswer): Promise<string> => {
      const { verdict, x, over } = begin(harness)
      const reply = await verdict
      const body = reply === undefined ? (await harness.answer(x, answer)).body.toString() : bodyOf(reply)
      over()
      return body
    }
    const tagged = { headers: { 'Cache-Control': 'max-age=5', ETag: '"a"' } }
    assert.equal(await ask({ ...tagged, body: 'one' }), 'one')
    assert.equal(await ask({ ...tagged, body: 'two' }), 'one')
    fails = true
    assert.equal(await ask({ ...tagged, body: 'three' }), 'three')
    fails = false
    assert.equal(await ask({ ...tagged, body: 'four' }), 'one')
    harness.clock.advanceMs(6000)
    const { x, verdict } = begin(harness)
    assert.equal(await verdict, undefined)
    fails = true
    assert.equal((await harness.answer(x, { status: 304, headers: { ETag: '"a"' } })).body.toString(), 'one')
    assert.equal(memory.collecting, 0)
  })

  it('is purged by path, by prefix, by tag and whole, of its API alone', async () => {
    const harness = house()
    const paths = ['/a', '/a?x=1', '/a/b', '/c']
    const fill = async (): Promise<void> => {
      for (const [i, path] of paths.entries())
        await begin(harness, { path }).answer({ headers: { 'Cache-Control': 'max-age=60', 'Cache-Tag': i % 2 === 0 ? 'even, all' : 'odd all' } })
    }
    const left = (): string[] => paths.filter((path) => begin(harness, { path, headers: { 'Cache-Control': 'no-store' } }).verdict !== undefined)
    for (const [what, kept] of [
      [{ path: '/a' }, ['/a/b', '/c']],
      [{ path: '/a?x=1' }, ['/a', '/a/b', '/c']],
      [{ prefix: '/a' }, ['/c']],
      [{ tag: 'even' }, ['/a?x=1', '/c']],
      [{ tag: 'all' }, []],
      [{ tag: 'none' }, paths],
      [{}, []],
    ] as const) {
      await fill()
      const before = harness.responses.octets
      const { responses, octets } = await harness.responses.purge({ api: 'test-api', ...what })
      assert.deepEqual([left(), responses], [kept, paths.length - kept.length], JSON.stringify(what))
      assert.equal(before - harness.responses.octets, octets)
    }
    await fill()
    assert.equal((await harness.responses.purge({ api: 'test' })).responses, 0)
  })
})
