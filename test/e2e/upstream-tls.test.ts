// The program in front of HTTPS: every kind of wrong upstream is refused with a code and counted by its reason, and it shows itself to those that ask.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createSecureServer } from 'node:http2'
import { createServer, type ServerOptions } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { CLIENT_AUTH, type Made, makeCertificate, type Wanted } from '../support/certificate-maker.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { metric } from '../support/load-client.ts'
import { startTlsNginx, type TlsNginx } from '../support/nginx-tls.ts'
import { makeRevocationPem } from '../support/revocation-list-maker.ts'

const LONG_AGO = { to: new Date('2021-01-01T00:00:00Z') }
const LATER = { from: new Date('2100-01-01T00:00:00Z') }
const pinOf = ({ parsed }: Made): string => `sha256/${createHash('sha256').update(new Uint8Array(parsed.publicKey.rawData)).digest('base64')}`
const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port

/** What is in front of an API, and how the API is configured. */
interface Case {
  readonly what: string
  /** What the upstream shows; a number is the port of one that runs already. */
  readonly shows: () => Promise<ServerOptions | number>
  readonly tls: object
  readonly http2?: true
  readonly status: number
  /** Absent: it is answered by the upstream. */
  readonly code?: 'upstream.untrusted' | 'upstream.unreachable' | 'upstream.timeout' | 'upstream.invalid'
  readonly reason?: string
  readonly says?: RegExp
}

describe('an upstream under TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-upstream-tls-'))
  const servers: Server[] = []
  const sockets = new Set<{ destroy(): void }>()
  const keep = async <S extends Server>(server: S): Promise<S> => {
    servers.push(server)
    server.on('connection', (socket) => sockets.add(socket))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return server
  }
  const file = (name: string, ...texts: string[]): string => {
    writeFileSync(join(folder, name), texts.join(''), { mode: 0o600 })
    return name
  }
  let root: Made
  let other: Made
  let own: Made
  let nginx: TlsNginx
  let gateway: RunningGateway
  /** Requests that reached an upstream, by API; octets that reached one in clear. */
  const asked = new Map<string, number>()
  let inClear = ''

  const ca = { file: 'root.pem' }
  const issued = (wanted: Wanted = {}): Promise<Made> => makeCertificate({ names: ['shop.internal'], issuer: root, ...wanted })
  const shown = async (wanted: Wanted = {}): Promise<ServerOptions> => {
    const { certificate, key } = await issued(wanted)
    return { cert: certificate, key }
  }
  const client = async (name: string, wanted: Wanted): Promise<void> => {
    const made = await makeCertificate({ subject: `CN=${name}`, purposes: [CLIENT_AUTH], issuer: root, ...wanted })
    file(`${name}.pem`, made.certificate)
    file(`${name}.key`, made.key)
  }
  const certificate = (name: string): object => ({ certificate: { cert: `${name}.pem`, key: `${name}.key` } })
  const untrusted = (what: string, wanted: Wanted, reason: string, tls: object = { ca }): Case => ({
    ...{ what, shows: () => shown(wanted), tls, status: 502, code: 'upstream.untrusted', reason },
  })
  /** Node's server ends without a word when it does not like the certificate of its client. */
  const asking = async (): Promise<ServerOptions> => ({ ...(await shown()), requestCert: true, rejectUnauthorized: true, ca: root.certificate })
  const atNginx = async (): Promise<number> => nginx.port

  const cases: readonly Case[] = [
    { what: 'right', shows: () => shown(), tls: { ca }, status: 200, says: /shop\.internal/ },
    { what: 'right-by-store', shows: () => shown(), tls: { ca: 'house' }, status: 200 },
    { what: 'right-by-address', shows: () => shown({ addresses: ['127.0.0.1'] }), tls: { ca, serverName: '127.0.0.1' }, status: 200, says: /asked for false/ },
    { what: 'right-by-pin', shows: async () => ({ cert: own.certificate, key: own.key }), tls: { ca, pins: ['PIN'] }, status: 200 },
    { what: 'right-by-list', shows: () => shown(), tls: { ca, crl: 'list.pem' }, status: 200 },
    { what: 'right-over-1-3', shows: () => shown(), tls: { ca, minVersion: '1.3' }, status: 200, says: /TLSv1\.3/ },
    untrusted('expired', LONG_AGO, 'expired'),
    untrusted('not-yet-valid', LATER, 'not-yet-valid'),
    untrusted('wrong-authority', {}, 'unknown-issuer', { ca: { file: 'other.pem' } }),
    untrusted('not-of-the-public', {}, 'unknown-issuer', {}),
    { ...untrusted('self-signed', {}, 'self-signed'), shows: async () => selfSigned() },
    untrusted('wrong-purpose', { purposes: [CLIENT_AUTH] }, 'wrong-purpose'),
    untrusted('wrong-name', { names: ['bank.internal'] }, 'wrong-name'),
    { ...untrusted('revoked', {}, 'revoked', { ca, crl: ['list.pem'] }), shows: async () => ({ cert: revoked.certificate, key: revoked.key }) },
    untrusted('list-ended', {}, 'revocation-unknown', { ca, crl: 'ended.pem' }),
    untrusted('wrong-pin', {}, 'pin-mismatch', { ca, pins: ['PIN'] }),
    { ...untrusted('too-old', {}, 'protocol', { ca, minVersion: '1.3' }), shows: async () => ({ ...(await shown()), maxVersion: 'TLSv1.2' }) },
    { ...untrusted('in-clear', {}, 'protocol'), shows: async () => portOf(await clear()) },
    { what: 'insecure', shows: async () => selfSigned(), tls: { insecure: true }, status: 200 },
    { what: 'over-http2', shows: async () => portOf(await http2({})), tls: { ca }, http2: true, status: 200, says: /over h2/ },
    { ...untrusted('over-http2-wrong-name', {}, 'wrong-name'), shows: async () => portOf(await http2({ names: ['bank.internal'] })), http2: true },
    { ...untrusted('over-http2-expired', {}, 'expired'), shows: async () => portOf(await http2(LONG_AGO)), http2: true },
    { ...untrusted('http2-not-agreed', {}, 'protocol'), http2: true },
    {
      what: 'silent',
      shows: async () => portOf(await keep(createTcpServer((socket) => void socket.on('error', () => {})))),
      tls: { ca },
      status: 504,
      code: 'upstream.timeout',
    },
    { what: 'ends-by-close', shows: async () => portOf(await endless()), tls: { ca }, status: 502, code: 'upstream.invalid' },
    { what: 'client-right', shows: asking, tls: { ca, ...certificate('client') }, status: 200 },
    { what: 'client-none', shows: asking, tls: { ca }, status: 502, code: 'upstream.untrusted', reason: 'refused-ours' },
    { what: 'client-wrong-authority', shows: asking, tls: { ca, ...certificate('client-wrong') }, status: 502, code: 'upstream.unreachable' },
    { what: 'nginx-client-right', shows: atNginx, tls: { ca, ...certificate('client') }, status: 200, says: /^SUCCESS CN=client shop\.internal TLSv1\.3$/ },
    { what: 'nginx-client-none', shows: atNginx, tls: { ca }, status: 400, says: /No required SSL certificate/ },
    ...['expired', 'later', 'wrong', 'self', 'revoked'].map((name): Case => {
      const says = /The SSL certificate error/
      return { what: `nginx-client-${name}`, shows: atNginx, tls: { ca, ...certificate(`client-${name}`) }, status: 400, says }
    }),
  ]
  const selfSigned = async (): Promise<ServerOptions> => {
    const made = await makeCertificate({ names: ['shop.internal'] })
    return { cert: made.certificate, key: made.key }
  }
  let revoked: Made
  const clear = (): Promise<Server> =>
    keep(
      createTcpServer((socket) => {
        socket.on('error', () => {})
        socket.on('data', (data) => {
          inClear += data.toString('latin1')
          socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
        })
      }),
    )
  const http2 = async (wanted: Wanted): Promise<Server> => {
    const server = createSecureServer({ ...(await shown(wanted)), allowHTTP1: false })
    server.on('stream', (stream) => stream.end('over h2'))
    server.on('sessionError', () => {})
    return keep(server)
  }
  const endless = async (): Promise<Server> =>
    keep(
      createServer(await shown(), (request) => {
        request.socket.end('HTTP/1.1 200 OK\r\n\r\nperhaps all')
      }),
    )

  before(async () => {
    root = await makeCertificate({ subject: 'CN=root', authority: true })
    other = await makeCertificate({ subject: 'CN=other', authority: true })
    ;[own, revoked] = await Promise.all([issued(), issued()])
    file('root.pem', root.certificate)
    file('other.pem', other.certificate)
    file('list.pem', await makeRevocationPem(root, [revoked]))
    file('ended.pem', await makeRevocationPem(root, [], { to: '2021-01-01' }))
    await client('client', {})
    await client('client-expired', LONG_AGO)
    await client('client-later', LATER)
    await client('client-wrong', { issuer: other })
    const self = await makeCertificate({ subject: 'CN=self', purposes: [CLIENT_AUTH] })
    file('client-self.pem', self.certificate)
    file('client-self.key', self.key)
    const gone = await makeCertificate({ subject: 'CN=gone', purposes: [CLIENT_AUTH], issuer: root })
    file('client-revoked.pem', gone.certificate)
    file('client-revoked.key', gone.key)
    nginx = await startTlsNginx({ certificate: own.certificate, key: own.key, clients: root.certificate, revoked: await makeRevocationPem(root, [gone]) })
    const apis: Record<string, object> = {}
    for (const { what, shows, tls, http2: isHttp2 } of cases) {
      const shows_ = await shows()
      const port = typeof shows_ === 'number' ? shows_ : portOf(await keep(upstream(what, shows_)))
      const settings = JSON.parse(JSON.stringify({ serverName: 'shop.internal', ...tls }).replace('"PIN"', JSON.stringify(pinOf(own))))
      const upstreamSection = { url: `https://127.0.0.1:${port}`, tls: settings, timeouts: { connect: '1s' }, ...(isHttp2 && { protocol: 'http/2' }) }
      apis[what] = { path: `/${what}`, upstream: upstreamSection, public: true }
    }
    gateway = await startGateway({ apis, trustStores: { house: { certificates: { file: 'root.pem' } } } }, { folder, threads: 1 })
  })
  after(async () => {
    await gateway?.stop()
    await nginx?.stop()
    for (const socket of sockets) socket.destroy()
    for (const server of servers) server.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const upstream = (name: string, options: ServerOptions): Server =>
    createServer(options, (request, response) => {
      asked.set(name, (asked.get(name) ?? 0) + 1)
      const socket = request.socket as TLSSocket & { servername?: string | false }
      response.end(`asked for ${socket.servername} over ${socket.getProtocol()}`)
    }).on('tlsClientError', () => {})

  let ran = 0
  for (const { what, status, code, reason, says } of cases)
    it(`${what}: ${status}${code ? ` ${code}` : ''}${reason ? `, ${reason}` : ''}`, async () => {
      // Twice, as the second may find a session, and a kept connection.
      for (let i = 0; i < 2; i++) {
        const response = await fetch(`${gateway.url}/${what}`, { method: 'POST', body: 'a secret' })
        const body = await response.text()
        assert.equal(response.status, status, body)
        if (says) assert.match(body, says)
        if (code) {
          const problem = JSON.parse(body)
          assert.equal(problem.code, code)
          assert.ok(!body.includes('internal') && !body.includes('certificate') && !body.includes('127.0.0.1'), body)
        }
      }
      const page = await gateway.metrics()
      assert.equal(metric(page, 'gatehouse_upstream_distrust_total', `api="${what}"`), reason ? 2 : 0)
      if (reason) {
        assert.equal(metric(page, 'gatehouse_upstream_distrust_total', `api="${what}"`, `reason="${reason}"`), 2)
        assert.equal(asked.get(what), undefined)
        assert.match(gateway.log(), new RegExp(`no request goes to https://127\\.0\\.0\\.1:\\d+: [^\\n]+ \\(${reason}\\)`))
      }
      ran++
    })

  it('was tried in every case of the table, and nothing went out in clear', () => {
    assert.equal(ran, cases.length)
    assert.equal(cases.length, 35)
    assert.ok(inClear.length > 0)
    assert.ok(!inClear.includes('POST') && !inClear.includes('secret'))
  })

  it('that nobody verifies is in every report: at each load, at the start, in the metrics, over the management API', async () => {
    assert.match(gateway.log(), /upstream-insecure/)
    assert.match(gateway.log(), /insecure: any host \/insecure -> https:\/\/127\.0\.0\.1:\d+ {2}\(its certificate is not verified: insecure\)/)
    const page = await gateway.metrics()
    assert.equal(metric(page, 'gatehouse_upstream_insecure'), 1)
    assert.equal(metric(page, 'gatehouse_upstream_insecure', 'api="insecure"'), 1)
    const token = readFileSync(join(folder, 'data', 'admin-token'), 'utf8').trim()
    const system = await fetch(`http://127.0.0.1:${gateway.controlPort}/api/v1/system`, { headers: { Authorization: `Bearer ${token}` } })
    const { insecureUpstreams } = (await system.json()) as { insecureUpstreams: { api: string; upstream: string }[] }
    assert.deepEqual(
      insecureUpstreams.map(({ api }) => api),
      ['insecure'],
    )
    const told = (): number => gateway.log().match(/upstream-insecure/g)!.length
    const before = told()
    writeFileSync(gateway.configFile, `${readFileSync(gateway.configFile, 'utf8')}\n# again\n`)
    while (told() === before) await fetch(`${gateway.url}/insecure`)
    assert.ok(metric(page, 'gatehouse_upstream_certificate_expires_timestamp_seconds', 'api="client-right"') > 0)
  })
})
