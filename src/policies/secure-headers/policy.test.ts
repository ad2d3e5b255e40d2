// secure-headers says what OWASP recommends, once each, and takes no value that a browser would pass over.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Fault } from '../../base/fault.ts'
import { faultsOf, Harness, runExamples } from '../../pipeline/harness.ts'
import { secureHeaders } from './policy.ts'

const attached = (config: unknown) => [{ policy: secureHeaders, config }]
const standing = (config: unknown) => new Harness(attached(config)).chain.standing
const linesOf = (config: unknown): string[] => standing(config).lines.split('\r\n').slice(0, -1)
/** The sentence that a value is refused with; '' when it is taken. */
function refused(config: unknown): string {
  const faults: Fault[] = []
  const read = secureHeaders.config.read(config, [], faults)
  return faults[0]?.message ?? secureHeaders.faults?.(read)[0]?.message ?? ''
}

describe('secure-headers', () => {
  it('does what its examples say', async () => assert.equal(await runExamples(secureHeaders), 3))

  it('without a key says what OWASP recommends for APIs, and runs nothing per request', () => {
    assert.deepEqual(linesOf({}), [
      'X-Content-Type-Options: nosniff',
      "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'",
      'Referrer-Policy: no-referrer',
      'X-Frame-Options: DENY',
      'Cross-Origin-Opener-Policy: same-origin',
      'Cross-Origin-Resource-Policy: same-origin',
      'Cross-Origin-Embedder-Policy: require-corp',
      'Permissions-Policy: camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()',
    ])
    const { chain } = new Harness(attached({}))
    assert.deepEqual([chain.run.parts.length, chain.standing.defaults.map(({ line }) => line)], [0, ['Cache-Control: no-store\r\n']])
    assert.deepEqual(chain.standing.transportSecurity, { line: Buffer.from('Strict-Transport-Security: max-age=31536000\r\n'), yields: true })
  })

  it('what it says, the upstream does not say beside it, nor what tells about software', async () => {
    const { droppedFromResponse } = await new Harness(attached({})).send()
    for (const name of ['x-content-type-options', 'content-security-policy', 'server', 'x-powered-by', 'x-aspnet-version', 'permissions-policy'])
      assert.ok(droppedFromResponse.includes(name), name)
    assert.ok(!droppedFromResponse.includes('cache-control'))
  })

  it('what is false is neither said nor dropped', async () => {
    const config = { xFrameOptions: false, contentSecurityPolicy: false, cacheControl: false, strictTransportSecurity: false, remove: [] }
    const { droppedFromResponse } = await new Harness(attached(config)).send()
    const { lines, defaults, transportSecurity } = standing(config)
    assert.doesNotMatch(lines, /frame-options|security-policy/i)
    assert.ok(!droppedFromResponse.includes('x-frame-options') && !droppedFromResponse.includes('server'))
    assert.deepEqual([defaults, transportSecurity], [[], undefined])
  })

  it('what is kept is only said where the upstream does not say it', () => {
    const { lines, defaults } = standing({ keep: ['contentSecurityPolicy', 'referrerPolicy'], cacheControl: 'private, max-age=60' })
    assert.doesNotMatch(lines, /Security-Policy|Referrer/)
    assert.deepEqual(
      defaults.map(({ line }) => line),
      ["Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n", 'Referrer-Policy: no-referrer\r\n'],
    )
    assert.match(lines, /^Cache-Control: private, max-age=60\r$/m)
  })

  it('asked for nothing it costs nothing, and in monitor mode it says nothing', () => {
    const keys = ['xContentTypeOptions', 'contentSecurityPolicy', 'referrerPolicy', 'xFrameOptions', 'crossOriginOpenerPolicy', 'crossOriginResourcePolicy']
    keys.push('crossOriginEmbedderPolicy', 'permissionsPolicy', 'cacheControl', 'strictTransportSecurity')
    const nothing = { ...Object.fromEntries(keys.map((key) => [key, false])), remove: [], keep: [] }
    assert.equal(new Harness(attached(nothing)).chain.steps.length, 0)
    const { lines, replaces, defaults } = new Harness([{ policy: secureHeaders, config: {}, mode: 'monitor' }]).chain.standing
    assert.deepEqual([lines, replaces, defaults], ['', [], []])
  })

  it('twice on one operation is a fault: two of its fields would contradict each other', () => {
    assert.deepEqual(faultsOf([...attached({}), ...attached({ xFrameOptions: 'SAMEORIGIN' })]), ['said-twice'])
  })

  it('says Strict-Transport-Security as RFC 6797 writes it, and promises browsers’ lists only what they take', () => {
    const said = (strictTransportSecurity: object) => standing({ strictTransportSecurity }).transportSecurity
    const line = (value: string) => ({ line: Buffer.from(`Strict-Transport-Security: ${value}\r\n`), yields: false })
    assert.deepEqual(said({}), line('max-age=31536000'))
    assert.deepEqual(said({ maxAge: '0s' }), line('max-age=0'))
    assert.deepEqual(said({ maxAge: '1500ms' }), line('max-age=1'))
    assert.deepEqual(said({ maxAge: '730d', includeSubDomains: true, preload: true }), line('max-age=63072000; includeSubDomains; preload'))
    for (const [wrong, why] of [
      [{ preload: true }, /'preload' takes includeSubDomains/],
      [{ preload: true, includeSubDomains: true, maxAge: '364d' }, /maxAge of 365d/],
      [{ maxAge: 31536000 }, /must be a duration/],
      [{ maxAge: '100000d' }, /must be between/],
      [{ max_age: '1d' }, /unknown key 'max_age'; did you mean 'maxAge'\?/],
      [true, /must be an object|false/],
      ['max-age=31536000', /must be/],
    ] as const)
      assert.match(refused({ strictTransportSecurity: wrong }), why, JSON.stringify(wrong))
  })

  it('takes the policies that people write', () => {
    const policies = [
      "default-src 'none'",
      "default-src 'self'; img-src *; media-src media1.com media2.com; script-src userscripts.example.com",
      "default-src https:; script-src 'self' https://cdn.example:8443/lib/ 'sha256-RFWPLDbv2BY+rCkDzsE+0fr8ylGr2R2faWMhq4lfEQc=' 'strict-dynamic' 'unsafe-inline';",
      "script-src 'wasm-unsafe-eval'; connect-src wss://live.example:* *.example.com; object-src 'none'; base-uri 'none'; form-action 'self'",
      "sandbox allow-scripts allow-forms; frame-ancestors https://*.shop.example 'self'; upgrade-insecure-requests",
      "require-trusted-types-for 'script'; trusted-types one two#3 'allow-duplicates'; report-uri /csp https://r.example/csp; report-to main",
      "DEFAULT-SRC 'NONE';;  img-src data: blob:",
      "webrtc 'block'; sandbox; worker-src localhost:3000",
    ]
    for (const contentSecurityPolicy of policies) assert.equal(refused({ contentSecurityPolicy }), '', contentSecurityPolicy)
    for (const permissionsPolicy of [
      'camera=()',
      'geolocation=(self "https://maps.example"), camera=*, fullscreen=self',
      'picture-in-picture=(), ch-ua-platform=(), geolocation=(self "https://*.maps.example:8443");report-to=main',
    ])
      assert.equal(refused({ permissionsPolicy }), '', permissionsPolicy)
    for (const cacheControl of [
      'no-store',
      'Public, Max-Age=300, stale-while-revalidate=60',
      'private="set-cookie, x-a", no-cache',
      'no-cache, no-store, max-age=0, must-revalidate',
    ])
      assert.equal(refused({ cacheControl, keep: [] }), '', cacheControl)
  })

  it('a typo is a fault that says what was meant', () => {
    const table: readonly (readonly [key: string, value: unknown, why: RegExp])[] = [
      ['contentSecurityPolicy', "defualt-src 'none'", /no directive of Content-Security-Policy; did you mean 'default-src'\?/],
      ['contentSecurityPolicy', 'default-src none', /none without quotes is the name of a host/],
      ['contentSecurityPolicy', 'default-src self', /without quotes/],
      ['contentSecurityPolicy', "script-src 'unsafe-inlin'", /did you mean 'unsafe-inline'\?/],
      ['contentSecurityPolicy', "script-src 'none' https://a.example", /stands beside others/],
      ['contentSecurityPolicy', "default-src 'self'; default-src 'none'", /stands there twice/],
      ['contentSecurityPolicy', "default-src 'self', img-src *", /',' would begin a second policy/],
      ['contentSecurityPolicy', 'default-src', /needs sources/],
      ['contentSecurityPolicy', "default-src: 'none'", /did you mean 'default-src'\?/],
      ['contentSecurityPolicy', "script-src 'nonce-abc123'", /a nonce that stays the same guards nothing/],
      ['contentSecurityPolicy', "frame-ancestors 'unsafe-inline'", /means nothing/],
      ['contentSecurityPolicy', "script-src 'sha256-short'", /means nothing/],
      ['contentSecurityPolicy', 'default-src "none"', /is no source/],
      ['contentSecurityPolicy', 'sandbox allow-script', /did you mean 'allow-scripts'\?/],
      ['contentSecurityPolicy', 'upgrade-insecure-requests 1', /takes nothing behind it/],
      ['contentSecurityPolicy', "require-trusted-types-for 'style'", /takes 'script'/],
      ['contentSecurityPolicy', 'report-to a b', /name of one endpoint/],
      ['contentSecurityPolicy', 'report-uri r.example', /takes addresses/],
      ['contentSecurityPolicy', 'webrtc allow', /means nothing in webrtc/],
      ['contentSecurityPolicy', ';;', /without directives/],
      ['contentSecurityPolicy', true, /must be text, or false/],
      ['permissionsPolicy', "camera 'none'", /older Feature-Policy/],
      ['permissionsPolicy', 'camera', /no feature with an allow list/],
      ['permissionsPolicy', 'camera=(), camera=*', /stands there twice/],
      ['permissionsPolicy', 'camra=()', /did you mean 'camera'\?/],
      ['permissionsPolicy', 'camera=none', /camera=\(\) is how nobody is said/],
      ['permissionsPolicy', 'camera=(https://a.example)', /in double quotes/],
      ['permissionsPolicy', 'camera=(); microphone=()', /none of self/],
      ['permissionsPolicy', 'camera=(self, src)', /./],
      ['referrerPolicy', 'no-referer', /did you mean 'no-referrer'\?/],
      ['xFrameOptions', 'ALLOW-FROM https://a.example', /one of DENY, SAMEORIGIN, false/],
      ['xContentTypeOptions', 'no-sniff', /did you mean 'nosniff'\?/],
      ['crossOriginOpenerPolicy', 'same-orgin', /did you mean 'same-origin'\?/],
      ['crossOriginResourcePolicy', 'none', /one of/],
      ['crossOriginEmbedderPolicy', 'require-cors', /did you mean 'require-corp'\?/],
      ['cacheControl', 'no-stroe', /did you mean 'no-store'\?/],
      ['cacheControl', 'max-age', /takes whole seconds/],
      ['cacheControl', 'max-age=5m', /no directive/],
      ['cacheControl', 'no-store=1', /takes nothing/],
      ['cacheControl', 'private=5', /names of fields/],
      ['cacheControl', 'public, no-store', /forbids shared caches/],
      ['cacheControl', 'no-cache, no-cache', /stands there twice/],
      ['keep', ['contentSecurityPolcy'], /must be one of/],
      ['keep', ['strictTransportSecurity'], /must be one of/],
      ['keep', ['cacheControl', 'cacheControl'], /names something twice/],
      ['remove', ['X Powered By'], /must be a field name/],
      ['remove', ['Content-Type'], /would not understand/],
      ['xPoweredBy', false, /unknown key/],
    ]
    let ran = 0
    for (const [key, value, why] of table) {
      assert.match(refused({ [key]: value }), why, `${key}: ${JSON.stringify(value)}`)
      ran++
    }
    assert.equal(ran, 48)
    assert.match(refused({ keep: ['xFrameOptions'], remove: ['x-frame-options'] }), /is to be kept and removed/)
  })
})
