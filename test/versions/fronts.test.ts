// Versions at one place are told apart by one reading of the request, or not at all; what was chosen is what is forwarded.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type ConfiguredGateway, configuredGateway } from '../support/configured-gateway.ts'
import { valuesOf } from '../support/http-message.ts'
import { type RecordingUpstream, startRecordingUpstream } from '../support/recording-upstream.ts'

/** What is asked with, and the version that answers or the code of the refusal; then what the upstream is told of it. */
type Vector = readonly [target: string, lines: readonly string[], outcome: 'v1' | 'v2' | string, told?: string]

describe('versions at one place', () => {
  let upstreams: RecordingUpstream[]
  let gateway: ConfiguredGateway
  before(async () => {
    upstreams = [await startRecordingUpstream(), await startRecordingUpstream()]
    const [v1, v2] = upstreams.map(({ port }) => ({ upstream: `http://127.0.0.1:${port}` }))
    const versions = { v1, v2 }
    const api = (name: string, versioning: object) => ({ path: `/${name}`, versioning, public: true })
    gateway = await configuredGateway({
      apis: {
        field: api('field', { header: 'X-API-Version' }),
        'field-default': api('field-default', { header: 'X-API-Version', default: 'v2' }),
        query: api('query', { query: 'version' }),
        'query-default': api('query-default', { query: 'version', default: 'v1' }),
        media: api('media', { mediaType: 'application/vnd.shop.{version}+json' }),
        'media-default': api('media-default', { mediaType: 'application/vnd.shop.{version}+json', default: 'v1' }),
        path: api('path', { by: 'path' }),
        browsed: { ...api('browsed', { header: 'X-API-Version' }), policies: { cors: { allowOrigins: ['https://shop.example'] } } },
      },
      versions: Object.fromEntries(
        ['field', 'field-default', 'query', 'query-default', 'media', 'media-default', 'path', 'browsed'].map((name) => [name, versions]),
      ),
    })
  })
  after(async () => {
    await gateway?.stop()
    for (const upstream of upstreams ?? []) await upstream.stop()
  })

  async function hold(
    vectors: readonly Vector[],
    tell: (message: { target: string; fields: ReadonlyArray<readonly [string, string]> }) => string,
  ): Promise<number> {
    let ran = 0
    for (const [target, lines, outcome, told] of vectors) {
      for (const upstream of upstreams) upstream.take()
      const answer = await gateway.ask(target, lines)
      const reached = upstreams.map((upstream) => upstream.take())
      const which = `${target} ${lines.join(' | ')}`
      if (outcome.startsWith('v') && outcome.length === 2) {
        assert.equal(answer.status, 200, `${which} ${answer.body}`)
        const index = outcome === 'v1' ? 0 : 1
        assert.deepEqual([reached[index]!.length, reached[1 - index]!.length], [1, 0], which)
        if (told !== undefined) assert.equal(tell(reached[index]![0]!), told, which)
      } else {
        assert.deepEqual([answer.code, reached.flat().length], [outcome, 0], which)
        assert.equal(answer.status, outcome === 'version.unknown' || outcome === 'route.unknown' ? 404 : 400, which)
      }
      ran++
    }
    for (const { faults } of upstreams) assert.deepEqual(faults, [])
    return ran
  }

  test('by field: once, exactly as declared; a list, a second line, a look-alike or another spelling is no version', async () => {
    const told = (message: { fields: ReadonlyArray<readonly [string, string]> }) => valuesOf(message, 'x-api-version').join('|')
    const vectors: Vector[] = [
      ['/field/a', ['X-API-Version: v1'], 'v1', 'v1'],
      ['/field/a', ['x-api-version:   v2  '], 'v2', 'v2'],
      ['/field/a', [], 'version.missing'],
      ['/field/a', ['X-API-Version: v3'], 'version.unknown'],
      ['/field/a', ['X-API-Version: V1'], 'version.unknown'],
      ['/field/a', ['X-API-Version: '], 'version.ambiguous'],
      ['/field/a', ['X-API-Version: v1, v2'], 'version.ambiguous'],
      ['/field/a', ['X-API-Version: v1,'], 'version.ambiguous'],
      ['/field/a', ['X-API-Version: "v1"'], 'version.ambiguous'],
      ['/field/a', ['X-API-Version: v1;q=1'], 'version.ambiguous'],
      ['/field/a', ['X-API-Version: %761'], 'version.ambiguous'],
      ['/field/a', ['X-API-Version: v1\u00a0'], 'version.ambiguous'],
      ['/field/a', ['X-API-Version: v1', 'X-API-Version: v2'], 'version.ambiguous'],
      ['/field/a', ['X-API-Version: v1', 'X-API-Version: v1'], 'version.ambiguous'],
      ['/field/a', ['X-API-Version: v1', 'X_API_Version: v2'], 'version.ambiguous'],
      ['/field/a', ['X_API_VERSION: v2'], 'version.ambiguous'],
      ['/field/a', [`X-API-Version: ${'v'.repeat(2000)}`], 'version.ambiguous'],
      ['/field/a?version=v2', ['X-API-Version: v1'], 'v1', 'v1'],
      ['/field-default/a', [], 'v2', 'v2'],
      ['/field-default/a', ['X-API-Version: v1'], 'v1', 'v1'],
      ['/field-default/a', ['X-API-Version: v9'], 'version.unknown'],
      ['/field-default/a', ['X-API-Version: v1', 'Connection: X-API-Version'], 'v2', 'v2'],
    ]
    assert.equal(await hold(vectors, told), 22)
  })

  test('by query: once, spelled plainly; whatever some server would take for the same parameter is no version', async () => {
    const told = ({ target }: { target: string }) => target
    const vectors: Vector[] = [
      ['/query/a?version=v1', [], 'v1', '/a?version=v1'],
      ['/query/a?x=1&version=v2&y=%20', [], 'v2', '/a?x=1&version=v2&y=%20'],
      ['/query/a', [], 'version.missing'],
      ['/query/a?', [], 'version.missing'],
      ['/query/a?aversion=v1&versions=v2', [], 'version.missing'],
      ['/query/a?version=v9', [], 'version.unknown'],
      ['/query/a?version=V1', [], 'version.unknown'],
      ['/query/a?version', [], 'version.ambiguous'],
      ['/query/a?version=', [], 'version.ambiguous'],
      ['/query/a?version=v1&version=v2', [], 'version.ambiguous'],
      ['/query/a?version=v1&version=v1', [], 'version.ambiguous'],
      ['/query/a?version=v1&Version=v2', [], 'version.ambiguous'],
      ['/query/a?version=v1&ver%73ion=v2', [], 'version.ambiguous'],
      ['/query/a?ver%73ion=v2', [], 'version.ambiguous'],
      ['/query/a?version=v1&ver%2573ion=v2', [], 'version.ambiguous'],
      ['/query/a?version=%761', [], 'version.ambiguous'],
      ['/query/a?version=v1&version[]=v2', [], 'version.ambiguous'],
      ['/query/a?version=v1&version%5b0%5d=v2', [], 'version.ambiguous'],
      ['/query/a?version=v1&+version=v2', [], 'version.ambiguous'],
      ['/query/a?version=v1&version%20=v2', [], 'version.ambiguous'],
      ['/query/a?x=1;version=v2', [], 'version.ambiguous'],
      ['/query/a?version=v1&x=1;version=v2', [], 'version.ambiguous'],
      ['/query/a?version=v1;x', [], 'version.ambiguous'],
      ['/query/a?version=v1&x=version=v2', [], 'v1', '/a?version=v1&x=version=v2'],
      ['/query/a?version=v1?version=v2', [], 'version.ambiguous'],
      ['/query-default/a', [], 'v1', '/a?version=v1'],
      ['/query-default/a?x=1', [], 'v1', '/a?x=1&version=v1'],
      ['/query-default/a?version=v2', [], 'v2', '/a?version=v2'],
    ]
    assert.equal(await hold(vectors, told), 28)
  })

  test('by media type: Accept and Content-Type agree on one version, quoted commas and all', async () => {
    const told = (message: { fields: ReadonlyArray<readonly [string, string]> }) => valuesOf(message, 'accept').join('|')
    const type = (version: string) => `application/vnd.shop.${version}+json`
    const vectors: Vector[] = [
      ['/media/a', [`Accept: ${type('v1')}`], 'v1', type('v1')],
      ['/media/a', ['Accept: Application/VND.Shop.V2+JSON;q=0.5, */*;q=0.1'], 'v2', 'Application/VND.Shop.V2+JSON;q=0.5, */*;q=0.1'],
      ['/media/a', [`Content-Type: ${type('v2')}; charset=utf-8`], 'v2'],
      ['/media/a', [`Accept: ${type('v1')}`, `Content-Type: ${type('v1')}`], 'v1'],
      ['/media/a', ['Accept: text/html', `Accept: ${type('v2')}`], 'v2'],
      ['/media/a', [], 'version.missing'],
      ['/media/a', ['Accept: */*'], 'version.missing'],
      ['/media/a', ['Accept: application/json'], 'version.missing'],
      ['/media/a', [`Accept: ${type('v3')}`], 'version.unknown'],
      ['/media/a', [`Accept: ${type('')}`], 'version.ambiguous'],
      ['/media/a', [`Accept: ${type('v1')}, ${type('v2')}`], 'version.ambiguous'],
      ['/media/a', [`Accept: ${type('v1')}`, `Accept: ${type('v2')}`], 'version.ambiguous'],
      ['/media/a', [`Accept: ${type('v1')}`, `Content-Type: ${type('v2')}`], 'version.ambiguous'],
      ['/media/a', [`Content-Type: ${type('v1')}`, `Content-Type: ${type('v1')}`], 'version.ambiguous'],
      ['/media/a', [`Accept: ${type('v1')};q=0`], 'version.ambiguous'],
      ['/media/a', [`Accept: ${type('v1')};x=1;Q = 0.000`], 'version.ambiguous'],
      ['/media/a', [`Accept: ${type('v1%2f')}`], 'version.ambiguous'],
      ['/media/a', [`Accept: text/plain;x=",${type('v2')}", ${type('v1')}`], 'v1'],
      ['/media/a', [`Accept: text/plain;x="\\",${type('v2')}", ${type('v1')}`], 'v1'],
      ['/media/a', [`Accept: text/plain;x=", ${type('v1')}`], 'version.ambiguous'],
      ['/media-default/a', ['Accept: */*'], 'v1', '*/*'],
      ['/media-default/a', [], 'v1', ''],
      ['/media-default/a', [`Accept: ${type('v2')}`], 'v2', type('v2')],
    ]
    assert.equal(await hold(vectors, told), 23)
  })

  test('by path: a version is a segment, and what is none is nowhere', async () => {
    const told = ({ target }: { target: string }) => target
    const vectors: Vector[] = [
      ['/path/v1/a', [], 'v1', '/a'],
      ['/path/v2', [], 'v2', '/'],
      ['/path/%762/a', [], 'v2', '/a'],
      ['/path/V1/a', [], 'route.unknown'],
      ['/path/v3/a', [], 'route.unknown'],
      ['/path/v11/a', [], 'route.unknown'],
      ['/path/a', [], 'route.unknown'],
      ['/path', [], 'route.unknown'],
      ['/path/v1/../v2/a', [], 'route.ambiguous-target'],
      ['/path//v1/a', [], 'route.unknown'],
    ]
    assert.equal(await hold(vectors, told), 10)
  })

  test('a cache is told that the answer depends on the version, whatever the answer', async () => {
    assert.deepEqual((await gateway.ask('/field/a', ['X-API-Version: v1'])).values('vary'), ['X-API-Version'])
    assert.deepEqual((await gateway.ask('/media/a', ['Accept: application/vnd.shop.v1+json'])).values('vary'), ['Accept'])
    assert.deepEqual((await gateway.ask('/query/a?version=v1')).values('vary'), [])
    assert.deepEqual((await gateway.ask('/field/a', ['X-API-Version: v9'])).values('cache-control'), ['no-store'])
  })

  test('a browser’s preflight, which names no version, is answered, and lets nothing through', async () => {
    for (const upstream of upstreams) upstream.take()
    const preflight = ['Origin: https://shop.example', 'Access-Control-Request-Method: GET']
    const answer = await gateway.ask('/browsed/a', preflight, { method: 'OPTIONS' })
    assert.deepEqual([answer.status, ...answer.values('access-control-allow-origin')], [204, 'https://shop.example'])
    assert.equal((await gateway.ask('/browsed/a', preflight.slice(0, 1), { method: 'OPTIONS' })).code, 'version.missing')
    assert.equal((await gateway.ask('/field/a', preflight, { method: 'OPTIONS' })).code, 'version.missing', 'nobody answers it, and no upstream gets it')
    assert.equal((await gateway.ask('/field/a', [...preflight, 'X-API-Version: v1'], { method: 'OPTIONS' })).status, 200)
    assert.deepEqual([upstreams[0]!.take().length, upstreams[1]!.take().length], [1, 0])
    assert.equal((await gateway.ask('/browsed/a', [...preflight, 'X-API-Version: v1, v2'], { method: 'OPTIONS' })).code, 'version.ambiguous')
  })

  test('metrics and the access log name the version; refusals without one name the API', async () => {
    await gateway.ask('/field/log', ['X-API-Version: v1'])
    await gateway.ask('/field/log')
    const lines = (await gateway.log()).filter(({ path }) => path === '/field/log')
    assert.deepEqual(
      lines.map(({ api, code }) => [api, code]),
      [
        ['field@v1', undefined],
        [undefined, 'version.missing'],
      ],
    )
    assert.ok(gateway.routes().some(({ api }) => api === 'field@v1'))
  })
})
