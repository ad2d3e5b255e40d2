// rewrite gives the upstream exactly the target that is written down, and says nothing else about the request.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { faultsOf, Harness, runExamples } from '../../pipeline/harness.ts'
import { rewrite } from './policy.ts'

const house = (config: unknown, prefix = '') => new Harness([{ policy: rewrite, config }], { prefix })

/** [what, rules, asked, forwarded] */
const paths: readonly [what: string, path: unknown, asked: string, forwarded: string][] = [
  ['a rest', { from: '/v1/{rest*}', to: '/api/{rest}' }, '/v1/books/7', '/api/books/7'],
  ['an empty rest', { from: '/v1/{rest*}', to: '/api/{rest}' }, '/v1/', '/api/'],
  ['a rest keeps its final slash', { from: '/v1/{rest*}', to: '/{rest}' }, '/v1/a/', '/a/'],
  ['a rest needs its slash', { from: '/v1/{rest*}', to: '/api/{rest}' }, '/v1', '/v1'],
  ['a segment boundary is no prefix of text', { from: '/v1/{rest*}', to: '/api/{rest}' }, '/v12/a', '/v12/a'],
  ['one segment', { from: '/books/{id}', to: '/items/{id}/book' }, '/books/7', '/items/7/book'],
  ['one segment is not two', { from: '/books/{id}', to: '/items/{id}' }, '/books/7/8', '/books/7/8'],
  ['one segment is not none', { from: '/books/{id}', to: '/items/{id}' }, '/books/', '/books/'],
  ['groups change places', { from: '/{a}/{b}', to: '/{b}/{a}' }, '/x/y', '/y/x'],
  ['a group twice', { from: '/{a}', to: '/{a}/{a}' }, '/x', '/x/x'],
  ['text before and behind a group', { from: '/b-{id}.json', to: '/books/{id}' }, '/b-7.json', '/books/7'],
  ['text behind a group must be there', { from: '/{id}.json', to: '/books/{id}' }, '/7.xml', '/7.xml'],
  ['a group beside text takes at least one character', { from: '/b{id}', to: '/{id}' }, '/b', '/b'],
  ['text that stands twice is taken at the end', { from: '/{id}.a', to: '/{id}' }, '/x.a.a', '/x.a'],
  ['the root', { from: '/', to: '/index' }, '/', '/index'],
  ['everything', { from: '/{all*}', to: '/x/{all}' }, '/a/b', '/x/a/b'],
  [
    'the first that fits',
    [
      { from: '/a/{x}', to: '/one/{x}' },
      { from: '/a/{x*}', to: '/two/{x}' },
    ],
    '/a/b',
    '/one/b',
  ],
  [
    'the next where the first does not fit',
    [
      { from: '/a/{x}', to: '/one/{x}' },
      { from: '/a/{x*}', to: '/two/{x}' },
    ],
    '/a/b/c',
    '/two/b/c',
  ],
  ['none that fits', { from: '/a', to: '/b' }, '/c', '/c'],
  ['case counts', { from: '/A', to: '/b' }, '/a', '/a'],
  ['percent-encodings stay as they are', { from: '/{x*}', to: '/y/{x}' }, '/%C3%A9/a%20b', '/y/%C3%A9/a%20b'],
  ['needless encodings were taken off before', { from: '/books/{id}', to: '/{id}' }, '/%62ooks/%37', '/7'],
  ['a value of the query', { from: '/s', to: '/search/${request.query.q}' }, '/s?q=sea', '/search/sea'],
  ['a value is encoded', { from: '/s', to: '/search/${request.query.q}' }, '/s?q=a%20b%3Bc', '/search/a%20b%3Bc'],
  ['a fallback', { from: '/s', to: '/search/${request.query.q:-all}' }, '/s', '/search/all'],
  ['the method', { from: '/s', to: '/${request.method}/s' }, '/s', '/GET/s'],
  ['a dollar and brace as text', { from: '/s', to: '/a' }, '/s', '/a'],
]

/** [what, query, asked, forwarded] */
const queries: readonly [what: string, query: unknown, asked: string, forwarded: string | undefined][] = [
  ['keep', { keep: ['a', 'b'] }, '/?a=1&c=2&b=3', 'a=1&b=3'],
  ['keep nothing', { keep: [] }, '/?a=1', undefined],
  ['remove', { remove: ['debug'] }, '/?a=1&debug=2&b', 'a=1&b'],
  ['remove every one of that name', { remove: ['a'] }, '/?a=1&b=2&a=3', 'b=2'],
  ['remove the last there is', { remove: ['a'] }, '/?a=1', undefined],
  ['rename', { rename: { q: 'search' } }, '/?q=sea&page=2', 'search=sea&page=2'],
  ['rename keeps the value as it is spelled', { rename: { q: 's' } }, '/?q=a+b%20c', 's=a+b%20c'],
  ['rename takes the place of what has the name', { rename: { q: 's' } }, '/?s=evil&q=1', 's=1'],
  ['rename a name without a value', { rename: { q: 's' } }, '/?q', 's'],
  ['set', { set: { source: 'gateway' } }, '/?a=1', 'a=1&source=gateway'],
  ['set where there is no query', { set: { source: 'gateway' } }, '/', 'source=gateway'],
  ['set takes the place of what is there', { set: { source: 'gateway' } }, '/?source=me&a=1', 'a=1&source=gateway'],
  ['set from the request', { set: { via: '${request.header.x-app:-none}' } }, '/', 'via=none'],
  ['set what is not there', { set: { via: '${request.header.x-app}' } }, '/?via=me', undefined],
  ['keep and rename', { keep: ['p', 'q'], rename: { q: 's' } }, '/?q=1&p=2&x=3', 's=1&p=2'],
  ['nothing to change stays as it is spelled', { remove: ['x'] }, '/?a=%41&&b=1', 'a=%41&&b=1'],
]

/** [what, config, code] */
const faulty: readonly [what: string, config: unknown, code: string][] = [
  ['nothing', {}, 'empty'],
  ['an unknown key', { paths: [] }, 'unknown-key'],
  ['a pattern without a slash', { path: { from: 'a', to: '/b' } }, 'bad-pattern'],
  ['two groups in a segment', { path: { from: '/{a}-{b}', to: '/b' } }, 'bad-pattern'],
  ['a group twice', { path: { from: '/{a}/{a}', to: '/b' } }, 'bad-pattern'],
  ['a rest that is not last', { path: { from: '/{a*}/b', to: '/b' } }, 'bad-pattern'],
  ['a brace alone', { path: { from: '/{a', to: '/b' } }, 'bad-pattern'],
  ['a pattern with a dot segment', { path: { from: '/a/../b', to: '/b' } }, 'bad-pattern'],
  ['a pattern that is needlessly encoded', { path: { from: '/%61', to: '/b' } }, 'bad-pattern'],
  ['a target with a dot segment', { path: { from: '/a', to: '/../b' } }, 'bad-template'],
  ['a target with an empty segment', { path: { from: '/a', to: '//b' } }, 'bad-template'],
  ['a target with a query', { path: { from: '/a', to: '/b?c=1' } }, 'bad-template'],
  ['a target with an encoded slash', { path: { from: '/a', to: '/b%2Fc' } }, 'bad-template'],
  ['a target that begins with what is put in', { path: { from: '/{a}', to: '{a}' } }, 'bad-template'],
  ['a group that is not there', { path: { from: '/{a}', to: '/{b}' } }, 'unknown-value'],
  ['a value that is not there', { path: { from: '/a', to: '/${consumers}' } }, 'unknown-value'],
  ['a value of the response', { path: { from: '/a', to: '/${response.status}' } }, 'contradiction'],
  ['the caller where nobody is asked', { path: { from: '/a', to: '/${consumer}' } }, 'slot-unwritten'],
  ['one parameter twice', { query: { remove: ['a'], set: { a: '1' } } }, 'contradiction'],
  ['two parameters into one', { query: { rename: { a: 'c', b: 'c' } } }, 'contradiction'],
  ['a value of a parameter that is two', { query: { set: { a: 'a b' } } }, 'bad-template'],
  ['a value that begins another parameter', { query: { set: { a: 'b&c=d' } } }, 'bad-template'],
  ['CONNECT', { method: { from: 'POST', to: 'CONNECT' } }, 'unknown-word'],
  ['TRACE', { method: { from: 'POST', to: 'TRACE' } }, 'unknown-word'],
  ['a safe method', { method: { from: 'GET', to: 'DELETE' } }, 'unknown-word'],
  ['what may be repeated into what may not', { method: { from: 'PUT', to: 'POST' } }, 'contradiction'],
  ['a method into itself', { method: { from: 'PUT', to: 'PUT' } }, 'contradiction'],
  ['a host with a path', { host: 'a.example/b' }, 'bad-value'],
  ['a host from the request', { host: '${request.host}' }, 'bad-value'],
]

describe('rewrite', () => {
  it('does what its examples say', async () => assert.equal(await runExamples(rewrite), 4))

  it('forwards each path as the table says, below the API and at its root', async () => {
    let ran = 0
    for (const [what, path, asked, forwarded] of paths) {
      assert.equal((await house({ path }).send({ path: asked })).path, forwarded, what)
      const below = await house({ path }, '/shop').send({ path: `/shop${asked}` })
      assert.equal(below.path, `/shop${forwarded}`, `${what}, below /shop`)
      ran++
    }
    assert.equal(ran, 27)
  })

  it('forwards each query as the table says', async () => {
    let ran = 0
    for (const [what, query, asked, forwarded] of queries) {
      assert.equal((await house({ query }).send({ path: asked })).query, forwarded, what)
      ran++
    }
    assert.equal(ran, 16)
  })

  it('refuses each configuration of the table, for the reason that it names', () => {
    let ran = 0
    for (const [what, config, code] of faulty) {
      assert.deepEqual(faultsOf([{ policy: rewrite, config }]), [code], what)
      ran++
    }
    assert.equal(ran, 29)
  })

  it('the place of the API itself is its root', async () => {
    const at = house({ path: { from: '/', to: '/index' } }, '/shop')
    assert.equal((await at.send({ path: '/shop' })).path, '/shop/index')
  })

  it('other policies and the log go on with what the client asked for', async () => {
    const at = house({ path: { from: '/{all*}', to: '/x/{all}' } })
    const x = at.exchange({ path: '/a' })
    assert.equal(at.chain.run.parts.length, 1)
    await at.send({ path: '/a' })
    x.forwardPath('/x/a')
    assert.deepEqual([x.path, x.upstreamPath], ['/a', '/x/a'])
  })

  it('in monitor mode nothing is rewritten', async () => {
    const at = new Harness([{ policy: rewrite, mode: 'monitor', config: { path: { from: '/a', to: '/b' }, query: { remove: ['q'] } } }])
    const { path, query } = await at.send({ path: '/a?q=1' })
    assert.deepEqual([path, query], ['/a', 'q=1'])
  })
})
