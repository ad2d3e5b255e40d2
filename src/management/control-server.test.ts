// The control listener answers its own hosts, its own token and its own origin, and nobody else.
import assert from 'node:assert/strict'
import { request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { AdminToken } from './admin-token.ts'
import { startControl } from './control-server.ts'

const TOKEN = 'x'.repeat(43)
const KEYS = '/api/v1/consumers/acme/keys'
const BEARER = { authorization: `Bearer ${TOKEN}` }

describe('the control listener', () => {
  let server: Server
  let port: number
  let ready = true
  const made: (number | undefined)[] = []

  before(async () => {
    server = await startControl({ host: '127.0.0.1', port: 0 }, new AdminToken(TOKEN), {
      ready: () => ready,
      metrics: async () => 'up 1\n',
      createKey: async (consumer, expiresMs) => {
        if (consumer === 'broken') throw new Error('the store is gone: /var/secret/place')
        if (consumer !== 'acme') return { refused: 'unknown-consumer', says: 'There is no consumer of that name.' }
        if (expiresMs === 1) return { refused: 'invalid', says: 'The expiry is a moment of the future.' }
        made.push(expiresMs)
        return { secret: 'gth_secret', credential: 'key_1' }
      },
    })
    port = (server.address() as AddressInfo).port
  })
  after(() => {
    server.closeAllConnections()
    server.close()
  })

  interface Told {
    readonly status: number
    readonly headers: Readonly<Record<string, string | string[] | undefined>>
    readonly body: string
  }
  function call(method: string, path: string, headers: Record<string, string> = {}, body?: string): Promise<Told> {
    return new Promise((resolve, reject) => {
      const sent = request({ port, host: '127.0.0.1', method, path, headers: { host: `127.0.0.1:${port}`, ...headers } }, (response) => {
        let text = ''
        response.on('data', (part) => (text += part))
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, body: text }))
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }
  const codeOf = ({ status, body }: Told): string => `${status} ${JSON.parse(body).code}`

  test('tells health and metrics without a token', async () => {
    assert.equal((await call('GET', '/livez')).status, 200)
    assert.equal((await call('GET', '/readyz')).status, 200)
    ready = false
    assert.equal((await call('GET', '/readyz')).status, 503)
    ready = true
    assert.equal((await call('GET', '/metrics')).body, 'up 1\n')
  })

  for (const host of ['evil.example', 'evil.example:8081', '127.0.0.1.evil.example', 'localhost.evil', '127.0.0.2']) {
    test(`421 for the host "${host}" (DNS rebinding), with a good token too`, async () => {
      assert.equal(codeOf(await call('GET', '/metrics', { host })), '421 management.misdirected')
      assert.equal(codeOf(await call('POST', KEYS, { host, ...BEARER }, '{}')), '421 management.misdirected')
    })
  }
  test('its own hosts are served', async () => {
    for (const host of [`localhost:${port}`, 'LOCALHOST', '127.0.0.1', '[::1]:1']) assert.equal((await call('GET', '/livez', { host })).status, 200, host)
  })

  const refused: [name: string, method: string, path: string, headers: Record<string, string>, body: string | undefined, code: string][] = [
    ['no token', 'POST', KEYS, {}, '{}', '401 management.unauthorized'],
    ['a wrong token', 'POST', KEYS, { authorization: `Bearer ${'y'.repeat(43)}` }, '{}', '401 management.unauthorized'],
    ['an unknown address without a token', 'GET', '/api/v1/nothing', {}, undefined, '401 management.unauthorized'],
    ['a foreign origin', 'POST', KEYS, { ...BEARER, origin: 'https://evil.example' }, '{}', '403 management.foreign-origin'],
    ['an opaque origin', 'POST', KEYS, { ...BEARER, origin: 'null' }, '{}', '403 management.foreign-origin'],
    ['another port of this host', 'POST', KEYS, { ...BEARER, origin: 'http://127.0.0.1:1' }, '{}', '403 management.foreign-origin'],
    ['an expiry that is over', 'POST', '/api/v1/consumers/acme/keys', BEARER, '{"expires":"1970-01-01T00:00:00.001Z"}', '400 management.invalid'],
    ['an unknown consumer', 'POST', '/api/v1/consumers/nobody/keys', BEARER, '{}', '404 management.unknown-consumer'],
    ['an unknown address', 'POST', '/api/v1/consumers', BEARER, '{}', '404 management.unknown'],
    ['a name with a slash', 'POST', '/api/v1/consumers/a%2fb/keys', BEARER, '{}', '404 management.unknown'],
    ['a wrong method', 'GET', KEYS, BEARER, undefined, '405 management.method-not-allowed'],
    ['no JSON', 'POST', KEYS, BEARER, '{', '400 management.invalid'],
    ['a number', 'POST', KEYS, BEARER, '1', '400 management.invalid'],
    ['null', 'POST', KEYS, BEARER, 'null', '400 management.invalid'],
    ['an unknown member', 'POST', KEYS, BEARER, '{"scopes":[]}', '400 management.invalid'],
    ['a time that is none', 'POST', KEYS, BEARER, '{"expires":"soon"}', '400 management.invalid'],
    ['a time as a number', 'POST', KEYS, BEARER, '{"expires":1}', '400 management.invalid'],
    ['a body above the limit', 'POST', KEYS, BEARER, `{"expires":"${' '.repeat(70_000)}"}`, '400 management.invalid'],
    ['a fault inside', 'POST', '/api/v1/consumers/broken/keys', BEARER, '{}', '500 management.broken'],
    ['anything else', 'GET', '/', {}, undefined, '404 management.unknown'],
  ]
  for (const [name, method, path, headers, body, code] of refused) {
    test(`refuses ${name}`, async () => {
      const told = await call(method, path, headers, body)
      assert.equal(codeOf(told), code)
      assert.equal(told.headers['content-type'], 'application/problem+json')
      assert.equal(told.status === 401, told.headers['www-authenticate'] !== undefined)
      assert.doesNotMatch(told.body, /secret|\bat\b.*\.ts/)
    })
  }

  test('makes a key for who holds the token, and lets nobody store the answer', async () => {
    made.length = 0
    const told = await call('POST', KEYS, { ...BEARER, origin: `http://127.0.0.1:${port}` }, '{"expires":"2027-01-31T00:00:00Z"}')
    assert.deepEqual([told.status, JSON.parse(told.body), told.headers['cache-control']], [201, { secret: 'gth_secret', credential: 'key_1' }, 'no-store'])
    assert.equal((await call('POST', KEYS, BEARER)).status, 201)
    assert.deepEqual(made, [Date.parse('2027-01-31T00:00:00Z'), undefined])
  })
})
