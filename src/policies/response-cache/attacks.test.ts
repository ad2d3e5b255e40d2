// How one would get another's response out of the cache, or one's own into it for others, and why it does not work.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { run } from '../../pipeline/chain.ts'
import { faultsOf, Harness, type Request } from '../../pipeline/harness.ts'
import { policies } from '../index.ts'
import { responseCache } from './policy.ts'

const apiKey = policies.find(({ name }) => name === 'api-key')!
const KEYS = [
  { secret: 'the key of alice', consumer: 'alice' },
  { secret: 'another key of alice', consumer: 'alice' },
  { secret: 'the key of bob', consumer: 'bob' },
  { secret: 'the key of b', consumer: 'b' },
]
const key = (secret: string, more: Request['headers'] = {}) => ({ 'X-API-Key': secret, ...more })
const ALICE = 'the key of alice'
const BOB = 'the key of bob'
type Fields = Record<string, string | readonly string[]>
interface Upstream {
  readonly status?: number
  readonly headers?: Fields
}

interface Setting {
  readonly config?: object
  /** Callers are identified by key. */
  readonly keyed?: true
}
class House {
  readonly harness: Harness
  constructor({ config = {}, keyed }: Setting) {
    const cache = { policy: responseCache, config }
    this.harness = new Harness(keyed ? [{ policy: apiKey, config: { header: 'X-API-Key', format: 'any' } }, cache] : [cache], { keys: KEYS })
  }
  /** What the client gets, and whether it came from the store. */
  async ask(
    request: Request,
    body: string,
    { status = 200, headers = {} }: Upstream = {},
  ): Promise<{ readonly body: string; readonly isStored: boolean; readonly fields: ReadonlyMap<string, string> }> {
    const { harness } = this
    const x = harness.exchange(request)
    const verdict = await run(harness.chain, x, harness.tally)
    if (verdict?.kind === 'refusal') assert.fail(verdict.code)
    try {
      if (verdict !== undefined) return { body: Buffer.from(verdict.body ?? '').toString(), isStored: true, fields: new Map() }
      const outcome = await harness.answer(x, { status, headers: { 'Cache-Control': 'max-age=60', ...headers }, body })
      return { body: outcome.body.toString(), isStored: false, fields: outcome.fields }
    } finally {
      harness.chain.answering!.over(x)
    }
  }
}

/** Who goes first, with what the upstream answers; and who must not get that. */
type Case = readonly [title: string, setting: Setting, first: Request, second: Request, upstream?: Upstream]
const OPEN: Setting = { config: { public: true } }
const KEYED: Setting = { keyed: true }
const ANY: Setting = {}
const at = (path: string, headers: Request['headers'] = {}): Request => ({ path, headers })
const to = (headers: Request['headers'], more: Omit<Request, 'headers'> = {}): Request => ({ headers: headers!, ...more })
const PUBLIC = { headers: { 'Cache-Control': 'public, s-maxage=60' } }
const page = (type: string): Upstream => ({ headers: { 'Cache-Control': 'public, max-age=60', 'Content-Type': type } })

const IDENTITY: readonly Case[] = [
  ["another consumer's response", KEYED, to(key(ALICE)), to(key(BOB))],
  ["another consumer's response that calls itself public", KEYED, to(key(ALICE)), to(key(BOB)), PUBLIC],
  ['another credential of the same consumer, of which the upstream is told', KEYED, to(key(ALICE)), to(key('another key of alice'))],
  ['a consumer whose name is the beginning of another', KEYED, to(key(BOB)), to(key('the key of b'))],
  ["another's bearer token", ANY, to({ Authorization: 'Bearer a' }), to({ Authorization: 'Bearer b' }), PUBLIC],
  ["somebody's response by nobody", ANY, to({ Authorization: 'Bearer a' }), to({}), PUBLIC],
  ["nobody's response by somebody", ANY, to({}), to({ Authorization: 'Bearer a' }), PUBLIC],
  ["another's session cookie", ANY, to({ Cookie: 'session=a' }), to({ Cookie: 'session=b' })],
  ["a cookie's response by who has none", ANY, to({ Cookie: 'session=a' }), to({})],
  ['a cookie that reads like a token', ANY, to({ Authorization: 'x' }), to({ Cookie: 'x' }), PUBLIC],
  ['two cookie lines as one', ANY, to({ Cookie: ['a=1', 'b=2'] }), to({ Cookie: 'a=1; b=2' })],
  ["another token behind one's own", ANY, to({ Authorization: ['a', 'b'] }), to({ Authorization: ['b', 'a'] }), PUBLIC],
  ['a token that ends where the cookie begins', ANY, to({ Authorization: 'a', Cookie: 'b' }), to({ Authorization: 'ab' }), PUBLIC],
  ["one consumer's two users, told apart by a token", KEYED, to(key(ALICE, { Authorization: 'user 1' })), to(key(ALICE, { Authorization: 'user 2' })), PUBLIC],
  ["one consumer's two users, told apart by a cookie", KEYED, to(key(ALICE, { Cookie: 'user=1' })), to(key(ALICE, { Cookie: 'user=2' }))],
  ["one consumer's two tenants, told apart by a field of their own", KEYED, to(key(ALICE, { 'X-Tenant': '1' })), to(key(ALICE, { 'X-Tenant': '2' }))],
  ['everybody alike, and still a cookie that the response does not speak of', OPEN, to({ Cookie: 'session=a' }), to({})],
  ['everybody alike, and still a token that the response does not speak of', OPEN, to({ Authorization: 'a' }), to({})],
  ['a response that sets a session', OPEN, at('/'), at('/'), { headers: { 'Set-Cookie': 'session=a' } }],
  ['a private response for everybody', OPEN, at('/'), at('/'), { headers: { 'Cache-Control': 'max-age=60, private' } }],
  ['a private response, told in a second line', OPEN, at('/'), at('/'), { headers: { 'Cache-Control': ['public, max-age=60', 'private'] } }],
]

const POISON: readonly Case[] = [
  ['X-Host', OPEN, to({ 'X-Host': 'evil.example' }), to({})],
  ['X-Forwarded-Scheme, which nobody registered', OPEN, to({ 'X-Scheme': 'nothttps' }), to({})],
  ['a host override of one vendor', OPEN, to({ 'X-HTTP-Host-Override': 'evil.example' }), to({})],
  ['a path override of one framework', OPEN, to({ 'X-Original-Path': '/admin' }), to({})],
  ['a field that a debugger reads', OPEN, to({ 'X-Debug': '1' }), to({})],
  ['a field that switches to another form of the page', OPEN, to({ RSC: '1' }), to({})],
  ['a field whose name nobody has thought of', OPEN, to({ Zzz: '1' }), to({})],
  ['a field in another spelling', OPEN, to({ x_host: 'evil.example' }), to({})],
  ['an empty field', OPEN, to({ 'X-Empty': '' }), to({})],
  ['the same field twice', OPEN, to({ 'X-A': ['1', '2'] }), to({ 'X-A': '1' })],
  ['the fields of two in the other order', OPEN, to({ 'X-A': ['1', '2'] }), to({ 'X-A': ['2', '1'] })],
  ['a GET with a body', OPEN, to({ 'Content-Length': '3' }), to({})],
  ['a GET with a body in chunks', OPEN, to({ 'Transfer-Encoding': 'chunked' }), to({})],
  ['a field value that holds another field', OPEN, to({ 'X-A': '1 x-b:2' }), to({ 'X-A': '1', 'X-B': '2' })],
  [
    'an origin that is let in',
    OPEN,
    to({ Origin: 'https://evil.example' }),
    to({ Origin: 'https://good.example' }),
    { headers: { 'Access-Control-Allow-Origin': 'https://evil.example' } },
  ],
  [
    'an origin that is let in, for who has none',
    OPEN,
    to({ Origin: 'https://evil.example' }),
    to({}),
    { headers: { 'Access-Control-Allow-Origin': 'https://evil.example' } },
  ],
  ['a head that the upstream finds too large', OPEN, to({ 'User-Agent': 'a'.repeat(9000) }), to({}), { status: 431 }],
  ['a head that the upstream finds bad', OPEN, to({ Accept: 'a'.repeat(9000) }), to({}), { status: 400 }],
  ['a request that a filter in the upstream forbids', OPEN, to({ 'User-Agent': "' OR 1=1 --" }), to({}), { status: 403 }],
  ['a method that the upstream does not know', OPEN, to({ Accept: '*/*' }), to({}), { status: 405 }],
  ['an upstream made to fail', OPEN, to({ Accept: '\u00ff' }), to({}), { status: 500 }],
  ['a path that is too long for the upstream', OPEN, at('/'), at('/'), { status: 414 }],
  ['a redirection to where one stands', OPEN, to({ 'X-Scheme': 'http' }), to({}), { status: 301, headers: { Location: 'http://api.example/' } }],
  ['a part in the place of the whole', OPEN, to({ Range: 'bytes=0-1' }), to({}), { status: 206, headers: { 'Content-Range': 'bytes 0-1/9' } }],
  ["a part by somebody else's condition", OPEN, to({ 'If-Match': '"a"' }), to({})],
  ['a condition that the upstream says no to', OPEN, to({ 'If-Unmodified-Since': 'x' }), to({}), { status: 412 }],
  ['Vary on what the second does not send', OPEN, to({ 'Accept-Language': 'xx' }), to({}), { headers: { Vary: 'Accept-Language' } }],
  ['Vary on everything', OPEN, at('/'), at('/'), { headers: { Vary: '*' } }],
  ['Vary on a hundred names', OPEN, at('/'), at('/'), { headers: { Vary: Array.from({ length: 100 }, (_, i) => `x-${i}`).join(',') } }],
  [
    'Vary on a field that the connection took away from the upstream',
    OPEN,
    to({ Connection: 'Accept-Language', 'Accept-Language': 'fr' }),
    to({ 'Accept-Language': 'fr' }),
    { headers: { Vary: 'Accept-Language' } },
  ],
]

const KEY: readonly Case[] = [
  ['a query that reads like a path', OPEN, at('/a?b'), at('/a%3Fb')],
  ['a parameter moved into the path', OPEN, at('/a?b=1&c=2'), at('/a?b=1%26c=2')],
  ['two parameters of one name', OPEN, at('/a?b=1&b=2'), at('/a?b=2&b=1')],
  ['parameters that count, and one whose value holds another', { config: { public: true, key: { query: ['b', 'c'] } } }, at('/a?b=1%26c=2'), at('/a?b=1&c=2')],
  ['a parameter behind a semicolon', { config: { public: true, key: { query: ['b', 'c'] } } }, at('/a?b=1;c=2'), at('/a?b=1&c=2')],
  ['a path of another case', OPEN, at('/A'), at('/a')],
  ['a slash at the end', OPEN, at('/a/'), at('/a')],
  ['a line end in the path', OPEN, at('/a%0Ab'), at('/a')],
  ['a NUL in the path', OPEN, at('/a%01'), at('/a')],
  ['an encoded slash', OPEN, at('/a%2Fb'), at('/a/b')],
  ['a dot segment', OPEN, at('/a/../b'), at('/b')],
  ['a path parameter', OPEN, at('/a;x=1'), at('/a')],
  ['a double encoding', OPEN, at('/a%252Fb'), at('/a%2Fb')],
]

const DECEPTION: readonly Case[] = [
  ['a style sheet that is a page', OPEN, at('/account/x.css'), at('/account/x.css'), page('text/html')],
  ['a script that is a page', OPEN, at('/account/x.js'), at('/account/x.js'), page('text/html; charset=utf-8')],
  ['an image that is data', OPEN, at('/api/me/x.png'), at('/api/me/x.png'), page('application/json')],
  ['a font that is data', OPEN, at('/api/me/x.woff2'), at('/api/me/x.woff2'), page('application/json')],
  ['an archive that is data', OPEN, at('/api/me/x.zip'), at('/api/me/x.zip'), page('application/json')],
  ['an icon without a type', OPEN, at('/account/favicon.ico'), at('/account/favicon.ico'), { headers: { 'Cache-Control': 'public, max-age=60' } }],
  ['an ending in capitals', OPEN, at('/account/x.CSS'), at('/account/x.CSS'), page('text/html')],
  ['an ending behind a delimiter of one framework', OPEN, at('/account$x.css'), at('/account$x.css'), page('text/html')],
  ['an ending behind an encoded question mark', OPEN, at('/account%3Fx.css'), at('/account%3Fx.css'), page('text/html')],
  ['an ending behind an encoded hash', OPEN, at('/account%23x.css'), at('/account%23x.css'), page('text/html')],
  ['an ending behind an encoded semicolon', OPEN, at('/account%3Bx.css'), at('/account%3Bx.css'), page('text/html')],
  ['an ending behind a semicolon', OPEN, at('/account;x.css'), at('/account;x.css'), page('text/html')],
  ['an ending behind an encoded line end', OPEN, at('/account%0Ax.css'), at('/account%0Ax.css'), page('text/html')],
  ['an ending, then a delimiter', OPEN, at('/account/x.css%3Fy'), at('/account/x.css%3Fy'), page('text/html')],
  ['an ending that is seen by one consumer is not by the next', KEYED, at('/account/x.css', key(ALICE)), at('/account/x.css', key(BOB)), page('text/html')],
]

describe('against response-cache', () => {
  for (const [title, cases, wanted] of [
    ['nobody gets what was made for another', IDENTITY, 21],
    ['what is not in the key changes no stored response', POISON, 30],
    ['no two requests share a key that an upstream could tell apart', KEY, 13],
    ['what ends like a style sheet and is none is kept for nobody', DECEPTION, 15],
  ] as const)
    describe(title, () => {
      for (const [name, setting, first, second, upstream] of cases)
        it(name, async () => {
          const house = new House(setting)
          await house.ask(first, 'of the first', upstream)
          const { body, isStored } = await house.ask(second, 'of the second', upstream)
          assert.deepEqual({ body, isStored }, { body: 'of the second', isStored: false })
        })
      it('all of them ran', () => assert.equal(cases.length, wanted))
    })

  it('the cases are not won by a cache that stores nothing', async () => {
    const pairs: readonly Case[] = [
      ['the same consumer', KEYED, to(key(ALICE)), to(key(ALICE))],
      ['the same token', ANY, to({ Authorization: 'a' }), to({ Authorization: 'a' }), PUBLIC],
      ['the same cookie', ANY, to({ Cookie: 'a' }), to({ Cookie: 'a' })],
      ['everybody', OPEN, to({ 'User-Agent': 'a' }), to({ 'User-Agent': 'b', traceparent: '00-1' })],
      ['a style sheet', OPEN, at('/x.css'), at('/x.css'), page('text/css')],
      ['parameters that do not count', { config: { public: true, key: { query: ['b'] } } }, at('/a?b=1&utm=2'), at('/a?utm=3&b=1')],
      ['a field that is ignored', { config: { key: { ignore: ['X-Trace'] } } }, to({ 'X-Trace': '1' }), to({ 'X-Trace': '2' })],
      ['Vary on what both send', OPEN, to({ 'Accept-Language': 'fr' }), to({ 'Accept-Language': 'fr' }), { headers: { Vary: 'Accept-Language' } }],
    ]
    for (const [title, setting, first, second, upstream] of pairs) {
      const house = new House(setting)
      await house.ask(first, 'of the first', upstream)
      assert.equal((await house.ask(second, 'of the second', upstream)).body, 'of the first', title)
    }
  })

  it('what is not in the key the upstream does not see: parameters that do not count do not go on', async () => {
    const { harness } = new House({ config: { key: { query: ['page'] } } })
    assert.equal((await harness.send({ path: '/a?utm_content=x%26page=9&page=2&callback=evil' })).query, 'page=2')
    assert.equal((await harness.send({ path: '/a?utm_content=x' })).query, undefined)
    assert.equal((await harness.send({ path: '/a?%70age=9&page=2' })).query, 'page=2')
  })

  it('a body that breaks off is stored for nobody', async () => {
    const house = new House(OPEN)
    const x = house.harness.exchange()
    await run(house.harness.chain, x, house.harness.tally)
    const { failure } = await house.harness
      .answer(x, { headers: { 'Cache-Control': 'max-age=60', 'Content-Length': '100' }, body: 'short' })
      .catch((cause: unknown) => ({ failure: cause }))
    house.harness.chain.answering!.over(x)
    assert.equal((await house.ask({}, 'whole')).body, 'whole', String(failure))
  })

  it('many keys push out nothing that is asked for often, and no more is held than is allowed', async () => {
    const house = new House(OPEN)
    const { responses } = house.harness
    for (let i = 0; i < 4; i++) await house.ask(at('/popular'), 'x'.repeat(1000))
    for (let i = 0; i < 12_000; i++) {
      await house.ask(at(`/scan?${i}`), 'x'.repeat(1000))
      if (i % 500 === 0) assert.equal((await house.ask(at('/popular'), 'again')).isStored, true, `${i}`)
    }
    assert.ok(responses.octets <= 4 * 1024 * 1024 && responses.keys <= 10_000, `${responses.octets} ${responses.keys}`)
    assert.ok(responses.evictions > 5000)
    assert.equal(responses.collecting, 0)
  })

  it('selections of one target are bounded: Vary does not fill the store', async () => {
    const house = new House(OPEN)
    for (let i = 0; i < 100; i++) await house.ask(to({ 'User-Agent': `agent ${i}` }), 'x', { headers: { Vary: 'User-Agent' } })
    let stored = 0
    for (let i = 0; i < 100; i++)
      if ((await house.ask(to({ 'User-Agent': `agent ${i}`, 'Cache-Control': 'no-store' }), 'y', { headers: { Vary: 'User-Agent' } })).isStored) stored++
    assert.equal(stored, 16)
  })

  it('a purge and a write make void also what is being fetched while they come', async () => {
    const house = new House(OPEN)
    const { harness } = house
    const x = harness.exchange()
    await run(harness.chain, x, harness.tally)
    await house.ask({ method: 'POST' }, 'written')
    await harness.answer(x, { headers: { 'Cache-Control': 'max-age=60' }, body: 'from before' })
    assert.equal((await house.ask({}, 'from after')).body, 'from after')
  })

  it('one who may not write makes nothing void', async () => {
    const house = new House(OPEN)
    await house.ask({}, 'kept')
    for (const status of [400, 401, 403, 404, 405, 409, 429]) await house.ask({ method: 'DELETE' }, 'no', { status })
    assert.equal((await house.ask({}, 'fetched')).body, 'kept')
  })

  it('tags are for the cache alone', async () => {
    const { fields } = await new House(OPEN).ask({}, 'x', { headers: { 'Cache-Tag': 'customer-7', 'Surrogate-Key': 'a b' } })
    assert.deepEqual([fields.has('cache-tag'), fields.has('surrogate-key')], [false, false])
  })

  it('whatever two requests differ in, one never gets the response of the other', async () => {
    const name = fc.constantFrom('X-A', 'X-B', 'Cookie', 'Authorization', 'X-Forwarded-Foo', 'Accept-Foo')
    const value = fc.string({ unit: fc.constantFrom(...'ab:,;= \t&?/.-'), maxLength: 6 }).map((text) => text.trim())
    const target = fc.string({ unit: fc.constantFrom(...'ab/?&=.-~'), maxLength: 6 }).map((text) => `/x${text.replace(/\/{2,}/g, '/')}`)
    const request = fc.record({ path: target, headers: fc.dictionary(name, value, { maxKeys: 3 }) })
    const told = ({ path, headers }: { path: string; headers: Record<string, string> }): string =>
      JSON.stringify([
        path,
        Object.entries(headers)
          .filter(([each]) => each !== 'X-Forwarded-Foo')
          .sort(),
      ])
    await fc.assert(
      fc.asyncProperty(request, request, async (first, second) => {
        const house = new House(ANY)
        await house.ask(first, 'of the first', PUBLIC)
        const { body } = await house.ask(second, 'of the second', PUBLIC)
        if (told(first) !== told(second)) assert.equal(body, 'of the second')
      }),
      { numRuns: 2000 },
    )
  })

  it('a configuration that would give one caller what is another’s does not load', () => {
    const faults = (config: object) => faultsOf([{ policy: responseCache, config }])
    for (const ignored of ['Authorization', 'cookie', 'Range', 'If-None-Match', 'HOST'])
      assert.deepEqual(faults({ key: { ignore: [ignored] } }), ['contradiction'], ignored)
    assert.deepEqual(faults({ statuses: [206] }), ['contradiction'])
    assert.deepEqual(faults({ key: { fields: ['Accept'], ignore: ['accept'] } }), ['contradiction'])
    assert.deepEqual(faults({ publik: true }), ['unknown-key'])
  })
})
