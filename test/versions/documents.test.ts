// The gateway's own documents stand where no API does, and never in front of one.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type ConfiguredGateway, configuredGateway } from '../support/configured-gateway.ts'
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts'

let upstream: RecordingUpstream
let gateway: ConfiguredGateway
const CATALOG = '/.well-known/api-catalog'
const SECURITY = '/.well-known/security.txt'

function configuration(more: object, catalog = true): object {
  return {
    apis: { a: { path: '/a', upstream: `http://127.0.0.1:${upstream.port}`, public: true, catalog }, ...more },
    securityTxt: { contact: ['mailto:security@example.com'], expires: '2024-06-30' },
  }
}
before(async () => {
  upstream = await startRecordingUpstream()
  gateway = await configuredGateway(configuration({}))
})
after(async () => {
  await gateway?.stop()
  await upstream?.stop()
})

test('they are answered without a credential, to GET and HEAD alone, and reach no upstream', async () => {
  const catalog = await gateway.ask(CATALOG)
  assert.deepEqual(
    [catalog.status, ...catalog.values('content-type'), ...catalog.values('link')],
    [200, 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"', '</.well-known/api-catalog>; rel="api-catalog"'],
  )
  assert.deepEqual(JSON.parse(catalog.body).linkset[0].item, [{ href: '/a' }])
  const head = await gateway.ask(CATALOG, [], { method: 'HEAD' })
  assert.deepEqual([head.status, head.values('link').length, head.body], [200, 1, ''])
  assert.deepEqual(head.values('content-length'), catalog.values('content-length'))
  assert.match((await gateway.ask(SECURITY)).body, /^Contact: mailto:security@example\.com\nExpires: 2024-06-30T00:00:00\.000Z\n$/)
  const post = await gateway.ask(SECURITY, [], { method: 'POST' })
  assert.deepEqual([post.status, ...post.values('allow')], [405, 'GET, HEAD'])
  assert.deepEqual(upstream.take(), [])
})

test('another spelling, another path below, another name: nothing is there', async () => {
  for (const target of [
    '/.well-known',
    '/.well-known/',
    `${CATALOG}/`,
    `${CATALOG}/x`,
    '/.Well-Known/api-catalog',
    '/.well-known/passwd',
    '/a/../.well-known/security.txt',
    '/x/%2e%2e/.well-known/api-catalog',
  ])
    assert.equal((await gateway.ask(target)).code, 'route.unknown', target)
})

test('an API at that path, or one that takes every path, is answered by the API, with its own protection', async () => {
  const url = `http://127.0.0.1:${upstream.port}`
  await gateway.publish(configuration({ known: { path: '/.well-known/security.txt', upstream: url, policies: { 'api-key': { header: 'K' } } } }))
  assert.equal((await gateway.ask(SECURITY)).code, 'api-key.missing')
  assert.equal((await gateway.ask(CATALOG)).status, 200)
  await gateway.publish(configuration({ root: { path: '/', upstream: url, policies: { 'api-key': { header: 'K' } } } }))
  for (const target of [SECURITY, CATALOG]) assert.equal((await gateway.ask(target)).code, 'api-key.missing')
})

test('where nothing asked to be listed there is no catalogue, and after its date no contact', async () => {
  await gateway.publish(configuration({}, false))
  assert.equal((await gateway.ask(CATALOG)).code, 'route.unknown')
  gateway.clock.advanceMs(Date.UTC(2024, 5, 30) - gateway.clock.nowUs() / 1000)
  await gateway.publish()
  assert.equal((await gateway.ask(SECURITY)).code, 'route.unknown')
})
