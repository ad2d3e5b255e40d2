// How one would get past api-key, and why it does not work.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { mintKey } from '../../base/keys.ts'
import { Harness, type HarnessOptions } from '../../pipeline/harness.ts'
import type { Credentials } from '../../ports/credentials.ts'
import { apiKey } from './policy.ts'

const KEY = mintKey()
const THEIRS = mintKey()
const keys: HarnessOptions['keys'] = [
  { secret: KEY, consumer: 'acme' },
  { secret: THEIRS, consumer: 'victim' },
]
const house = (config: unknown, options: HarnessOptions = {}) => new Harness([{ policy: apiKey, config }], { keys, ...options })
const header = { header: 'X-API-Key' }

describe('against api-key', () => {
  it('the key twice, or two keys, in any spelling of the name, is ambiguous and not guessed', async () => {
    for (const headers of [{ 'X-API-Key': [KEY, KEY] }, { 'X-API-Key': [KEY, 'x'] }, { 'X-API-Key': KEY, 'x-api-KEY': THEIRS }]) {
      assert.deepEqual([(await house(header).send({ headers })).status, (await house(header).send({ headers })).code], [400, 'api-key.ambiguous'])
    }
    for (const path of [`/?k=${KEY}&k=${THEIRS}`, `/?k=${KEY}&k=`, `/?k=${KEY}&%6b=${THEIRS}`, `/?%6B=x&k=${KEY}`, `/?k&k=${KEY}`])
      assert.equal((await house({ query: 'k' }).send({ path })).code, 'api-key.ambiguous', path)
    for (const cookie of [`k=${KEY}; k=${THEIRS}`, `k=${KEY};k=`, [`k=${KEY}`, `k=${THEIRS}`]])
      assert.equal((await house({ cookie: 'k' }).send({ headers: { Cookie: cookie } })).code, 'api-key.ambiguous')
  })

  it('several keys in one field are no key', async () => {
    for (const value of [`${KEY}, ${THEIRS}`, `${KEY} ${KEY}`, `Bearer ${KEY}`, `"${KEY}"`])
      assert.equal((await house(header).send({ headers: { 'X-API-Key': value } })).code, 'api-key.invalid', value)
  })

  it('a key shown where it is not asked for is not seen', async () => {
    const everywhereElse = {
      path: `/?X-API-Key=${KEY}&api_key=${KEY}`,
      headers: { Cookie: `X-API-Key=${KEY}`, Authorization: KEY, X_API_Key: KEY, 'X-API-Key-2': KEY },
    }
    assert.equal((await house(header).send(everywhereElse)).code, 'api-key.missing')
  })

  it('a field that Connection lists is gone before it is read', async () => {
    assert.equal((await house(header).send({ headers: { 'X-API-Key': KEY, Connection: 'X-API-Key' } })).code, 'api-key.missing')
  })

  it('claiming to be a consumer changes nothing, whatever the spelling', async () => {
    const headers = { 'X-API-Key': KEY, 'Gatehouse-Consumer': 'victim', gatehouse_consumer: 'victim', 'GATEHOUSE-Credential': 'key_victim' }
    const { forwarded } = await house(header).send({ headers })
    assert.deepEqual(
      forwarded.map((line) => line.split(':')[0]),
      ['Gatehouse-Consumer', 'Gatehouse-Credential'],
    )
    assert.equal(forwarded[0], 'Gatehouse-Consumer: acme')
  })

  it('every spelling of the parameter’s name is cut from what is forwarded', async () => {
    const { query } = await house({ query: 'key' }).send({ path: `/?a=%26key%3D&%6b%65%79=${KEY}&b` })
    assert.equal(query, 'a=%26key%3D&b')
  })

  it('the value is decoded once, not twice', async () => {
    const once = [...KEY].map((char) => `%${char.charCodeAt(0).toString(16)}`).join('')
    assert.equal((await house({ query: 'k' }).send({ path: `/?k=${once}` })).status, 200)
    assert.equal((await house({ query: 'k' }).send({ path: `/?k=${once.replaceAll('%', '%25')}` })).code, 'api-key.invalid')
    assert.equal((await house({ query: 'k' }).send({ path: '/?k=%ff%fe' })).code, 'api-key.invalid')
  })

  it('guesses that are not well formed cost no digest and no look-up; the others cost one each', async () => {
    let asked = 0
    const credentials: Credentials = {
      findKey: (digest) => {
        assert.match(digest, /^[0-9a-f]{64}$/)
        asked++
        return undefined
      },
    }
    const harness = house(header, { resources: { credentials } })
    for (const guess of ['x', 'gth_', `gth_${'0'.repeat(38)}`, `${KEY.slice(0, -1)}!`, 'a'.repeat(10_000), '__proto__'])
      await harness.send({ headers: { 'X-API-Key': guess } })
    assert.equal(asked, 0)
    await harness.send({ headers: { 'X-API-Key': mintKey() } })
    assert.equal(asked, 1)
  })

  it('what is looked up is a digest: no comparison ever runs along the secret', async () => {
    const digests: string[] = []
    const harness = house(header, {
      resources: { credentials: { findKey: (digest) => void digests.push(digest) as undefined } },
    })
    await harness.send({ headers: { 'X-API-Key': KEY } })
    assert.equal(digests.length, 1)
    assert.equal(digests[0]!.includes(KEY.slice(4, 12)), false)
  })

  it('unknown, expired and mistyped keys cannot be told apart by the answer', async () => {
    const expired = mintKey()
    const harness = house(header, { keys: [{ secret: expired, consumer: 'acme', expiresMs: 1 }] })
    const answers = await Promise.all([expired, mintKey(), 'gth_mistyped', ''].map((key) => harness.send({ headers: { 'X-API-Key': key } })))
    for (const { status, code, fields } of answers)
      assert.deepEqual(
        { status, code, fields: [...fields] },
        { status: 401, code: 'api-key.invalid', fields: [['www-authenticate', 'ApiKey realm="test-api"']] },
      )
  })

  it('guessing from one address ends in 429, with the right key too', async () => {
    const harness = house(header, { authenticationFailures: { limit: 10, windowMs: 60_000 } })
    for (let i = 0; i < 10; i++) assert.equal((await harness.send({ headers: { 'X-API-Key': mintKey() } })).status, 401)
    assert.equal((await harness.send({ headers: { 'X-API-Key': KEY } })).code, 'identify.throttled')
  })

  it('a foreign key of any length is hashed only up to a bound', async () => {
    assert.equal((await house({ ...header, format: 'any' }).send({ headers: { 'X-API-Key': 'a'.repeat(20_000) } })).code, 'api-key.invalid')
  })

  it('a directory that throws refuses', async () => {
    const credentials: Credentials = {
      findKey: () => {
        throw new Error('lost')
      },
    }
    assert.deepEqual([(await house(header, { resources: { credentials } }).send({ headers: { 'X-API-Key': KEY } })).code], ['api-key.broken'])
  })
})
