// How one would get another's response out of the cache by way of the policies beside it, and why it does not work.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fieldName } from '../../http/field-names.ts'
import { run } from '../../pipeline/chain.ts'
import type { AnyPolicy } from '../../pipeline/contract.ts'
import { type Attached, faultsOf, Harness, type Request } from '../../pipeline/harness.ts'
import { policies } from '../index.ts'

const named = (name: string, config: unknown): Attached => ({ policy: policies.find((policy) => policy.name === name)!, config })
const KEYS = ['alice', 'bob'].map((consumer) => ({ secret: `the key of ${consumer}`, consumer }))
const keyed = named('api-key', { header: 'X-API-Key', format: 'any' })
const by = (consumer: string, more: Record<string, string> = {}): Request => ({ headers: { 'X-API-Key': `the key of ${consumer}`, ...more } })
const open = named('response-cache', { public: true })

/** A policy as an operator may write one. */
const own = (stage: 'authorize' | 'shape', hooks: ReturnType<AnyPolicy['compile']>): Attached => ({
  policy: {
    ...policies.find(({ name }) => name === 'redirect')!,
    ...{ name: 'own-policy', stage, reads: [], config: { json: {}, read: () => ({}), fits: () => true }, faults: () => [], compile: () => hooks },
  } as unknown as AnyPolicy,
  config: {},
})

class House {
  readonly harness: Harness
  constructor(...attached: readonly Attached[]) {
    const catalogue = [...policies, ...attached.map(({ policy }) => policy).filter((policy) => !policies.includes(policy))]
    this.harness = new Harness(attached, { keys: KEYS, catalogue })
  }
  /** What the client gets: a body, and whether it came from the store. */
  async ask(
    request: Request,
    body: string,
    headers: Record<string, string> = {},
    status = 200,
  ): Promise<{ readonly body: string; readonly isStored: boolean }> {
    const { harness } = this
    const x = harness.exchange(request)
    try {
      const verdict = await run(harness.chain, x, harness.tally)
      if (verdict?.kind === 'refusal') assert.fail(verdict.code)
      if (verdict !== undefined) return { body: Buffer.from(verdict.body ?? '').toString(), isStored: true }
      return {
        body: (await harness.answer(x, { status, headers: { 'Cache-Control': 'public, max-age=60', ...headers }, body })).body.toString(),
        isStored: false,
      }
    } finally {
      harness.chain.answering!.over(x)
    }
  }
  async isKept(first: Request, second: Request, headers: Record<string, string> = {}): Promise<boolean> {
    await this.ask(first, 'of the first', headers)
    return (await this.ask(second, 'of the second', headers)).isStored
  }
}

describe('response-cache among other policies', () => {
  describe('a response that varies on what the gateway tells the upstream is never given to who it is told otherwise of', () => {
    it('the consumer', async () => {
      assert.equal(await new House(keyed, open).isKept(by('alice'), by('bob'), { Vary: 'Gatehouse-Consumer' }), false)
      assert.equal(await new House(keyed, open).isKept(by('alice'), by('alice'), { Vary: 'Gatehouse-Consumer' }), true)
    })
    it('cookies out of which a key was cut', async () => {
      const inCookie = named('api-key', { cookie: 'key', format: 'any' })
      const cookies = (consumer: string, session: string): Request => ({ headers: { Cookie: `key=the key of ${consumer}; session=${session}` } })
      assert.equal(await new House(inCookie, open).isKept(cookies('alice', '1'), cookies('bob', '2'), { Vary: 'Cookie' }), false)
      assert.equal(await new House(inCookie, open).isKept(cookies('alice', '1'), cookies('bob', '1'), { Vary: 'Cookie' }), true)
    })
    it('the address', async () => {
      for (const Vary of ['X-Forwarded-For', 'Accept, forwarded', 'X-Request-Id'])
        assert.equal(await new House(open).isKept({ address: '192.0.2.1' }, { address: '192.0.2.2' }, { Vary }), false, Vary)
    })
    it('what a policy behind the cache tells, or keeps back', async () => {
      const telling = named('headers', { request: { set: { 'X-Device': '${request.header.user-agent}' } } })
      const agent = (text: string): Request => ({ headers: { 'User-Agent': text } })
      assert.equal(await new House(open, telling).isKept(agent('a'), agent('b'), { Vary: 'X-Device' }), false)
      const removing = named('headers', { request: { set: { Accept: '${request.header.user-agent}' } } })
      assert.equal(await new House(open, removing).isKept(agent('a'), agent('b'), { Vary: 'Accept' }), false)
      assert.equal(await new House(open, telling).isKept(agent('a'), agent('b'), { Vary: 'Accept-Language' }), true)
    })
    it('not so the coding: without one a response is good for everyone', async () => {
      const compress = named('compress', {})
      const ambient: Request = { headers: { 'Accept-Encoding': 'gzip', 'Sec-Fetch-Site': 'cross-site' } }
      assert.equal(await new House(open, compress).isKept(ambient, ambient, { Vary: 'Accept-Encoding' }), true)
    })
  })

  it('where a policy has led the request before is in the key', async () => {
    const leading = (
      lead: (x: { readonly consumer: string | undefined; forwardPath(path: string): void; respellHost(host: string): void }) => void,
    ): Attached =>
      own('authorize', {
        request: (x) => lead(Object.assign(x, { consumer: x.head.get(fieldName('user-agent')) })) as undefined,
      })
    const agent = (text: string): Request => ({ headers: { 'User-Agent': text } })
    for (const house of [
      () =>
        new House(
          leading((x) => x.forwardPath(`/tenants/${x.consumer}`)),
          open,
        ),
      () =>
        new House(
          leading((x) => x.respellHost(`${x.consumer}.internal`)),
          open,
        ),
    ]) {
      assert.equal(await house().isKept(agent('a'), agent('b')), false)
      assert.equal(await house().isKept(agent('a'), agent('a')), true)
    }
  })

  it('a field that a policy keeps back from some is not given to them out of what others got', async () => {
    const hiding = own('authorize', { request: (x) => (x.address.text === '192.0.2.1' ? undefined : x.dropFromResponse(fieldName('X-Inside'))) as undefined })
    const house = new House(hiding, open)
    await house.ask({}, 'inside', { 'X-Inside': 'secret' })
    assert.equal((await house.ask({}, 'inside', { 'X-Inside': 'secret' })).isStored, true)
    assert.equal((await house.ask({ address: '192.0.2.2' }, 'outside', { 'X-Inside': 'secret' })).isStored, false)
  })

  it('a field that says who asked is not stored, not even where the upstream takes its no-store back for caches that understand', async () => {
    const telling = named('headers', { response: { set: { 'X-For': '${consumer}' } } })
    for (const said of ['no-store, must-understand, public, max-age=60', 'public, max-age=60, a=" no-store "', 'public, max-age=60'])
      assert.equal(await new House(keyed, open, telling).isKept(by('alice'), by('bob'), { 'Cache-Control': said }), false, said)
  })

  it('a write whose client left, or whose answer was refused on its way back, makes its target void', async () => {
    const house = new House(open)
    await house.ask({}, 'from before')
    const { harness } = house
    const x = harness.exchange({ method: 'POST' })
    assert.equal(await run(harness.chain, x, harness.tally), undefined)
    harness.chain.answering!.over(x)
    assert.equal((await house.ask({}, 'from after')).body, 'from after')

    const refusal = { kind: 'refusal', code: 'own-policy.no', status: 502, says: 'no', absent: false, fields: [] } as const
    const refusing = new House(open, own('shape', { response: (each) => (each.method === 'POST' ? refusal : undefined) }))
    await refusing.ask({}, 'from before')
    await refusing.ask({ method: 'POST' }, 'written')
    assert.equal((await refusing.ask({}, 'from after')).body, 'from after')
  })

  it('what is purged is not put back by who had asked whether it still holds', async () => {
    const house = new House(open)
    const { harness } = house
    const said = { ETag: '"a"', 'Cache-Control': 'no-cache' }
    await house.ask({}, 'purged', said)
    const x = harness.exchange()
    assert.equal(await run(harness.chain, x, harness.tally), undefined)
    assert.equal((await harness.responses.purge({ api: 'test-api' })).responses, 1)
    await harness.answer(x, { status: 304, headers: said })
    assert.equal(harness.responses.keys, 0)
  })

  it('nobody pushes out what is stored by a condition of their own', async () => {
    const house = new House(open)
    await house.ask({}, 'kept for when the upstream fails', { 'Cache-Control': 'public, max-age=1, stale-if-error=600' })
    house.harness.clock.advanceMs(2000)
    await house.ask({ method: 'HEAD', headers: { 'If-None-Match': '*' } }, '', {}, 304)
    await house.ask({ headers: { 'If-None-Match': '*' } }, '', {}, 304)
    await house.ask({ headers: { Range: 'bytes=99-' } }, '', {}, 416)
    assert.equal((await house.ask({}, 'down', {}, 503)).body, 'kept for when the upstream fails')
  })

  it('what would not see what is answered from the store does not stand before it', () => {
    const seeing = own('authorize', { response: () => undefined })
    const catalogue = [...policies, seeing.policy]
    assert.deepEqual(faultsOf([seeing, open], { catalogue }), ['contradiction'])
    assert.deepEqual(faultsOf([{ ...seeing, mode: 'monitor' }, open], { catalogue }), [])
    assert.deepEqual(faultsOf([own('shape', { response: () => undefined }), open], { catalogue: [...policies, own('shape', null).policy] }), [])
    assert.deepEqual(faultsOf([seeing], { catalogue }), [])
  })

  it('a target that depends on what the cache does not tell apart is refused at load', () => {
    const faults = (cache: object, rewrite: object): readonly string[] =>
      faultsOf([keyed, named('response-cache', cache), named('rewrite', rewrite)], { catalogue: policies })
    const path = (insert: string): object => ({ path: { from: '/{rest*}', to: `/\${${insert}:-x}/{rest}` } })
    const query = (insert: string): object => ({ query: { set: { by: `\${${insert}}` } } })
    for (const to of [path, query]) {
      for (const insert of ['consumer', 'principal.credential', 'client.address', 'request.header.cookie', 'request.header.user-agent'])
        assert.deepEqual(faults({ public: true }, to(insert)), ['contradiction'], insert)
      for (const insert of ['consumer', 'principal.credential', 'request.header.cookie', 'request.header.x-tenant', 'request.path', 'request.query.a'])
        assert.deepEqual(faults({}, to(insert)), [], insert)
      for (const insert of ['client.address', 'request.header.accept-language', 'request.header.range'])
        assert.deepEqual(faults({}, to(insert)), ['contradiction'], insert)
    }
    assert.deepEqual(faults({ key: { fields: ['Accept-Language'] } }, path('request.header.accept-language')), [])
    assert.deepEqual(faults({ key: { ignore: ['X-Tenant'] } }, path('request.header.x-tenant')), ['contradiction'])
  })

  it('one who asks with a cookie does not keep others from waiting for what is kept', async () => {
    const { harness } = new House(open)
    const asking = async (request: Request, body: string): Promise<void> => {
      const x = harness.exchange(request)
      await run(harness.chain, x, harness.tally)
      await harness.answer(x, { headers: { 'Cache-Control': 'max-age=60' }, body })
      harness.chain.answering!.over(x)
    }
    await asking({ headers: { Cookie: 'a=1' } }, 'for who has a cookie')
    const leader = harness.exchange()
    assert.equal(await run(harness.chain, leader, harness.tally), undefined)
    const waiter = run(harness.chain, harness.exchange(), harness.tally)
    assert.ok(waiter instanceof Promise)
    await harness.answer(leader, { headers: { 'Cache-Control': 'max-age=60' }, body: 'for everybody' })
    const verdict = await waiter
    assert.equal(verdict?.kind === 'reply' && Buffer.from(verdict.body!).toString(), 'for everybody')
  })

  it('a coded response that does not say so in Vary is for those alone who asked for the coding', async () => {
    const coding = (text: string): Request => ({ headers: { 'Accept-Encoding': text } })
    assert.equal(await new House(open).isKept(coding('gzip'), {}, { 'Content-Encoding': 'gzip' }), false)
    assert.equal(await new House(open).isKept(coding('gzip'), coding('gzip'), { 'Content-Encoding': 'gzip' }), true)
  })
})
