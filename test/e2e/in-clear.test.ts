// Where https is wanted, nothing is served in clear: not to who claims to have come by https, and not by a redirect that hides a leak.
import assert from 'node:assert/strict'
import { afterEach, describe, test } from 'node:test'
import { type ConfiguredGateway, configuredGateway } from '../support/configured-gateway.ts'
import { startSwiftUpstream } from '../support/swift-upstream.ts'

describe('a listener in clear', () => {
  const ends: (() => Promise<void>)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0)) await end()
  })
  async function start(https: string | undefined, trusted: readonly string[] = []): Promise<ConfiguredGateway> {
    const upstream = await startSwiftUpstream()
    const listen = [{ address: 'http://127.0.0.1:0', ...(https && { https }) }]
    const gateway = await configuredGateway({
      gateway: { listen, trustedProxies: [...trusted] },
      apis: { a: { path: '/', upstream: `http://127.0.0.1:${upstream.port}`, public: true } },
    })
    ends.push(async () => {
      await gateway.stop()
      await upstream.stop()
    })
    return gateway
  }
  const status = async (gateway: ConfiguredGateway, lines: readonly string[] = [], method = 'GET'): Promise<number> =>
    (await gateway.ask('/a?b=c', lines, { method })).status

  test('serves as long as nobody says otherwise', async () => {
    for (const https of [undefined, 'off']) assert.equal(await status(await start(https)), 200)
  })

  test('that refuses answers 403 with a code, whatever the method and whatever the caller claims', async () => {
    const gateway = await start('refuse')
    for (const [lines, method] of [
      [[], 'GET'],
      [[], 'HEAD'],
      [['Content-Length: 0'], 'POST'],
      [[], 'OPTIONS'],
      [['X-Forwarded-Proto: https'], 'GET'],
      [['Forwarded: proto=https'], 'GET'],
      [['X-Forwarded-Ssl: on', 'Front-End-Https: on', 'X-Forwarded-Scheme: https', 'X-Url-Scheme: https'], 'GET'],
      [['Upgrade-Insecure-Requests: 1'], 'GET'],
    ] as const)
      assert.equal(await status(gateway, lines, method), 403, `${method} ${lines.join()}`)
    assert.ok((await gateway.log()).every(({ code, status }) => code === 'request.in-clear' && status === 403))
  })

  test('behind a proxy that is believed serves what came there by https, and nothing that is told in two ways', async () => {
    const gateway = await start('refuse', ['127.0.0.1'])
    for (const [lines, expected] of [
      [['X-Forwarded-Proto: https'], 200],
      [['X-Forwarded-Proto: HTTPS'], 200],
      [['Forwarded: for=192.0.2.1;proto=https'], 200],
      [['Forwarded: for=192.0.2.1;proto="https"', 'X-Forwarded-Proto: https'], 200],
      [['X-Forwarded-Proto: http, https'], 200],
      [[], 403],
      [['X-Forwarded-Proto: http'], 403],
      [['X-Forwarded-Proto: https, http'], 403],
      [['X-Forwarded-Proto: https', 'X-Forwarded-Proto: http'], 403],
      [['X-Forwarded-Proto: https', 'Forwarded: for=192.0.2.1;proto=http'], 403],
      [['X_Forwarded_Proto: https'], 403],
      [['X-Forwarded-Proto: httpsx'], 403],
      [['X-Forwarded-Proto: '], 403],
      [['Forwarded: for=192.0.2.1;notproto=https'], 403],
      [['Forwarded: for="x;proto=https"'], 403],
      [['Forwarded: for="x, proto=https"'], 403],
      [['Forwarded: for="\\";proto=https;x="'], 403],
      [['Forwarded: proto=https;proto=http'], 403],
      [['Forwarded: proto=https, for=192.0.2.9'], 403],
    ] as const)
      assert.equal(await status(gateway, lines), expected, lines.join())
  })
})
