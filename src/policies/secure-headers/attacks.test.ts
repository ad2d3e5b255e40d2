// How one would get a response out without its fields, or a field of one's own into it, and why it does not work. Over the wire: test/e2e/secure-headers.test.ts.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Fault } from '../../base/fault.ts'
import { FieldNameSet } from '../../http/field-name-set.ts'
import { ResponseHead, readResponseHead } from '../../http/response-head.ts'
import { faultsOf, Harness } from '../../pipeline/harness.ts'
import { policies } from '../index.ts'
import { secureHeaders } from './policy.ts'

const policy = (name: string) => policies.find((each) => each.name === name)!
const LIMITS = { headBytes: 64 * 1024, targetBytes: 16 * 1024, fields: 256 }

describe('against secure-headers', () => {
  it('a refusal that comes before its turn carries every field: to be refused is no way out', async () => {
    const house = new Harness([
      { policy: policy('ip-filter'), config: { deny: ['192.0.2.0/24'] } },
      { policy: policy('cors'), config: { allowOrigins: ['https://shop.example'] } },
      { policy: policy('api-key'), config: { header: 'X-API-Key' } },
      { policy: secureHeaders, config: {} },
    ])
    for (const [request, status] of [
      [{ address: '192.0.2.9' }, 403],
      [{ address: '198.51.100.1' }, 401],
      [{ address: '198.51.100.1', method: 'OPTIONS', headers: { Origin: 'https://evil.example', 'Access-Control-Request-Method': 'GET' } }, 204],
    ] as const) {
      const outcome = await house.send(request)
      assert.deepEqual(
        [outcome.status, outcome.fields.get('x-content-type-options'), outcome.fields.get('content-security-policy')],
        [status, 'nosniff', "default-src 'none'; frame-ancestors 'none'"],
      )
    }
  })

  it('nothing that a request says changes a field', async () => {
    const house = new Harness([{ policy: secureHeaders, config: {} }])
    const plain = await house.send()
    const told = await house.send({
      headers: {
        'Content-Security-Policy': 'default-src *',
        'X-Frame-Options': 'ALLOWALL',
        'Strict-Transport-Security': 'max-age=0',
        Host2: 'x',
        'Cache-Control': 'public',
      },
    })
    assert.deepEqual([...told.fields], [...plain.fields])
  })

  it('no value ends its line and begins another field', () => {
    const tails = ['\r\nSet-Cookie: a=b', '\nX: y', '\r', '\0', '\u0085X: y', '\u2028', 'é', '\x7f']
    let ran = 0
    for (const tail of tails)
      for (const [key, value] of [
        ['contentSecurityPolicy', "default-src 'none'"],
        ['permissionsPolicy', 'camera=()'],
        ['cacheControl', 'no-store'],
        ['referrerPolicy', 'no-referrer'],
        ['xFrameOptions', 'DENY'],
      ] as const) {
        assert.notDeepEqual(faultsOf([{ policy: secureHeaders, config: { [key]: value + tail } }]), [], JSON.stringify(value + tail))
        ran++
      }
    assert.equal(ran, 40)
  })

  it('whatever text is taken is one line of visible ASCII, and no text is too much to be read', () => {
    const keys = ['contentSecurityPolicy', 'permissionsPolicy', 'cacheControl']
    const isTaken = (key: string, value: string): boolean => {
      const faults: Fault[] = []
      secureHeaders.config.read({ [key]: value }, [], faults)
      return faults.length === 0
    }
    const good = ["default-src 'none'; img-src *", 'camera=(), geolocation=(self "https://a.example")', 'private="set-cookie", max-age=60', 'no-store']
    const broken = fc
      .tuple(fc.constantFrom(...good), fc.nat(50), fc.string({ unit: 'binary', maxLength: 2 }))
      .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at))
    let taken = 0
    fc.assert(
      fc.property(fc.oneof(broken, fc.string({ unit: 'binary' })), (value) => {
        for (const key of keys) {
          if (!isTaken(key, value)) continue
          taken++
          assert.match(value, /^[\x20-\x7e]+$/)
        }
      }),
      { numRuns: 3000 },
    )
    assert.ok(taken > 100, `${taken}`)
    const hostile = [
      '"'.repeat(8000),
      'a-'.repeat(4000),
      "'".repeat(8000),
      'max-age="'.repeat(880),
      'x=('.repeat(2600),
      '(self '.repeat(1300),
      'a.'.repeat(4000),
    ]
    for (const value of [...hostile, `${'a '.repeat(3999)}a`, `;${';'.repeat(7999)}`, ','.repeat(8000), `private="${','.repeat(7900)}`])
      for (const key of keys) assert.equal(isTaken(key, value), false, `${key} ${value.slice(0, 12)}`)
  })

  it('a field of the upstream does not come through for how it is spelled or how often it comes', () => {
    const names = new FieldNameSet(['Server', 'X-Powered-By', 'Content-Security-Policy'])
    const bytes = Buffer.from(
      'HTTP/1.1 200 OK\r\nsErVeR: a\r\nServer: b\r\nX-POWERED-BY: c\r\nServer-Timing: d\r\nContent-Security-Policy: e\r\nContent-Security-Policy-Report-Only: f\r\ncontent-security-policy: g\r\nContent-Length: 0\r\n\r\n',
    )
    const head = new ResponseHead()
    assert.equal(readResponseHead(head, bytes, 0, bytes.length, LIMITS, false), bytes.length)
    names.dropFrom(head)
    const left = Array.from({ length: head.fieldCount }, (_, i) => (head.isDropped(i) ? [] : [head.name(i)])).flat()
    assert.deepEqual(left, ['Server-Timing', 'Content-Security-Policy-Report-Only', 'Content-Length'])
  })

  it('a set of names finds exactly its own, whatever the head holds', () => {
    const token = fc.string({ unit: fc.constantFrom(...'abXY-'), minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(fc.array(token, { maxLength: 8 }), fc.array(token, { maxLength: 12 }), (wanted, there) => {
        const bytes = Buffer.from(`HTTP/1.1 200 OK\r\n${there.map((name) => `${name}: x\r\n`).join('')}\r\n`)
        const head = new ResponseHead()
        assert.equal(readResponseHead(head, bytes, 0, bytes.length, LIMITS, false), bytes.length)
        new FieldNameSet(wanted).dropFrom(head)
        const folded = wanted.map((name) => name.toLowerCase())
        for (const [i, name] of there.entries()) assert.equal(head.isDropped(i), folded.includes(name.toLowerCase()), name)
      }),
    )
  })

  it('a policy is no way to say Strict-Transport-Security twice: an upstream’s is known by its name, however it is spelled', () => {
    for (const name of ['Strict-Transport-Security', 'STRICT-TRANSPORT-SECURITY', 'strict-transport-security']) {
      const bytes = Buffer.from(`HTTP/1.1 200 OK\r\n${name}: max-age=1\r\n\r\n`)
      const head = new ResponseHead()
      readResponseHead(head, bytes, 0, bytes.length, LIMITS, false)
      assert.equal(head.hasTransportSecurity, true, name)
    }
    const faults: Fault[] = []
    secureHeaders.config.read({ keep: ['strictTransportSecurity'] }, [], faults)
    assert.equal(faults.length, 1)
  })
})
