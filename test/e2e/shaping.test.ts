// Over the wire: what the policies that shape make of requests and answers is what upstream and client read, and nothing that a caller sends comes out as more.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type ConfiguredGateway, configuredGateway } from '../support/configured-gateway.ts'
import { valuesOf } from '../support/http-message.ts'
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts'

describe('shaping', () => {
  let upstream: RecordingUpstream
  let gateway: ConfiguredGateway
  before(async () => {
    upstream = await startRecordingUpstream()
    const at = (base: string) => `http://127.0.0.1:${upstream.port}${base}`
    const shaped = {
      redirect: { from: '/old/{rest*}', to: '/shop/new/{rest}', keepQuery: true },
      headers: {
        request: { set: { 'X-Tenant': '${request.query.tenant:-none}', 'X-Asked': '${request.path}' }, remove: ['X-Debug'] },
        response: { rename: { 'X-Upstream-Message': 'X-Message' }, set: { 'X-Path': '${request.path}' } },
      },
      rewrite: {
        path: [
          { from: '/v1/{id}', to: '/items/${request.query.kind:-book}/{id}' },
          { from: '/v1/{rest*}', to: '/legacy/{rest}' },
        ],
        query: { rename: { q: 'search' }, remove: ['tenant', 'kind'], set: { source: 'gateway' } },
        method: { from: 'POST', to: 'PUT' },
        host: 'internal.example:81',
      },
    }
    gateway = await configuredGateway({
      gatehouse: 1,
      gateway: { listen: ['http://127.0.0.1:0'] },
      control: { listen: 'http://127.0.0.1:0' },
      apis: {
        shop: { path: '/shop', public: true, upstream: at('/base'), policies: shaped },
        whole: { path: '/whole', stripPath: false, public: true, upstream: at(''), policies: { rewrite: { path: { from: '/a/{x}', to: '/b/{x}' } } } },
        loose: {
          path: '/loose',
          public: true,
          allowInTarget: ['encoded-slash', 'empty-segments', 'dot-segments', 'backslash'],
          upstream: at('/base'),
          policies: { rewrite: { path: { from: '/v1/{rest*}', to: '/x/{rest}' } }, redirect: { from: '/go/{rest*}', to: '/{rest}' } },
        },
        mocked: {
          path: '/mocked',
          public: true,
          upstream: at(''),
          policies: { mock: { answers: [{ json: { a: 'é' } }, { status: 204, name: 'empty' }, { status: 404, body: 'no' }], prefer: true } },
        },
        faulty: { path: '/faulty', public: true, upstream: at(''), policies: { mock: { fault: { percent: 100, status: 599, delay: '1ms' } } } },
        watched: {
          path: '/watched',
          public: true,
          upstream: at(''),
          policies: { rewrite: { mode: 'monitor', path: { from: '/a', to: '/b' }, method: { from: 'POST', to: 'PUT' }, host: 'b' } },
        },
      },
    })
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.stop()
  })
  /** What reached the upstream of the last request. */
  const seen = () => {
    const [message, ...others] = upstream.take()
    assert.deepEqual([others, upstream.faults], [[], []])
    return message
  }

  test('a request reaches its upstream as it is written down, and the log has what was asked', async () => {
    const { status, values } = await gateway.ask('/shop/v1/7?q=sea&tenant=blue&a=%41', ['X-Tenant: root', 'x_tenant: root', 'X-Debug: 1'])
    const message = seen()!
    assert.deepEqual([message.method, message.target], ['GET', '/base/items/book/7?search=sea&a=%41&source=gateway'])
    assert.deepEqual(valuesOf(message, 'host'), ['internal.example:81'])
    assert.deepEqual([valuesOf(message, 'x-tenant'), valuesOf(message, 'x_tenant'), valuesOf(message, 'x-debug')], [['blue'], [], []])
    assert.deepEqual(valuesOf(message, 'x-asked'), ['/shop/v1/7'])
    assert.deepEqual([status, values('x-upstream-message'), values('x-message').length, values('x-path')], [200, [], 1, ['/shop/v1/7']])
    const line = (await gateway.log()).at(-1)!
    assert.deepEqual([line['path'], line['query'], line['method']], ['/shop/v1/7', 'q=sea&tenant=blue&a=%41', 'GET'])
  })

  test('another method is what the upstream gets, and HEAD stays HEAD', async () => {
    const { status } = await gateway.ask('/shop/v1/a/b', ['Content-Length: 0'], { method: 'POST' })
    const message = seen()!
    assert.deepEqual([status, message.method, message.target], [200, 'PUT', '/base/legacy/a/b?source=gateway'])
    const head = await gateway.ask('/shop/v1/a/b', [], { method: 'HEAD' })
    assert.deepEqual([head.status, seen()!.method], [200, 'HEAD'])
  })

  test('where the prefix stays, it stays', async () => {
    await gateway.ask('/whole/a/7')
    assert.equal(seen()!.target, '/whole/b/7')
    await gateway.ask('/whole/c')
    assert.equal(seen()!.target, '/whole/c')
  })

  test('one that only watches changes nothing that leaves', async () => {
    await gateway.ask('/watched/a', ['Content-Length: 0'], { method: 'POST' })
    const message = seen()!
    assert.deepEqual([message.method, message.target, valuesOf(message, 'host')], ['POST', '/a', [`127.0.0.1:${upstream.port}`]])
  })

  test('nothing that a caller puts in ends a line, adds a field or leads out of its segment', async () => {
    const values = [
      '%0d%0aX-Evil:%201',
      '%0aX-Evil:1',
      '..',
      '%2e%2e',
      'a%2fb',
      '%C4%8AX-Evil:1',
      '%E5%98%8D%E5%98%8AX-Evil:1',
      '%5c..%5c',
      'a%20b',
      '%0d%0a%0d%0aGET%20/evil%20HTTP/1.1%0d%0aHost:%20a',
    ]
    let refused = 0
    for (const value of values) {
      const { status, code, values: told } = await gateway.ask(`/shop/v1/7?kind=${value}&tenant=${value}&q=${value}`)
      assert.deepEqual(told('x-evil'), [], value)
      if (status !== 200) {
        assert.deepEqual([status, code, upstream.take().length], [400, 'rewrite.refused', 0], value)
        refused++
        continue
      }
      const message = seen()!
      assert.match(message.target, /^\/base\/items\/[A-Za-z0-9%-]+\/7\?search=[^&]*&source=gateway$/, value)
      assert.deepEqual([valuesOf(message, 'x-evil'), valuesOf(message, 'x-tenant').length], [[], 1], value)
    }
    assert.deepEqual([refused, upstream.faults], [7, []])
  })

  test('where ambiguous paths are let in, a rewrite adds none, and a redirect leads to no other host', async () => {
    for (const [path, target] of [
      ['/loose/v1/a%2Fb', '/base/x/a%2Fb'],
      ['/loose/v1/a//b', '/base/x/a//b'],
      ['/loose/v1/a/../../v1/b', '/base/x/b'],
    ] as const) {
      await gateway.ask(path)
      assert.equal(seen()!.target, target, path)
    }
    for (const path of ['/loose/go//evil.example', '/loose/go/%5cevil.example', '/loose/go/%2fevil.example', '/loose/go///evil.example']) {
      const { status, code, values } = await gateway.ask(path)
      assert.deepEqual([status, code, values('location')], [400, 'redirect.refused', []], path)
    }
    assert.deepEqual(upstream.take(), [])
  })

  test('a redirect is answered without the upstream, also to a request with a body', async () => {
    const { status, values } = await gateway.ask('/shop/old/a/b?x=1')
    assert.deepEqual([status, values('location')], [308, ['/shop/new/a/b?x=1']])
    assert.equal((await gateway.ask('/shop/old/a', ['Content-Length: 0'], { method: 'POST' })).status, 308)
    assert.deepEqual(upstream.take(), [])
  })

  test('a mock answers in the upstream’s place, with the framing that belongs to its status', async () => {
    const plain = await gateway.ask('/mocked/a')
    assert.deepEqual([plain.status, plain.body, plain.values('content-length'), plain.values('content-type')], [200, '{"a":"é"}', ['10'], ['application/json']])
    const head = await gateway.ask('/mocked/a', [], { method: 'HEAD' })
    assert.deepEqual([head.status, head.body, head.values('content-length')], [200, '', ['10']])
    const empty = await gateway.ask('/mocked/a', ['Prefer: example=empty'])
    assert.deepEqual([empty.status, empty.body, empty.values('content-length')], [204, '', []])
    assert.equal((await gateway.ask('/mocked/a', ['Prefer: code=404'])).body, 'no')
    assert.deepEqual(upstream.take(), [])
  })

  test('a fault on purpose is told as one, in the log too', async () => {
    const { status, code } = await gateway.ask('/faulty/a')
    assert.deepEqual([status, code, (await gateway.log()).at(-1)!['code']], [599, 'mock.fault', 'mock.fault'])
    assert.deepEqual(upstream.take(), [])
  })
})
