// How one would have redirect send somebody to a place of one's own, and why it does not work. Over the wire: test/e2e/shaping.test.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { Harness } from '../../pipeline/harness.ts'
import { policies } from '../index.ts'
import { redirect } from './policy.ts'

const house = (config: unknown) => new Harness([{ policy: redirect, config }])
/** What a browser would go to (WHATWG URL), from a page of the API's host. */
const goesTo = (location: string): URL => new URL(location, 'https://api.example/here')

const HOSTS =
  '//evil.example|///evil.example|/\\evil.example|\\\\evil.example|\\/evil.example|https://evil.example|https:evil.example|javascript:alert(1)|@evil.example|.evil.example|:80@evil.example|%2f%2fevil.example|%5cevil.example|..//evil.example|./..//evil.example|%09//evil.example|%0d%0aLocation:%20//evil.example|%00//evil.example|?//evil.example|%23//evil.example|evil.example%2f%2e%2e'.split(
    '|',
  )

describe('against redirect', () => {
  it('no group leads to another host', async () => {
    const own = house({ from: '/old/{rest*}', to: '/{rest}' })
    const other = house({ from: '/old/{rest*}', to: 'https://new.example/{rest}' })
    let ran = 0
    for (const rest of HOSTS) {
      for (const [at, host] of [
        [own, 'api.example'],
        [other, 'new.example'],
      ] as const) {
        // What the codec or the router refuses never comes here.
        const outcome = await at.send({ path: `/old/${rest}` }).catch(() => undefined)
        const location = outcome?.fields.get('location')
        if (location !== undefined) assert.equal(goesTo(location).host, host, rest)
        ran++
      }
    }
    assert.equal(ran, 42)
  })

  it('no value leads to another host, scheme or path segment', async () => {
    const at = house({ to: 'https://new.example/${request.query.next}/b?back=${request.query.next}#${request.query.next}' })
    for (const next of HOSTS) {
      const { fields, code } = await at.send({ path: `/a?next=${next.replaceAll('%00', '%01')}` })
      const location = fields.get('location')
      if (location === undefined) {
        assert.equal(code, 'redirect.refused', next)
        continue
      }
      const url = goesTo(location)
      assert.deepEqual([url.origin, url.username, url.pathname.split('/').length, [...url.searchParams.keys()]], ['https://new.example', '', 3, ['back']], next)
      assert.match(location, /^[!-~]+$/, next)
    }
  })

  it('neither Host nor what forwards it has a say in the address', async () => {
    const at = house({ to: '/b' })
    const { fields } = await at.send({
      path: '/a',
      headers: { 'X-Forwarded-Host': 'evil.example', Forwarded: 'host=evil.example', 'X-Original-Host': 'evil.example' },
    })
    assert.equal(fields.get('location'), '/b')
  })

  it('whatever is asked, the address is one line and its host is as written', async () => {
    const at = house({ from: '/{rest*}', to: '/x/{rest}?q=${request.query.q:-}&h=${request.header.x-h:-}', keepQuery: true })
    const piece = fc.constantFrom('/', '\\', '//', '%0d%0a', '%09', '.', '..', '%2f', '@', ':', 'evil.example', '%00', ';', '%c4%8a', 'a')
    let answered = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(piece, { maxLength: 6 }),
        fc.array(
          piece.filter((each) => each !== '%00'),
          { maxLength: 6 },
        ),
        fc.array(fc.constantFrom('\u00c4\u008a', '"', '\\', ' ', ',', '//'), { maxLength: 4 }),
        async (rest, q, h) => {
          const outcome = await at.send({ path: `/${rest.join('').replaceAll('%00', 'z')}?q=${q.join('')}`, headers: { 'X-H': h.join('').trim() || 'x' } })
          const location = outcome.fields.get('location')
          if (location === undefined) return
          answered++
          assert.match(location, /^\/x\/[!-~]*$/)
          assert.equal(goesTo(location).host, 'api.example', location)
          assert.equal(outcome.fields.get('vary'), 'x-h')
        },
      ),
      { numRuns: 1500 },
    )
    assert.ok(answered > 100, String(answered))
  })

  it('a key in the query does not go along', async () => {
    const apiKey = policies.find(({ name }) => name === 'api-key')!
    const at = new Harness(
      [
        { policy: apiKey, config: { query: 'key', format: 'any' } },
        { policy: redirect, config: { to: 'https://new.example/', keepQuery: true } },
      ],
      { keys: [{ secret: 'secret', consumer: 'acme' }] },
    )
    assert.equal((await at.send({ path: '/?a=1&key=secret' })).fields.get('location'), 'https://new.example/?a=1')
  })

  it('nobody is sent round in a circle by one rule', async () => {
    const at = house({ from: '/{x}', to: '/a' })
    assert.deepEqual([(await at.send({ path: '/b' })).status, (await at.send({ path: '/a' })).status], [308, 200])
  })
})
