// How one would read a secret off the length of an answer, or exhaust the gateway with compressors, and why it does not work.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { run } from '../../pipeline/chain.ts'
import { Harness, type Request } from '../../pipeline/harness.ts'
import { policies } from '../index.ts'
import { CompressedBody, compressorsUnderWay } from './compressing.ts'
import { compress } from './policy.ts'

const BODY = JSON.stringify({ csrf: 'a-secret-token', reflected: 'x'.repeat(5000) })
const policy = (name: string) => policies.find((each) => each.name === name)!
const house = (config: unknown = {}) => new Harness([{ policy: compress, config }])
const ACCEPT = { 'Accept-Encoding': 'gzip' }
async function codingOf(request: Request, harness = house()): Promise<string | undefined> {
  const x = harness.exchange(request)
  assert.equal(await run(harness.chain, x, harness.tally), undefined)
  const { fields } = await harness.answer(x, { headers: { 'Content-Type': 'application/json' }, body: BODY })
  return fields.get('content-encoding')
}

/** What a browser adds by itself stays uncompressed: another site's page can have sent it, and measure (BREACH; RFC 7457 2.6 tells the same of TLS). */
const REQUESTS: readonly (readonly [title: string, headers: NonNullable<Request['headers']>, coding: string | undefined])[] = [
  ['no credentials', {}, 'gzip'],
  ['a cookie', { Cookie: 'session=1' }, undefined],
  ['an empty cookie', { Cookie: '' }, undefined],
  ['two cookies', { Cookie: ['a=1', 'b=2'] }, undefined],
  ['Basic', { Authorization: 'Basic dTpw' }, undefined],
  ['Negotiate', { Authorization: 'Negotiate abc' }, undefined],
  ['Digest', { Authorization: 'Digest username="u"' }, undefined],
  ['a scheme that nobody knows', { Authorization: 'Custom abc' }, undefined],
  ['a scheme that only begins like one', { Authorization: 'Bearers abc' }, undefined],
  ['no scheme', { Authorization: 'abc' }, undefined],
  ['a token that the page must hold', { Authorization: 'Bearer abc' }, 'gzip'],
  ['a key that the page must hold', { 'X-API-Key': 'abc' }, 'gzip'],
  ['a token beside a cookie', { Authorization: 'Bearer abc', Cookie: 'a=1' }, undefined],
  ['a cookie from another site', { Cookie: 'a=1', 'Sec-Fetch-Site': 'cross-site' }, undefined],
  ['a cookie from a neighbour', { Cookie: 'a=1', 'Sec-Fetch-Site': 'same-site' }, undefined],
  ['a cookie from the address bar, or a link somewhere', { Cookie: 'a=1', 'Sec-Fetch-Site': 'none' }, undefined],
  ['a cookie from a page of the same origin', { Cookie: 'a=1', 'Sec-Fetch-Site': 'same-origin' }, 'gzip'],
  ['said twice', { Cookie: 'a=1', 'Sec-Fetch-Site': ['same-origin', 'cross-site'] }, undefined],
  ['said in one field', { Cookie: 'a=1', 'Sec-Fetch-Site': 'same-origin, cross-site' }, undefined],
  ['spelled with "_"', { Cookie: 'a=1', Sec_Fetch_Site: 'same-origin' }, undefined],
]

const IDLE = { put() {}, end() {}, eased() {}, fail() {} }

describe('against compress', () => {
  it('the length of an answer tells nothing to who cannot have sent its credentials', async () => {
    for (const [title, headers, coding] of REQUESTS) assert.equal(await codingOf({ headers: { ...ACCEPT, ...headers } }), coding, title)
    assert.equal(REQUESTS.length, 20)
  })

  it('a certificate is a credential that browsers add by themselves', async () => {
    const certificate = { subject: 'CN=a' } as unknown as NonNullable<Request['certificate']>
    assert.equal(await codingOf({ headers: ACCEPT, certificate }), undefined)
  })

  it('a cookie counts also when it was the key, and an earlier policy has taken it out', async () => {
    const secret = 'a-key-of-somebody'
    const harness = new Harness(
      [
        { policy: policy('api-key'), config: { cookie: 'key', format: 'any' } },
        { policy: compress, config: {} },
      ],
      { keys: [{ secret, consumer: 'acme' }] },
    )
    assert.equal(await codingOf({ headers: { ...ACCEPT, Cookie: `key=${secret}` } }, harness), undefined)
  })

  it('nor does the upstream compress what the gateway would not', async () => {
    const guarded = await house().send({ headers: { 'Accept-Encoding': 'gzip, br', Cookie: 'a=1' } })
    assert.deepEqual(
      guarded.forwarded.filter((line) => /^Accept-Encoding/.test(line)),
      ['Accept-Encoding: identity'],
    )
    const open = await house().send({ headers: { 'Accept-Encoding': 'gzip, br' } })
    assert.ok(open.forwarded.includes('Accept-Encoding: gzip, br'))
  })

  it('who accepts it gets it, and only who says so', async () => {
    assert.equal(await codingOf({ headers: { ...ACCEPT, Cookie: 'a=1' } }, house({ breach: 'accept' })), 'gzip')
  })

  it('more bodies at once than there may be compressors: the others pass as they are', async () => {
    const open = Array.from({ length: 3 }, () => new CompressedBody(IDLE, 'gzip', 'fast', false))
    const harness = house({ compressors: compressorsUnderWay() })
    const x = harness.exchange({ headers: ACCEPT })
    await run(harness.chain, x, harness.tally)
    const { fields, body } = await harness.answer(x, { headers: { 'Content-Type': 'application/json' }, body: BODY })
    assert.deepEqual([fields.get('content-encoding'), fields.get('vary'), body.toString()], [undefined, 'Accept-Encoding', BODY])
    for (const filter of open) filter.abandon()
    while (compressorsUnderWay() > 0) await new Promise<void>((resolve) => setImmediate(resolve))
  })

  it('an exchange that is over gets nothing more, however much was still being compressed', async () => {
    const given: number[] = []
    const filter = new CompressedBody(
      { put: (_octets, start, end) => given.push(end - start), end: () => given.push(-1), fail: () => given.push(-2), eased: () => given.push(-3) },
      'zstd',
      'fast',
      true,
    )
    for (let i = 0; i < 20; i++) filter.put(Buffer.alloc(50_000, i), 0, 50_000)
    filter.abandon()
    filter.put(Buffer.alloc(10), 0, 10)
    filter.end()
    while (compressorsUnderWay() > 0) await new Promise<void>((resolve) => setImmediate(resolve))
    assert.deepEqual(given, [])
  })

  it('memory that was put is another’s once put has returned: what is compressed is what was put', async () => {
    const pieces: Buffer[] = []
    const over = Promise.withResolvers<void>()
    const filter = new CompressedBody(
      { put: (octets, start, end) => pieces.push(Buffer.from(octets.subarray(start, end))), end: over.resolve, fail: over.reject, eased() {} },
      'gzip',
      'fast',
      false,
    )
    const memory = Buffer.from('first ')
    filter.put(memory, 0, 6)
    memory.write('second')
    filter.put(memory, 0, 6)
    memory.fill(0)
    filter.end()
    await over.promise
    assert.equal(gunzipSync(Buffer.concat(pieces)).toString(), 'first second')
  })
})
