// api-key knows a consumer by its key, wherever the key travels, and keeps the key from the upstream.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mintKey } from '../../base/keys.ts'
import { faultsOf, Harness, type HarnessOptions, type Request, runExamples } from '../../pipeline/harness.ts'
import { apiKey } from './policy.ts'

const KEY = mintKey()
const OTHER = mintKey()
const EXPIRED = mintKey()
const ELSEWHERE = mintKey()
const keys: HarnessOptions['keys'] = [
  { secret: KEY, consumer: 'acme' },
  { secret: OTHER, consumer: 'other' },
  { secret: EXPIRED, consumer: 'acme', expiresMs: 1_700_000_000_000 },
  { secret: ELSEWHERE, consumer: 'far', apis: ['another-api'] },
  { secret: 'issued elsewhere', consumer: 'old' },
]
const house = (config: unknown) => new Harness([{ policy: apiKey, config }], { keys })
const PLACES: readonly (readonly [config: Record<string, string>, show: (key: string) => Request])[] = [
  [{ header: 'X-API-Key' }, (key) => ({ headers: { 'x-api-key': key } })],
  [{ header: 'Authorization' }, (key) => ({ headers: { Authorization: key } })],
  [{ query: 'api_key' }, (key) => ({ path: `/books?api_key=${encodeURIComponent(key)}` })],
  [{ cookie: 'key' }, (key) => ({ headers: { Cookie: `key=${key}` } })],
]

describe('api-key', () => {
  it('does what its examples say', async () => assert.equal(await runExamples(apiKey), 3))

  it('answers alike in a field, in the query and in a cookie', async () => {
    let ran = 0
    for (const [config, show] of PLACES) {
      const table = [
        [{}, 401, 'api-key.missing'],
        [show(KEY), 200, undefined],
        [show(mintKey()), 401, 'api-key.invalid'],
        [show(EXPIRED), 401, 'api-key.invalid'],
        [show(`${KEY}x`), 401, 'api-key.invalid'],
        [show(''), 401, 'api-key.invalid'],
        [show(ELSEWHERE), 403, 'api-key.not-allowed'],
      ] as const
      for (const [request, status, code] of table) {
        const outcome = await house(config).send(request)
        assert.deepEqual([outcome.status, outcome.code], [status, code], `${JSON.stringify(config)} ${JSON.stringify(request)}`)
        ran++
      }
    }
    assert.equal(ran, 28)
  })

  it('says who calls, to later policies and to the upstream, and forwards no key', async () => {
    const rest: Record<string, [Request, readonly string[], string | undefined]> = {
      header: [{ headers: { 'X-API-Key': KEY, 'X-Else': '1' } }, ['X-Else: 1'], undefined],
      query: [{ path: `/?a=1&api_key=${KEY}&b=%20` }, [], 'a=1&b=%20'],
      cookie: [{ headers: { Cookie: `a=1; key=${KEY}; b="2"` } }, ['Cookie: a=1; b="2"'], undefined],
    }
    const configs: Record<string, unknown> = { header: { header: 'X-API-Key' }, query: { query: 'api_key' }, cookie: { cookie: 'key' } }
    for (const [place, [request, left, query]] of Object.entries(rest)) {
      const outcome = await house(configs[place]).send(request)
      assert.deepEqual([outcome.status, outcome.consumer, outcome.query], [200, 'acme', query], place)
      const forwarded = outcome.forwarded.filter((line) => !line.startsWith('Gatehouse-'))
      assert.deepEqual(forwarded, left)
      const told = outcome.forwarded.filter((line) => line.startsWith('Gatehouse-'))
      assert.equal(told[0], 'Gatehouse-Consumer: acme')
      assert.match(told[1]!, /^Gatehouse-Credential: key_[0-9a-f]{12}$/)
      assert.equal(told.length, 2)
      assert.equal(JSON.stringify(outcome.forwarded).includes(KEY), false)
    }
  })

  it('a query or cookie that held nothing else is not forwarded at all', async () => {
    assert.equal((await house({ query: 'k' }).send({ path: `/?k=${KEY}` })).query, undefined)
    const { forwarded } = await house({ cookie: 'k' }).send({ headers: { Cookie: `k=${KEY}` } })
    assert.equal(
      forwarded.some((line) => line.startsWith('Cookie')),
      false,
    )
  })

  it('every 401 carries a challenge, and the realm cannot be broken out of', async () => {
    for (const request of [{}, { headers: { 'X-API-Key': 'x' } }])
      assert.equal((await house({ header: 'X-API-Key' }).send(request)).fields.get('www-authenticate'), 'ApiKey realm="test-api"')
    const odd = new Harness([{ policy: apiKey, config: { header: 'X-API-Key' } }], { api: 'a"b\\' })
    assert.equal((await odd.send()).fields.get('www-authenticate'), 'ApiKey realm="a\\"b\\\\"')
  })

  it('a key issued elsewhere is known only where that is declared', async () => {
    const request = { headers: { 'X-API-Key': 'issued elsewhere' } }
    assert.equal((await house({ header: 'X-API-Key' }).send(request)).status, 401)
    assert.equal((await house({ header: 'X-API-Key', format: 'any' }).send(request)).consumer, 'old')
    assert.equal((await house({ header: 'X-API-Key', format: 'any' }).send({ headers: { 'X-API-Key': KEY } })).consumer, 'acme')
  })

  it('a key expires while the gateway runs', async () => {
    const harness = new Harness([{ policy: apiKey, config: { header: 'X-API-Key' } }], {
      keys: [{ secret: KEY, consumer: 'acme', expiresMs: 1_700_000_001_000 }],
    })
    const request = { headers: { 'X-API-Key': KEY } }
    assert.equal((await harness.send(request)).status, 200)
    harness.clock.advanceMs(999)
    assert.equal((await harness.send(request)).status, 200)
    harness.clock.advanceMs(1)
    assert.equal((await harness.send(request)).status, 401)
  })

  it('names the place of the credential, so that logs blank it', () => {
    assert.deepEqual(house({ query: 'api_key' }).chain.credentialPlaces, [{ in: 'query', name: 'api_key' }])
    assert.deepEqual(house({ header: 'X-API-Key' }).chain.credentialPlaces, [{ in: 'header', name: 'X-API-Key' }])
  })

  it('needs exactly one place, and one that can carry a key', () => {
    const attached = (config: unknown) => [{ policy: apiKey, config }]
    assert.deepEqual(faultsOf(attached({})), ['empty'])
    assert.deepEqual(faultsOf(attached({ header: 'X-API-Key', query: 'k' })), ['contradiction'])
    for (const header of ['Host', 'Cookie', 'Content-Length', 'Connection', 'X-Forwarded-For', 'Gatehouse-Key', 'gatehouse_key', 'Proxy', 'X-Request-Id'])
      assert.deepEqual(faultsOf(attached({ header })), ['unusable-field'], header)
    for (const config of [{ header: 'X API' }, { query: 'a&b' }, { query: '' }, { cookie: 'a;b' }]) assert.deepEqual(faultsOf(attached(config)), ['bad-value'])
    assert.deepEqual(faultsOf(attached({ header: 'X-API-Key', format: 'none' })), ['unknown-word'])
  })
})
