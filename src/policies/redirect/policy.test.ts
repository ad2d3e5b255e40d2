// redirect answers with exactly the address that is written down, and only where its pattern fits.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { faultsOf, Harness, runExamples } from '../../pipeline/harness.ts'
import { policies } from '../index.ts'
import { redirect } from './policy.ts'

const house = (config: unknown, prefix = '') => new Harness([{ policy: redirect, config }], { prefix })

/** [what, configuration, asked, Location; undefined: it goes on] */
const sent: readonly [what: string, config: unknown, asked: string, location: string | undefined][] = [
  ['a host', { to: 'https://new.example' }, '/a', 'https://new.example/'],
  ['a host and a path', { to: 'https://new.example/b' }, '/a', 'https://new.example/b'],
  ['a host with a port', { to: 'https://new.example:8443/b' }, '/a', 'https://new.example:8443/b'],
  ['an address of IPv6', { to: 'http://[2001:db8::1]/b' }, '/a', 'http://[2001:db8::1]/b'],
  ['a rest', { from: '/old/{rest*}', to: 'https://new.example/{rest}' }, '/old/a/b', 'https://new.example/a/b'],
  ['a pattern that does not fit', { from: '/old/{rest*}', to: 'https://new.example/{rest}' }, '/new/a', undefined],
  ['a path of its own host', { from: '/a', to: '/b' }, '/a', '/b'],
  ['where it is already', { to: '/b' }, '/b', undefined],
  ['where it is already, but for the query', { to: '/b' }, '/b?x=1', '/b'],
  ['the query stays behind', { to: '/b' }, '/a?x=1', '/b'],
  ['the query goes along', { to: '/b', keepQuery: true }, '/a?x=1&y', '/b?x=1&y'],
  ['no query goes along where there is none', { to: '/b', keepQuery: true }, '/a', '/b'],
  ['the query goes behind its own', { to: '/b?z=0', keepQuery: true }, '/a?x=1', '/b?z=0&x=1'],
  ['a query of its own', { to: 'https://new.example?z=0' }, '/a', 'https://new.example/?z=0'],
  ['a fragment', { to: '/b#there' }, '/a', '/b#there'],
  ['a query and a fragment', { to: '/b#there', keepQuery: true }, '/a?x=1', '/b?x=1#there'],
  ['a parameter from the request', { to: '/b?from=${request.path}' }, '/a/c', '/b?from=%2Fa%2Fc'],
  ['a group in a query', { from: '/a/{x*}', to: '/b?x={x}' }, '/a/c&d=e', '/b?x=c%26d%3De'],
  ['a group in a query is not encoded twice', { from: '/a/{x}', to: '/b?x={x}' }, '/a/c%20d', '/b?x=c%20d'],
  ['a value in a path', { to: '/b/${request.query.x}' }, '/a?x=c%20d', '/b/c%20d'],
  ['a fallback with signs of an address', { to: '/b/${request.query.x:-none}' }, '/a', '/b/none'],
  ['a value in a fragment', { to: '/b#${request.query.x}' }, '/a?x=c%23d', '/b#c%23d'],
]

const faulty: readonly [what: string, config: unknown, code: string][] = [
  ['nothing', {}, 'missing-key'],
  ['a status that is none of them', { status: 300, to: '/a' }, 'unknown-word'],
  ['a host from the request', { to: 'https://${request.host}/a' }, 'bad-template'],
  ['a part of the host from the request', { to: 'https://${request.query.x}.example/a' }, 'bad-template'],
  ['a port from the request', { to: 'https://new.example:${request.query.x}/a' }, 'bad-template'],
  ['an address from the request', { to: '${request.query.x}' }, 'bad-template'],
  ['a host that ends with what is put in', { to: 'https://new.example${request.query.x}' }, 'bad-template'],
  ['a group in the host', { from: '/{a}', to: 'https://{a}/' }, 'bad-template'],
  ['a host without a scheme', { to: '//new.example/a' }, 'bad-template'],
  ['a backslash for a slash', { to: '/\\new.example/a' }, 'bad-template'],
  ['another scheme', { to: 'javascript:alert(1)' }, 'bad-template'],
  ['data', { to: 'data:text/html,a' }, 'bad-template'],
  ['a user in front of the host', { to: 'https://new.example@evil.example/' }, 'bad-template'],
  ['a space', { to: 'https://new.example/a b' }, 'bad-template'],
  ['a line end', { to: 'https://new.example/a\r\nX: y' }, 'bad-template'],
  ['a path that begins with what is put in', { from: '/{a*}', to: '{a}' }, 'bad-template'],
  ['dot segments', { to: '/a/../b' }, 'bad-template'],
  ['a credential', { to: '/a?x=${request.header.authorization}' }, 'secret-shown'],
  ['the caller where nobody is asked', { to: '/a/${consumer}' }, 'slot-unwritten'],
]

describe('redirect', () => {
  it('does what its examples say', async () => assert.equal(await runExamples(redirect), 3))

  it('sends each request where the table says', async () => {
    let ran = 0
    for (const [what, config, asked, location] of sent) {
      const { status, fields } = await house(config).send({ path: asked })
      assert.deepEqual([status, fields.get('location')], location === undefined ? [200, undefined] : [308, location], what)
      ran++
    }
    assert.equal(ran, 22)
  })

  it('refuses each configuration of the table, for the reason that it names', () => {
    let ran = 0
    for (const [what, config, code] of faulty) {
      assert.deepEqual(faultsOf([{ policy: redirect, config }]), [code], what)
      ran++
    }
    assert.equal(ran, 19)
  })

  it('answers with the status that is said', async () => {
    for (const status of [301, 302, 303, 307, 308]) assert.equal((await house({ status, to: '/b' }).send({ path: '/a' })).status, status)
  })

  it('the first of several that fits answers', async () => {
    const at = new Harness([
      { policy: redirect, config: { from: '/a', to: '/one' } },
      { policy: redirect, config: { from: '/{x}', to: '/two' } },
    ])
    assert.equal((await at.send({ path: '/a' })).fields.get('location'), '/one')
    assert.equal((await at.send({ path: '/b' })).fields.get('location'), '/two')
  })

  it('what fits is the path below the API, what is answered the path that the client sees', async () => {
    const at = house({ from: '/old/{x}', to: '/shop/new/{x}' }, '/shop')
    assert.equal((await at.send({ path: '/shop/old/7' })).fields.get('location'), '/shop/new/7')
    assert.equal((await at.send({ path: '/old/7x' })).fields.get('location'), undefined)
  })

  it('comes after those who ask who calls, and what differs by caller is kept by no cache', async () => {
    const apiKey = policies.find(({ name }) => name === 'api-key')!
    const at = new Harness(
      [
        { policy: apiKey, config: { header: 'X-API-Key', format: 'any' } },
        { policy: redirect, config: { to: '/of/${consumer}?lang=${request.header.accept-language:-en}' } },
      ],
      { keys: [{ secret: 'k', consumer: 'acme' }] },
    )
    assert.equal((await at.send()).status, 401)
    const { fields } = await at.send({ headers: { 'X-API-Key': 'k' } })
    assert.deepEqual([fields.get('location'), fields.get('cache-control'), fields.get('vary')], ['/of/acme?lang=en', 'no-store', 'accept-language'])
  })
})
