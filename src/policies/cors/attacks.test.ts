// How a hostile page, or a caller that poses as a browser, would use cors, and why it does not work.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Harness } from '../../pipeline/harness.ts'
import { policies } from '../index.ts'
import { cors } from './policy.ts'

const apiKey = policies.find(({ name }) => name === 'api-key')!

const SHOP = 'https://shop.example'
const config = { allowOrigins: [SHOP], allowCredentials: true }
const house = () => new Harness([{ policy: cors, config }])
const granted = async (origin: string | readonly string[]) => (await house().send({ headers: { Origin: origin } })).fields.has('access-control-allow-origin')

describe('against cors', () => {
  it('an origin that resembles a listed one is not it', async () => {
    assert.equal(await granted(SHOP), true)
    const alike = [
      'https://shop.example.evil.example',
      'https://evilshop.example',
      'https://a.shop.example',
      'http://shop.example',
      'https://shop.example:8443',
      'https://shop.example.',
      'HTTPS://SHOP.EXAMPLE',
    ]
    alike.push(
      'https://shop.example@evil.example',
      'https://shop.example/',
      'https://shop.exampl',
      'null',
      '',
      '*',
      `${SHOP},https://evil.example`,
      `${SHOP} https://evil.example`,
      '__proto__',
      'constructor',
    )
    for (const origin of alike) assert.equal(await granted(origin), false, origin)
  })

  it('two Origin fields are none, whichever comes first', async () => {
    for (const pair of [
      [SHOP, 'https://evil.example'],
      ['https://evil.example', SHOP],
      [SHOP, SHOP],
    ])
      assert.equal(await granted(pair), false)
  })

  it('the origin "null" of a sandboxed page is never given credentials, nor reflected under *', async () => {
    const any = new Harness([{ policy: cors, config: { allowOrigins: ['*'] } }])
    const { fields } = await any.send({ headers: { Origin: 'null' } })
    assert.deepEqual([fields.get('access-control-allow-origin'), fields.has('access-control-allow-credentials')], ['*', false])
  })

  it('nothing of the request is ever put into the answer', async () => {
    const { fields } = await house().send({
      method: 'OPTIONS',
      headers: { Origin: SHOP, 'Access-Control-Request-Method': 'X-EVIL', 'Access-Control-Request-Headers': 'x-evil' },
    })
    for (const value of fields.values()) assert.equal(/evil/i.test(value), false)
  })

  it('a preflight is no way past identity: it is answered here and never reaches the upstream', async () => {
    const harness = new Harness([
      { policy: cors, config },
      { policy: apiKey, config: { header: 'X-API-Key' } },
    ])
    for (const origin of [SHOP, 'https://evil.example']) {
      const outcome = await harness.send({ method: 'OPTIONS', headers: { Origin: origin, 'Access-Control-Request-Method': 'DELETE' } })
      assert.equal(outcome.status, 204)
    }
    for (const method of ['GET', 'POST', 'options', 'OPTIONSX']) {
      const headers = { Origin: SHOP, 'Access-Control-Request-Method': 'DELETE' }
      assert.equal((await harness.send({ method, headers })).status, 401, method)
    }
    assert.equal((await harness.send({ method: 'OPTIONS', headers: { Origin: SHOP } })).status, 401)
  })

  it('a page may read why it was refused, and a cache may not mix up whose answer it was', async () => {
    const harness = new Harness([
      { policy: cors, config },
      { policy: apiKey, config: { header: 'X-API-Key' } },
    ])
    const { status, fields } = await harness.send({ headers: { Origin: SHOP } })
    assert.deepEqual([status, fields.get('access-control-allow-origin'), fields.get('vary')], [401, SHOP, 'Origin'])
  })
})
