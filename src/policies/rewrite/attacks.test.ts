// How one would reach by a rewrite what one may not ask for, and why it does not work. Over the wire: test/e2e/shaping.test.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ambiguityBits, isNormalPath } from '../../http/target.ts'
import { Harness } from '../../pipeline/harness.ts'
import { policies } from '../index.ts'
import { rewrite } from './policy.ts'

const house = (config: unknown, prefix = '') => new Harness([{ policy: rewrite, config }], { prefix })
const REFUSED = [400, 'rewrite.refused']

describe('against rewrite', () => {
  it('nothing that is put into a path leads out of its segment', async () => {
    const at = house({ path: { from: '/{id}', to: '/tenants/${request.query.t}/books/{id}' } })
    const evil =
      '..|.|%2e%2e|%2E|../admin|..%2fadmin|%2e%2e%2fadmin|a/b|a%2fb|a%5cb|a\\b|%01|%0a|%0d%0aX:1|%252e%252e|%252fadmin|a%2501|%ff|%c0%af|%c0%ae%c0%ae|%ed%a0%80|%f0%80%80%af'.split(
        '|',
      )
    for (const t of evil) {
      const { status, code, path } = await at.send({ path: `/7?t=${t}` })
      assert.deepEqual([status, code, path], [...REFUSED, '/7'], t)
    }
    assert.equal(evil.length, 22)
  })

  it('what is empty or missing is no segment', async () => {
    const at = house({ path: { from: '/{id}', to: '/tenants/${request.query.t}/books/{id}' } })
    for (const path of ['/7', '/7?t=', '/7?t', '/7?T=a', '/7?xt=a']) {
      const { status, code } = await at.send({ path })
      assert.deepEqual([status, code], REFUSED, path)
    }
  })

  it('signs of a target that would end the path are letters of a segment', async () => {
    const at = house({ path: { from: '/', to: '/s/${request.query.q}' } })
    for (const [q, path] of [
      ['a?b=c', '/s/a%3Fb%3Dc'],
      ['a%3Fb', '/s/a%3Fb'],
      ['a%23b', '/s/a%23b'],
      ['a%20HTTP/1.1', undefined],
      ['a%20b', '/s/a%20b'],
      ['a;v=1', '/s/a%3Bv%3D1'],
      ['a%3Bv', '/s/a%3Bv'],
      ['@evil.example', '/s/%40evil.example'],
      [':80', '/s/%3A80'],
    ] as const) {
      const outcome = await at.send({ path: `/?q=${q}` })
      if (path === undefined) assert.equal(outcome.code, 'rewrite.refused', q)
      else assert.equal(outcome.path, path, q)
    }
  })

  it('a rest whose ambiguous spelling the API lets in keeps that one, and joins with the literal text into no other', async () => {
    const at = house({ path: { from: '/v1/{rest*}', to: '/{rest}' } })
    const send = async (path: string) => {
      const x = at.exchange({ path })
      const hook = (at.chain.run.parts[0] as { hook(x: unknown): { code?: string } | undefined }).hook
      return [hook(x)?.code, x.upstreamPath, x.head.ambiguities]
    }
    // `%2f` was let in by `allowInTarget`: it stays data inside its segment.
    assert.deepEqual(await send('/v1/a%2Fb'), [undefined, '/a%2Fb', ambiguityBits(['encoded-slash'])])
    // "//evil" at the beginning would be another host to some. It came in as an empty segment, and goes on as one alone.
    assert.deepEqual(await send('/v1//evil.example'), [undefined, '//evil.example', ambiguityBits(['empty-segments'])])
    // A dot before a group whose text is a dot.
    const dotted = house({ path: { from: '/v1/{x}', to: '/.{x}/y' } })
    const x = dotted.exchange({ path: '/v1/.a' })
    assert.equal((dotted.chain.run.parts[0] as { hook(x: unknown): unknown }).hook(x), undefined)
    assert.equal(x.upstreamPath, '/..a/y')
  })

  it('two harmless parts do not make a dot segment, an encoding or a double encoding', async () => {
    const dots = house({ path: { from: '/{a}/{b}', to: '/x/{a}{b}/y' } })
    for (const path of ['/./.', '/%2E/a']) assert.notEqual((await dots.send({ path }).catch(() => ({ path: '' }))).path, '/x/../y')
    const percent = house({ path: { from: '/{a}/{b}', to: '/{a}{b}' } })
    assert.equal((await percent.send({ path: '/%25/41' })).code, 'rewrite.refused')
  })

  it('whatever is asked, what leaves is below the API, in normal form, and no more ambiguous than what was asked', () => {
    const at = house(
      {
        path: [
          { from: '/a/{x}/{rest*}', to: '/n/{x}/${request.query.q}/{rest}' },
          { from: '/b/{x}', to: '/m.{x}' },
        ],
      },
      '/shop',
    )
    const part = fc.constantFrom('a', 'b', '.', '..', '%2e', '%2f', '%5c', ';x=1', '%25', '41', '%c3%a9', '%ff', '', '~', 'a.b')
    const query = fc.array(fc.constantFrom('%2e', '.', '/', '%2f', '%0d%0a', 'x', '%25', '%01', '\\'), { maxLength: 4 })
    let rewritten = 0
    fc.assert(
      fc.property(fc.constantFrom('a', 'b'), fc.array(part, { maxLength: 5 }), query, (first, parts, q) => {
        const x = at.exchange({ path: `/shop/${first}/${parts.join('/')}?q=${q.join('')}` })
        if (!x.path.startsWith('/shop/')) return
        const verdict = (at.chain.run.parts[0] as { hook(x: unknown): unknown }).hook(x)
        if (verdict !== undefined || x.upstreamPath === undefined) return
        rewritten++
        assert.match(x.upstreamPath, /^\/shop\/(?:n\/|m\.)[!-~]*$/)
        assert.ok(isNormalPath(x.upstreamPath, x.head.ambiguities), x.upstreamPath)
        assert.doesNotMatch(x.upstreamPath, /\/\.\.?(?:\/|$)|[\r\n\0?#\\]/)
      }),
      { numRuns: 3000 },
    )
    assert.ok(rewritten > 100, String(rewritten))
  })

  it('a parameter that is taken away does not pass in another spelling, nor beside the one that is set', async () => {
    const at = house({ query: { remove: ['debug'], set: { role: 'reader' } } })
    for (const q of [
      'debug=1',
      'DEBUG=1&debug=1',
      '%64ebug=1',
      'd%65bug',
      'debug',
      'debug=',
      '+debug=1',
      'debug+=1',
      'debug%20=1',
      'a=1&debug=1&debug=2',
      'role=admin',
      'r%6Fle=admin',
      'role=a&role=b',
    ]) {
      const { query } = await at.send({ path: `/?${q}` })
      for (const pair of query!.split('&').slice(0, -1)) assert.doesNotMatch(decodeURIComponent(pair), /^[+ ]?(?:debug|role)\b/, q)
      assert.match(query!, /(?:^|&)role=reader$/, q)
    }
  })

  it('what callers do not choose is not said beside it in a spelling that an upstream may take for the same', async () => {
    const at = house({ query: { remove: ['debug'], rename: { q: 'search' }, set: { role: 'reader', 'filter[a]': '1' } } })
    for (const q of ['Role=admin', 'ROLE=admin', 'r%4Fle=admin', 'role[]=admin', 'role%5B0%5D=admin', 'Role[x][y]=1', 'Debug=1', 'debug[]=1', 'SEARCH=x'])
      assert.equal((await at.send({ path: `/?${q}` })).query, 'role=reader&filter%5Ba%5D=1', q)
    assert.equal((await at.send({ path: '/?filter[b]=2&roles=x&Q=1&q=2' })).query, 'filter[b]=2&roles=x&Q=1&search=2&role=reader&filter%5Ba%5D=1')
  })

  it('a value brings no second parameter and no fragment', async () => {
    const at = house({ query: { keep: [], set: { q: '${request.query.q}' } } })
    for (const q of ['a%26admin=1', 'a%23b', 'a=b=c', 'a%0d%0aX:1', 'a%01b', 'a+b', 'a%20HTTP/1.1']) {
      const outcome = await at.send({ path: `/?q=${q}` })
      assert.match(outcome.query!, /^q=[A-Za-z0-9%\-._~]*$/, q)
    }
  })

  it('who may not ask for the original is refused before anything is rewritten', async () => {
    const apiKey = policies.find(({ name }) => name === 'api-key')!
    const at = new Harness([
      { policy: rewrite, config: { path: { from: '/{all*}', to: '/public/{all}' } } },
      { policy: apiKey, config: { header: 'X-API-Key' } },
    ])
    const { status, path } = await at.send({ path: '/a' })
    assert.deepEqual([status, path], [401, '/a'])
  })

  it('a credential that was cut out of the query is nothing that a template could put elsewhere', async () => {
    const apiKey = policies.find(({ name }) => name === 'api-key')!
    const at = new Harness(
      [
        { policy: apiKey, config: { query: 'key', format: 'any' } },
        { policy: rewrite, config: { query: { set: { copy: '${request.query.key:-gone}' } } } },
      ],
      { keys: [{ secret: 'secret', consumer: 'acme' }] },
    )
    assert.equal((await at.send({ path: '/?key=secret&a=1' })).query, 'a=1&copy=gone')
  })
})
