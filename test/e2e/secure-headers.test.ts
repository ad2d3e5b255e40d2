// Over the wire: Strict-Transport-Security in every response of an https listener and in none in clear, and the fields of secure-headers once each whoever answers.
import assert from 'node:assert/strict'
import { connect as connectHttp2 } from 'node:http2'
import { after, afterEach, before, describe, test } from 'node:test'
import { type Made, makeCertificate } from '../support/certificate-maker.ts'
import { type ConfiguredGateway, configuredGateway } from '../support/configured-gateway.ts'
import { type HostileUpstream, startHostileUpstream } from '../support/hostile-upstream.ts'
import { type ReadMessage, valuesOf } from '../support/http-message.ts'
import { converse } from '../support/raw-client.ts'

const NAME = 'Strict-Transport-Security'
const A_YEAR = 'max-age=31536000'
const message = (start: string, ...lines: string[]) => `${start}\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`
const head = (status: string, ...lines: string[]) => message(`HTTP/1.1 ${status}`, ...lines)
const EMPTY = 'Content-Length: 0'
const OWN = [
  'Server: Apache/2.4.1',
  'server: again',
  'X-Powered-By: PHP/5',
  'X-Frame-Options: ALLOWALL',
  'content-security-policy: default-src *',
  'X-Content-Type-Options: sniff',
]

describe('fields of every response', () => {
  let upstream: HostileUpstream
  let authority: Made
  const ends: (() => Promise<void>)[] = []
  /** By what the upstream does at `/case/N`. */
  const cases = {
    silent: head('200 OK', EMPTY),
    secured: head('200 OK', 'strict-transport-security: max-age=1', `${NAME}: max-age=2; includeSubDomains`, EMPTY),
    talkative: head('200 OK', ...OWN, 'Cache-Control: max-age=5', EMPTY),
    unchanged: head('304 Not Modified', 'ETag: "a"', 'Server: x'),
    empty: head('204 No Content', 'Server: x'),
    hints: head('103 Early Hints', 'Link: </a>', 'Server: x', `${NAME}: max-age=3`) + head('200 OK', EMPTY),
    // The proof for the key of RFC 6455 1.3.
    tunnel: head(
      '101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=',
      'Server: x',
      `${NAME}: max-age=3`,
    ),
    broken: 'HTTP/1.1 2x0 What\r\n\r\n',
  }
  const at = (name: keyof typeof cases) => `/case/${Object.keys(cases).indexOf(name)}`

  before(async () => {
    authority = await makeCertificate({ subject: 'CN=authority', authority: true })
    upstream = await startHostileUpstream(Object.values(cases).map((bytes) => ({ writes: [bytes], ends: 'close' })))
  })
  after(() => upstream.stop())
  afterEach(async () => {
    for (const end of ends.splice(0)) await end()
  })

  interface Wanted {
    readonly hsts?: unknown
    readonly names?: readonly string[]
    readonly policies?: object | undefined
    readonly trusted?: readonly string[]
    readonly clear?: boolean
  }
  async function start(wanted: Wanted): Promise<ConfiguredGateway & { republish(other: Wanted): Promise<void> }> {
    const { names = ['gateway.example'], trusted = [], clear = false } = wanted
    const made = await makeCertificate({
      names: names.filter((name) => !/^[\d.]+$/.test(name)),
      addresses: names.filter((name) => /^[\d.]+$/.test(name)),
      issuer: authority,
    })
    const configuration = ({ hsts, policies }: Wanted) => ({
      gateway: {
        listen: [
          clear
            ? 'http://127.0.0.1:0'
            : { address: 'https://127.0.0.1:0', tls: { certificates: [{ cert: 'cert.pem', key: 'key.pem' }], ...(hsts !== undefined && { hsts }) } },
        ],
        trustedProxies: trusted,
      },
      apis: {
        plain: { hosts: ['plain.example'], path: '/', upstream: `http://127.0.0.1:${upstream.port}`, public: true },
        api: { path: '/api', upstream: `http://127.0.0.1:${upstream.port}`, public: true, websocket: true, ...(policies && { policies }) },
        keyed: { path: '/keyed', upstream: 'http://127.0.0.1:1', policies: { 'api-key': { header: 'K' }, ...policies } },
        gone: { path: '/gone', upstream: 'http://127.0.0.1:1', public: true, ...(policies && { policies }) },
      },
    })
    const gateway = await configuredGateway(configuration(wanted), { documents: { 'cert.pem': made.certificate, 'key.pem': made.key } })
    ends.push(() => gateway.stop())
    return { ...gateway, republish: (other) => gateway.publish(configuration(other)) }
  }

  interface Asked {
    readonly method?: string
    readonly host?: string
    readonly lines?: readonly string[]
    readonly clear?: boolean
    readonly raw?: string
  }
  async function ask({ port }: ConfiguredGateway, target: string, { method = 'GET', host = 'gateway.example', lines = [], clear = false, raw }: Asked = {}) {
    const text = raw ?? message(`${method} ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close', ...lines)
    const { responses, interim } = await converse(port, [text], { methods: [method], responses: 1, ...(!clear && { authority: authority.certificate }) })
    assert.equal(responses.length, 1, `no answer to ${text}`)
    return { ...responses[0]!, interim }
  }
  const said = (answer: ReadMessage): readonly string[] => valuesOf(answer, NAME)

  /** Every kind of answer there is: the upstream's and the gateway's own, of an API and of none. */
  const everywhere: readonly (readonly [status: number, target: string, asked?: Asked])[] = [
    [200, `/api${at('silent')}`],
    [200, `/api${at('silent')}`, { method: 'HEAD' }],
    [200, `/api${at('secured')}`],
    [204, `/api${at('empty')}`],
    [304, `/api${at('unchanged')}`],
    [502, `/api${at('broken')}`],
    [502, '/gone'],
    [401, '/keyed'],
    [404, '/nowhere'],
    [405, '/api/x', { method: 'PROPFIND' }],
    [400, '/api/%2f'],
    [204, '*', { method: 'OPTIONS' }],
    [400, '', { raw: 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n' }],
    [400, '', { raw: 'nonsense\r\n\r\n' }],
    [431, '', { raw: `GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(20_000)}\r\n\r\n` }],
    [505, '', { raw: 'GET / HTTP/3.1\r\nHost: a\r\n\r\n' }],
  ]

  test('an https listener says Strict-Transport-Security once in every response, whoever makes it and whether it belongs to an API or to none', async () => {
    for (const policies of [undefined, { 'secure-headers': {} }]) {
      const gateway = await start({ policies })
      for (const [status, target, asked] of everywhere) {
        const answer = await ask(gateway, target, asked)
        assert.deepEqual([answer.status, said(answer)], [status, [A_YEAR]], `${asked?.method ?? 'GET'} ${target} ${asked?.raw?.slice(0, 20)}`)
      }
    }
    assert.equal(everywhere.length, 16)
  })

  test('over HTTP/2 as well', async () => {
    const gateway = await start({})
    const session = connectHttp2(`https://127.0.0.1:${gateway.port}`, { ca: authority.certificate, servername: 'gateway.example' })
    try {
      for (const [path, status] of [
        [`/api${at('secured')}`, 200],
        ['/nowhere', 404],
        ['/keyed', 401],
      ] as const) {
        const fields = await new Promise<Record<string, unknown>>((resolve, reject) => {
          session.on('error', reject)
          session.request({ ':path': path, ':authority': 'gateway.example' }).on('response', resolve).on('error', reject).resume()
        })
        assert.deepEqual([fields[':status'], fields['strict-transport-security']], [status, A_YEAR])
      }
    } finally {
      session.destroy()
    }
  })

  test('in clear nobody says it: not the gateway, not a policy, and the upstream’s own is dropped, whatever the caller claims (RFC 6797 7.2)', async () => {
    const gateway = await start({ clear: true, policies: { 'secure-headers': { strictTransportSecurity: { includeSubDomains: true } } } })
    for (const [status, target, asked] of everywhere) {
      for (const lines of [[], ['X-Forwarded-Proto: https', 'Forwarded: proto=https']]) {
        const answer = await ask(gateway, target, { ...asked, lines, clear: true })
        assert.deepEqual([answer.status, said(answer)], [status, []], target)
      }
    }
    assert.deepEqual(said(await ask(gateway, at('secured'), { host: 'plain.example', clear: true })), [])
  })

  test('behind a proxy that is believed and ended TLS, the policy says it, and without the policy the upstream may', async () => {
    const gateway = await start({ clear: true, trusted: ['127.0.0.1'], policies: { 'secure-headers': {} } })
    const table = [
      [`/api${at('secured')}`, 'gateway.example', ['X-Forwarded-Proto: https'], [A_YEAR]],
      [`/api${at('silent')}`, 'gateway.example', ['Forwarded: for=192.0.2.1;proto=https'], [A_YEAR]],
      ['/keyed', 'gateway.example', ['X-Forwarded-Proto: https'], [A_YEAR]],
      [`/api${at('secured')}`, 'gateway.example', ['X-Forwarded-Proto: http'], []],
      [`/api${at('secured')}`, 'gateway.example', ['X-Forwarded-Proto: https', 'Forwarded: proto=http'], []],
      [`/api${at('secured')}`, 'gateway.example', [], []],
      [at('secured'), 'plain.example', ['X-Forwarded-Proto: https'], ['max-age=1', 'max-age=2; includeSubDomains']],
      [at('secured'), 'plain.example', [], []],
    ] as const
    for (const [target, host, lines, expected] of table)
      assert.deepEqual(said(await ask(gateway, target, { host, lines, clear: true })), expected, `${target} ${lines}`)
  })

  test('listener, policy and upstream say it once: the policy’s word before the listener’s, and both before the upstream’s', async () => {
    const own = { strictTransportSecurity: { maxAge: '730d', includeSubDomains: true } }
    const table: readonly (readonly [Wanted, target: string, expected: readonly string[]])[] = [
      [{ hsts: { maxAge: '30d' } }, `/api${at('secured')}`, ['max-age=2592000']],
      [{ hsts: { maxAge: '30d' }, policies: { 'secure-headers': {} } }, `/api${at('secured')}`, ['max-age=2592000']],
      [{ hsts: { maxAge: '30d' }, policies: { 'secure-headers': { strictTransportSecurity: false } } }, `/api${at('secured')}`, ['max-age=2592000']],
      [{ hsts: { maxAge: '30d' }, policies: { 'secure-headers': own } }, `/api${at('secured')}`, ['max-age=63072000; includeSubDomains']],
      [{ hsts: { maxAge: '30d' }, policies: { 'secure-headers': own } }, '/nowhere', ['max-age=2592000']],
      [{ hsts: { maxAge: '30d' }, policies: { 'secure-headers': { ...own, mode: 'monitor' } } }, `/api${at('silent')}`, ['max-age=2592000']],
      [{ hsts: false, policies: { 'secure-headers': own } }, '/keyed', ['max-age=63072000; includeSubDomains']],
      [{ hsts: false, policies: { 'secure-headers': {} } }, '/keyed', []],
      [{ hsts: false }, `/api${at('secured')}`, ['max-age=1', 'max-age=2; includeSubDomains']],
      [{ hsts: false }, '/nowhere', []],
      [{ hsts: { maxAge: '0s' } }, '/nowhere', ['max-age=0']],
      [{ names: ['localhost', '127.0.0.1', 'a.localhost'] }, '/nowhere', []],
      [{ names: ['localhost', 'gateway.example'] }, '/nowhere', [A_YEAR]],
      [{ names: ['localhost'], hsts: {} }, '/nowhere', [A_YEAR]],
    ]
    let ran = 0
    for (const [wanted, target, expected] of table) {
      const gateway = await start(wanted)
      const host = wanted.names?.[0] ?? 'gateway.example'
      const text = message(`GET ${target} HTTP/1.1`, `Host: ${host}`, 'Connection: close')
      const { responses } = await converse(gateway.port, [text], { responses: 1, authority: authority.certificate, servername: host })
      assert.deepEqual(said(responses[0]!), expected, JSON.stringify(wanted))
      ran++
    }
    assert.equal(ran, 14)
  })

  test('another value is said as soon as it is published', async () => {
    const gateway = await start({})
    await gateway.republish({ hsts: { maxAge: '1h' } })
    assert.deepEqual(said(await ask(gateway, '/nowhere')), ['max-age=3600'])
    await gateway.republish({ hsts: false })
    assert.deepEqual(said(await ask(gateway, '/nowhere')), [])
  })

  test('secure-headers says each of its fields once, in the upstream’s place, and nothing tells about software', async () => {
    const cors = { allowOrigins: ['https://shop.example'] }
    const gateway = await start({ policies: { 'secure-headers': {}, cors } })
    const table: readonly (readonly [status: number, target: string, cacheControl: readonly string[], asked?: Asked])[] = [
      [200, `/api${at('talkative')}`, ['max-age=5']],
      [200, `/api${at('talkative')}`, ['max-age=5'], { method: 'HEAD' }],
      [200, `/api${at('silent')}`, ['no-store']],
      [204, `/api${at('empty')}`, ['no-store']],
      [304, `/api${at('unchanged')}`, []],
      [502, `/api${at('broken')}`, ['no-store']],
      [401, '/keyed', ['no-store']],
      [405, '/api/x', ['no-store'], { method: 'PROPFIND' }],
      [204, '/api/x', ['no-store'], { method: 'OPTIONS', lines: ['Origin: https://shop.example', 'Access-Control-Request-Method: GET'] }],
    ]
    for (const [status, target, cacheControl, asked] of table) {
      const answer = await ask(gateway, target, asked)
      const values = (name: string) => valuesOf(answer, name)
      assert.deepEqual(
        [
          answer.status,
          values('X-Frame-Options'),
          values('Content-Security-Policy'),
          values('X-Content-Type-Options'),
          values('Cache-Control'),
          values('Server'),
          values('X-Powered-By'),
        ],
        [status, ['DENY'], ["default-src 'none'; frame-ancestors 'none'"], ['nosniff'], cacheControl, [], []],
        target,
      )
    }
  })

  test('what is kept is the upstream’s where it says it, and the gateway’s where it does not', async () => {
    const gateway = await start({ policies: { 'secure-headers': { keep: ['contentSecurityPolicy', 'xFrameOptions'], cacheControl: 'private' } } })
    const talkative = await ask(gateway, `/api${at('talkative')}`)
    const silent = await ask(gateway, `/api${at('silent')}`)
    assert.deepEqual(valuesOf(talkative, 'Content-Security-Policy'), ['default-src *'])
    assert.deepEqual(valuesOf(silent, 'Content-Security-Policy'), ["default-src 'none'; frame-ancestors 'none'"])
    assert.deepEqual([...valuesOf(talkative, 'X-Frame-Options'), ...valuesOf(silent, 'X-Frame-Options')], ['ALLOWALL', 'DENY'])
    assert.deepEqual([...valuesOf(talkative, 'Cache-Control'), ...valuesOf(silent, 'Cache-Control')], ['private', 'private'])
  })

  test('the answer that opens a tunnel has the fields of every other', async () => {
    const gateway = await start({ policies: { 'secure-headers': {} } })
    const upgrade = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==']
    const { bytes } = await converse(gateway.port, [message(`GET /api${at('tunnel')} HTTP/1.1`, 'Host: gateway.example', ...upgrade)], {
      authority: authority.certificate,
    })
    const text = bytes.toString('latin1')
    assert.match(text, /^HTTP\/1\.1 101 /)
    assert.deepEqual(text.match(/^Strict-Transport-Security: .*$/gim), [`${NAME}: ${A_YEAR}`])
    assert.deepEqual([/^Server:/im.test(text), /^X-Content-Type-Options: nosniff\r$/m.test(text)], [false, true])
  })

  test('an informational response tells no more than the one that counts', async () => {
    const gateway = await start({ policies: { 'secure-headers': {} } })
    const { interim } = await ask(gateway, `/api${at('hints')}`)
    assert.deepEqual(
      interim.map(({ status, fields }) => [status, fields.map(([name]) => name)]),
      [[103, ['Link']]],
    )
  })
})
