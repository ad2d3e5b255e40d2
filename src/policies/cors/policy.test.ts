// cors says what the Fetch standard wants said, to the origins it is given.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { faultsOf, Harness, runExamples } from '../../pipeline/harness.ts'
import { cors } from './policy.ts'

const SHOP = 'https://shop.example'
const attached = (config: unknown) => [{ policy: cors, config }]
const full = {
  allowOrigins: [SHOP, 'http://localhost:3000'],
  allowMethods: ['GET', 'PUT'],
  allowHeaders: ['X-API-Key', 'Content-Type'],
  exposeHeaders: ['RateLimit', 'X-Request-Id'],
  allowCredentials: true,
  maxAge: '10m',
}
const preflight = (origin: string) => ({
  method: 'OPTIONS',
  headers: { Origin: origin, 'Access-Control-Request-Method': 'PUT', 'Access-Control-Request-Headers': 'x-api-key' },
})

describe('cors', () => {
  it('does what its examples say', async () => assert.equal(await runExamples(cors), 2))

  it('answers a preflight of a listed origin', async () => {
    const { status, fields } = await new Harness(attached(full)).send(preflight(SHOP))
    assert.equal(status, 204)
    assert.deepEqual(Object.fromEntries(fields), {
      'access-control-allow-origin': SHOP,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET, PUT',
      'access-control-allow-headers': 'X-API-Key, Content-Type',
      'access-control-max-age': '600',
      vary: 'Origin',
    })
  })

  it('marks the answer to a request of a listed origin, and lets it pass', async () => {
    const { status, fields } = await new Harness(attached(full)).send({ headers: { Origin: 'http://localhost:3000' } })
    assert.equal(status, 200)
    assert.deepEqual(Object.fromEntries(fields), {
      'access-control-allow-origin': 'http://localhost:3000',
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': 'RateLimit, X-Request-Id',
      vary: 'Origin',
    })
  })

  it('grants other origins, and requests without one, nothing but Vary', async () => {
    const harness = new Harness(attached(full))
    for (const request of [{ headers: { Origin: 'https://evil.example' } }, {}]) {
      const outcome = await harness.send(request)
      assert.deepEqual([outcome.status, Object.fromEntries(outcome.fields)], [200, { vary: 'Origin' }])
    }
    const refused = await harness.send(preflight('https://evil.example'))
    assert.deepEqual([refused.status, Object.fromEntries(refused.fields)], [204, { vary: 'Origin' }])
  })

  it('any origin, without credentials, gets the same answer, so caches need not vary', async () => {
    const harness = new Harness(attached({ allowOrigins: ['*'] }))
    assert.deepEqual(Object.fromEntries((await harness.send({ headers: { Origin: SHOP } })).fields), { 'access-control-allow-origin': '*' })
    assert.deepEqual(Object.fromEntries((await harness.send(preflight(SHOP))).fields), {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': 'GET, HEAD, POST',
    })
  })

  it('what the upstream says of access control is dropped', async () => {
    const { droppedFromResponse } = await new Harness(attached(full)).send()
    for (const name of ['allow-origin', 'allow-credentials', 'allow-methods', 'allow-headers', 'expose-headers', 'max-age'])
      assert.ok(droppedFromResponse.includes(`access-control-${name}`), name)
  })

  it('an OPTIONS that is no preflight passes like any request', async () => {
    const harness = new Harness(attached(full))
    assert.equal((await harness.send({ method: 'OPTIONS' })).status, 200)
    assert.equal((await harness.send({ method: 'OPTIONS', headers: { Origin: SHOP } })).status, 200)
    assert.equal((await harness.send({ method: 'OPTIONS', headers: { 'Access-Control-Request-Method': 'PUT' } })).status, 200)
  })

  it('insecure or senseless configurations are faults', () => {
    const table = [
      [{}, 'missing-key'],
      [{ allowOrigins: [] }, 'empty'],
      [{ allowOrigins: ['*'], allowCredentials: true }, 'any-origin-with-credentials'],
      [{ allowOrigins: ['*', SHOP] }, 'redundant'],
      [{ allowOrigins: [SHOP], allowCredentials: true, allowHeaders: ['*'] }, 'any-with-credentials'],
      [{ allowOrigins: ['null'] }, 'bad-value'],
      [{ allowOrigins: ['https://shop.example/'] }, 'bad-value'],
      [{ allowOrigins: ['https://*.example'] }, 'bad-value'],
      [{ allowOrigins: ['https://Shop.example'] }, 'bad-value'],
      [{ allowOrigins: ['shop.example'] }, 'bad-value'],
      [{ allowOrigins: ['https://shop.example:443'] }, 'never-matches'],
      [{ allowOrigins: ['http://shop.example:80'] }, 'never-matches'],
      [{ allowOrigins: [SHOP], allowMethods: ['GET, PUT'] }, 'bad-value'],
    ] as const
    let ran = 0
    for (const [config, code] of table) {
      assert.deepEqual(faultsOf(attached(config)), [code], JSON.stringify(config))
      ran++
    }
    assert.equal(ran, 13)
  })
})
