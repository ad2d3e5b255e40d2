// How one would put a field of one's own into a message, or take the gateway's out, and why it does not work. Over the wire: test/e2e/shaping.test.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { RequestHead, readRequestHead } from '../../http/request-head.ts'
import { faultsOf, Harness } from '../../pipeline/harness.ts'
import { headers } from './policy.ts'

const LIMITS = { headBytes: 256 * 1024, targetBytes: 16 * 1024, fields: 256 }
const house = (config: unknown) => new Harness([{ policy: headers, config }])
const codes = (config: unknown): readonly string[] => [...new Set(faultsOf([{ policy: headers, config }]))]

/** Fields by which messages are framed, routed and believed; each also with "_" for "-", as CGI reads them. */
const FRAMING = 'Content-Length Transfer-Encoding Connection Keep-Alive TE Trailer Upgrade Proxy-Connection Expect HTTP2-Settings'.split(' ')
const IDENTITY =
  'Gatehouse-Consumer Gatehouse-Subject Gatehouse-Scopes Gatehouse-Anything Forwarded X-Forwarded-For X-Forwarded-Host X-Forwarded-Proto X-Forwarded-Prefix X-Real-IP X-Client-IP True-Client-IP X-Cluster-Client-IP Client-Cert Client-Cert-Chain X-Request-Id Proxy-Authorization'.split(
    ' ',
  )
const OVERRIDES = 'X-HTTP-Method X-HTTP-Method-Override X-Method-Override X-Original-URL X-Rewrite-URL X-Original-Host Proxy Host'.split(' ')
const HANDSHAKE = 'Sec-WebSocket-Key Sec-WebSocket-Accept Sec-WebSocket-Protocol Sec-Fetch-Site Sec-Fetch-Mode'.split(' ')
const underscored = (name: string): string => name.replaceAll('-', '_')

describe('against headers', () => {
  it('no field that frames, routes or vouches can be set, added, removed, renamed or renamed to, in any spelling', () => {
    let ran = 0
    for (const name of [...FRAMING, ...IDENTITY, ...OVERRIDES, ...HANDSHAKE]) {
      for (const spelled of [name, name.toLowerCase(), name.toUpperCase()]) {
        for (const change of [
          { set: { [spelled]: '1' } },
          { add: { [spelled]: '1' } },
          { remove: [spelled] },
          { rename: { [spelled]: 'X-A' } },
          { rename: { 'X-A': spelled } },
        ]) {
          assert.deepEqual(codes({ request: change }), ['not-yours'], `${JSON.stringify(change)} of requests`)
          assert.deepEqual(codes({ response: change }), ['not-yours'], `${JSON.stringify(change)} of responses`)
          ran += 2
        }
      }
    }
    assert.equal(ran, 40 * 3 * 5 * 2)
    for (const name of [...IDENTITY, 'Content-Length', 'Transfer-Encoding'].map(underscored).filter((each) => each.includes('_')))
      assert.deepEqual(codes({ request: { set: { [name]: '1' } } }), ['not-yours'], name)
  })

  it('what browsers, caches and CORS go by is never put together from a request', () => {
    const said =
      'Cache-Control Vary ETag Link Refresh Set-Cookie Clear-Site-Data Content-Security-Policy Content-Security-Policy-Report-Only Permissions-Policy Referrer-Policy X-Frame-Options Cross-Origin-Opener-Policy Cross-Origin-Resource-Policy WWW-Authenticate Service-Worker-Allowed Content-Type Content-Disposition SourceMap Report-To Timing-Allow-Origin'.split(
        ' ',
      )
    for (const name of said) assert.deepEqual(codes({ response: { set: { [name]: '${request.header.x-a}' } } }), ['not-yours'], name)
    for (const name of [
      'Access-Control-Allow-Origin',
      'Access-Control-Allow-Credentials',
      'Location',
      'Strict-Transport-Security',
      'Alt-Svc',
      'X-Accel-Redirect',
    ])
      for (const value of ['${request.header.origin}', 'https://evil.example'])
        assert.deepEqual(codes({ response: { set: { [name]: value } } }), ['not-yours'], name)
    assert.equal(said.length, 21)
  })

  it('a credential is not set, and Content-Type of a request not put together nor removed', () => {
    for (const change of [{ set: { Authorization: 'Bearer x' } }, { add: { Cookie: 'a=b' } }, { rename: { 'X-A': 'Authorization' } }])
      assert.deepEqual(codes({ request: change }), ['not-yours'])
    assert.deepEqual(codes({ request: { set: { 'Content-Type': '${request.query.type}' } } }), ['not-yours'])
    assert.deepEqual(codes({ request: { remove: ['Content-Type'] } }), ['not-yours'])
    assert.deepEqual(codes({ request: { set: { Origin: 'https://shop.example' } } }), ['not-yours'])
  })

  it('CR LF from anything that a caller sends stays inside its value', async () => {
    const all = { 'X-Q': '${request.query.q}', 'X-P': '${request.path}', 'X-H': '${request.header.x-h}', 'X-M': 'a="${request.query.q}"' }
    const at = house({ request: { set: all }, response: { set: all } })
    const evil = [
      '%0d%0aX-Evil:%201',
      '%0D%0A%0D%0AGET%20/%20HTTP/1.1',
      '%0aX-Evil:1',
      '%0dX-Evil:1',
      '%E5%98%8A%E5%98%8DX-Evil:1',
      '%01',
      '%C4%8A',
      '%250d%250aX-Evil:1',
    ]
    for (const q of evil) {
      const { forwarded } = await at.send({ path: `/?q=${q}`, headers: { 'X-H': 'b' } })
      assert.equal(forwarded.length, 4, q)
      for (const line of forwarded) assert.match(line, /^X-[QPHM]: [\x20-\x7e]*$/, q)
      const { fields } = await at.answer(at.exchange({ path: `/?q=${q}`, headers: { 'X-H': 'b' } }), {})
      assert.deepEqual([...fields.keys()].sort(), ['content-length', 'vary', 'x-h', 'x-m', 'x-p', 'x-q'], q)
    }
  })

  it('whatever is in the query, the head that leaves is read as one request with one field of that name', async () => {
    const at = house({ request: { set: { 'X-A': '${request.query.q}', 'X-B': 'tenant="${request.query.q:-none}"' } } })
    const piece = fc.constantFrom('%0d', '%0a', '%01', '%0d%0a', 'X-A:1', '%20', '%22', ',', ';', '%FF', 'a', '%C4%8A', ':')
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (parts) => {
        const { forwarded } = await at.send({ path: `/?q=${parts.join('')}`, headers: { 'X-A': 'me', x_a: 'too' } })
        const head = new RequestHead()
        const bytes = Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\n${forwarded.map((line) => `${line}\r\n`).join('')}\r\n`, 'latin1')
        assert.equal(readRequestHead(head, bytes, 0, bytes.length, LIMITS), bytes.length)
        const names = Array.from({ length: head.fieldCount }, (_, i) => head.name(i))
        assert.deepEqual(
          names.filter((name) => !['Host', 'X-A', 'X-B'].includes(name)),
          [],
        )
        assert.ok(names.filter((name) => name === 'X-A').length <= 1)
      }),
      { numRuns: 500 },
    )
  })

  it('a caller who sends what is set is not heard, in any spelling, however often, nor behind a missing value', async () => {
    const at = house({ request: { set: { 'X-Tenant-Id': '${request.query.tenant}' } } })
    for (const spelled of ['X-Tenant-Id', 'x-tenant-id', 'X_Tenant_Id', 'X-Tenant_Id', 'X-TENANT-ID'])
      assert.deepEqual((await at.send({ headers: { [spelled]: ['root', 'root'] } })).forwarded, [], spelled)
  })

  it('what stands beside other text cannot part it', async () => {
    const at = house({ request: { set: { 'X-Caller': 'tenant="${request.query.t}", admin="no"' } } })
    for (const t of ['x%22,%20admin=%22yes', 'x\\%22', 'x%5C', "x'", 'x%3Badmin=yes', 'x%2C']) {
      const [line] = (await at.send({ path: `/?t=${t}` })).forwarded
      assert.match(line!, /^X-Caller: tenant="[A-Za-z0-9%\-._~:/@]*", admin="no"$/, t)
    }
  })

  it('a long field is not multiplied into a head that an upstream chokes on', async () => {
    const set = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`X-${i}`, '${request.header.x-long}']))
    const { status, code, forwarded } = await house({ request: { set } }).send({ headers: { 'X-Long': 'a'.repeat(4000) } })
    assert.deepEqual([status, code, forwarded.length], [431, 'headers.too-large', 1])
    const at = house({ response: { set } })
    const { fields } = await at.answer(at.exchange({ headers: { 'X-Long': 'a'.repeat(4000) } }), {})
    assert.ok([...fields.values()].join('').length < 17_000)
  })

  it('a cache in front cannot be made to give one caller’s echo to another', async () => {
    const at = house({ response: { set: { 'X-Echo': '${request.header.x-lang}', 'X-For': '${client.address}' } } })
    const { fields } = await at.answer(at.exchange({ headers: { 'X-Lang': 'evil' } }), { headers: { 'Cache-Control': 'public, max-age=31536000, immutable' } })
    assert.deepEqual([fields.get('vary'), fields.get('cache-control')], ['x-lang', 'no-store'])
  })

  it('names of the prototype are fields like others, or faults', () => {
    for (const name of ['constructor', '__proto__', 'prototype'])
      assert.deepEqual(codes({ request: JSON.parse(`{"set":{"${name}":"1"}}`) }), ['bad-name'], name)
    assert.deepEqual(codes({ request: { set: { toString: '1', hasOwnProperty: '2' } } }), [])
  })
})
