// Client certificates end to end: every way in which one can be right or wrong, over TLS 1.2 and 1.3, each with its code; and what changes while connections are open.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { type ClientHttp2Session, connect as connectSession } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connect, type SecureVersion, type TLSSocket } from 'node:tls'
import { promisify } from 'node:util'
import { CLIENT_AUTH, type Made, makeCertificate, SERVER_AUTH } from '../support/certificate-maker.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { LoadConnection } from '../support/load-client.ts'
import { listPem, makeRevocationList } from '../support/revocation-list-maker.ts'
import { freePorts } from '../support/running-program.ts'

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const
const get = (path: string, host = 'shop.example'): string => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`
const PAST = new Date('2021-01-01T00:00:00Z')
const FAR = new Date('2100-01-01T00:00:00Z')

interface Client {
  readonly certificate: string
  readonly key: string
}

describe('client certificates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-mtls-'))
  const write = (name: string, text: string): void => {
    writeFileSync(join(folder, `${name}.new`), text, { mode: 0o600 })
    renameSync(join(folder, `${name}.new`), join(folder, name))
  }
  const heard: IncomingHttpHeaders[] = []
  const upstream = createServer((request, response) => {
    heard.push(request.headers)
    if (request.url === '/endless') response.write('here')
    else response.end('here')
  })
  let [ours, middle, theirs, servers]: Made[] = []
  let clients: Record<string, Client | undefined>
  let revoked: Made
  let gateway: RunningGateway
  let [required, optional, plain]: number[] = []
  const crl = async (...serials: string[]): Promise<void> => {
    const lists = await Promise.all([makeRevocationList({ issuer: ours!, revoked: serials }), makeRevocationList({ issuer: middle!, revoked: serials })])
    write('crl.pem', lists.map(listPem).join(''))
  }

  before(async () => {
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    servers = await makeCertificate({ subject: 'CN=servers', authority: true })
    ours = await makeCertificate({ subject: 'CN=ours', authority: true })
    middle = await makeCertificate({ subject: 'CN=middle', authority: true, issuer: ours })
    theirs = await makeCertificate({ subject: 'CN=theirs', authority: true })
    const client = (wanted: Partial<Parameters<typeof makeCertificate>[0]>): Promise<Made> =>
      makeCertificate({ subject: 'CN=acme,O=Acme', names: ['client.acme.example'], purposes: [CLIENT_AUTH], issuer: ours!, ...wanted })
    revoked = await client({})
    const below = await client({ issuer: middle, subject: 'CN=below' })
    clients = {
      right: await client({}),
      'from an authority in the middle': { ...below, certificate: below.certificate + middle.certificate },
      expired: await client({ to: PAST }),
      'not yet valid': await client({ from: FAR }),
      'of another authority': await client({ issuer: theirs }),
      revoked,
      'of a server': await client({ purposes: [SERVER_AUTH] }),
      'that signed itself': await makeCertificate({ subject: 'CN=acme,O=Acme', purposes: [CLIENT_AUTH] }),
      none: undefined,
    }
    write('servers.pem', servers.certificate)
    write('ours.pem', ours.certificate + middle.certificate)
    for (const name of ['shop', 'other']) {
      const made = await makeCertificate({ subject: `CN=${name}`, names: [`${name}.example`, `www.${name}.example`], issuer: servers })
      write(`${name}.pem`, made.certificate)
      write(`${name}.key`, made.key)
    }
    await crl(revoked.parsed.serialNumber)
    ;[required, optional, plain] = await freePorts(3)
    const certificates = ['shop', 'other'].map((name) => ({ cert: `${name}.pem`, key: `${name}.key` }))
    const trust = { trust: 'partners', crl: ['crl.pem'] }
    const to = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
    const names = (['right', 'from an authority in the middle', 'revoked'] as const).map((name) => clients[name] as Made)
    gateway = await startGateway(
      {
        gateway: {
          // Far more wrong certificates come from this one address than anybody honest shows.
          authenticationFailures: { limit: 1_000_000 },
          listen: [
            { address: `https://127.0.0.1:${required}`, tls: { certificates, clients: { mode: 'required', ...trust } } },
            { address: `https://127.0.0.1:${optional}`, tls: { certificates, clients: { mode: 'optional', ...trust } } },
            { address: `https://127.0.0.1:${plain}`, tls: { certificates } },
          ],
        },
        trustStores: { partners: { certificates: { file: 'ours.pem' } } },
        apis: {
          open: { path: '/open', upstream: to, public: true },
          exact: { path: '/exact', upstream: to, policies: { 'client-certificate': { forward: true } } },
          named: { path: '/named', upstream: to, policies: { 'client-certificate': { match: 'san', trust: ['partners'] } } },
        },
        consumers: {
          acme: {
            apis: ['exact', 'named'],
            certificates: [...names.map(({ parsed }) => ({ thumbprint: fingerprint(parsed.rawData) })), { san: 'dns:client.acme.example', trust: 'partners' }],
          },
        },
      },
      { threads: 2, folder },
    )
  })
  after(async () => {
    await gateway?.stop()
    upstream.closeAllConnections()
    upstream.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function open(port: number, client: Client | undefined, version: SecureVersion, more: object = {}): Promise<TLSSocket> {
    const shown = client && { cert: client.certificate, key: client.key }
    const socket = connect({
      port,
      host: '127.0.0.1',
      servername: 'shop.example',
      ca: servers!.certificate,
      minVersion: version,
      maxVersion: version,
      ...shown,
      ...more,
    })
    await once(socket, 'secureConnect')
    return socket
  }
  async function ask(port: number, client: Client | undefined, version: SecureVersion, request: string, more: object = {}): Promise<string> {
    const connection = new LoadConnection(port, await open(port, client, version, more))
    try {
      return said(await connection.ask(request))
    } finally {
      connection.socket.destroy()
    }
  }

  /** What the listener that requires one answers, then what the policy of an API does. */
  const MATRIX: readonly (readonly [name: string, atListener: string, atPolicy: string])[] = [
    ['right', '200', '200'],
    ['from an authority in the middle', '200', '200'],
    ['expired', '403 certificate.expired', '401 client-certificate.expired'],
    ['not yet valid', '403 certificate.not-yet-valid', '401 client-certificate.not-yet-valid'],
    ['of another authority', '403 certificate.untrusted', '401 client-certificate.untrusted'],
    ['revoked', '403 certificate.revoked', '401 client-certificate.revoked'],
    ['of a server', '403 certificate.wrong-purpose', '401 client-certificate.wrong-purpose'],
    ['that signed itself', '403 certificate.self-signed', '401 client-certificate.self-signed'],
    ['none', '403 certificate.missing', '401 client-certificate.missing'],
  ]
  for (const version of VERSIONS)
    test(`over ${version} each kind of certificate gets its answer, from the listener and from the policy`, async () => {
      for (const [name, atListener, atPolicy] of MATRIX) {
        const client = clients[name]
        assert.ok(name in clients, name)
        assert.equal(await ask(required!, client, version, get('/open')), atListener, `${name}, required`)
        assert.equal(await ask(optional!, client, version, get('/exact')), atPolicy, `${name}, by the policy`)
        assert.equal(await ask(optional!, client, version, get('/open')), '200', `${name}, where nothing asks`)
        assert.equal(await ask(plain!, client, version, get('/exact')), '401 client-certificate.missing', `${name}, where the listener does not ask`)
      }
      assert.equal(MATRIX.length, 9)
    })

  test('openssl and curl, which know nothing of ours, get the same answers', async () => {
    const certificateOf = (name: string): string[] => {
      const client = clients[name]!
      write(`${name}.client`, client.certificate + client.key)
      return ['--cert', join(folder, `${name}.client`)]
    }
    for (const version of ['1.2', '1.3'])
      for (const [name, atListener, atPolicy] of MATRIX) {
        const shown = name === 'none' ? [] : certificateOf(name)
        const curl = async (port: number, path: string): Promise<string> => {
          const where = ['--resolve', `shop.example:${port}:127.0.0.1`, `https://shop.example:${port}${path}`]
          const { stdout } = await run('curl', [
            '-sS',
            '--http1.1',
            `--tlsv${version}`,
            '--tls-max',
            version,
            '--cacert',
            join(folder, 'servers.pem'),
            ...shown,
            '-w',
            '\n%{http_code}',
            ...where,
          ])
          const [body, status] = stdout.split('\n') as [string, string]
          return said({ status: Number(status), body })
        }
        assert.deepEqual([await curl(required!, '/open'), await curl(optional!, '/exact')], [atListener, atPolicy], `curl ${version} ${name}`)
      }
    const asked = run('openssl', ['s_client', '-connect', `127.0.0.1:${required}`, '-servername', 'shop.example', '-CAfile', join(folder, 'servers.pem')])
    asked.child.stdin!.end()
    const { stdout } = await asked
    assert.match(stdout, /Acceptable client certificate CA names\nCN ?= ?ours/)
  })

  test('who is known by a certificate is told to the upstream, and the certificate itself only where the policy says so', async () => {
    const right = clients['right'] as Made
    assert.equal(await ask(optional!, right, 'TLSv1.3', get('/exact')), '200')
    const { 'gatehouse-consumer': consumer, 'client-cert': sent } = heard.at(-1)!
    assert.deepEqual([consumer, sent], ['acme', `:${Buffer.from(right.parsed.rawData).toString('base64')}:`])
    // Another certificate with the same name, from the same authority.
    const renewed = await makeCertificate({ subject: 'CN=new', names: ['Client.ACME.example'], purposes: [CLIENT_AUTH], issuer: ours! })
    assert.equal(await ask(optional!, renewed, 'TLSv1.3', get('/named')), '200')
    assert.deepEqual([heard.at(-1)!['gatehouse-consumer'], heard.at(-1)!['client-cert']], ['acme', undefined])
    assert.equal(await ask(optional!, renewed, 'TLSv1.3', get('/exact')), '401 client-certificate.unknown')
  })

  for (const version of VERSIONS)
    test(`over ${version} a request for another host than the handshake was for is misdirected`, async () => {
      const table: readonly (readonly [port: number, serverName: string, host: string, answer: string])[] = [
        [required!, 'shop.example', 'SHOP.example', '200'],
        [required!, 'shop.example', 'shop.example.', '200'],
        [required!, 'Shop.Example', 'shop.example:8443', '200'],
        [required!, 'shop.example', 'other.example', '421 request.misdirected'],
        [required!, 'shop.example', 'www.shop.example', '421 request.misdirected'],
        [required!, 'shop.example', 'shoq.example', '421 request.misdirected'],
        [required!, 'shop.example', '127.0.0.1', '421 request.misdirected'],
        [required!, '', 'shop.example', '200'],
        [optional!, 'shop.example', 'other.example', '421 request.misdirected'],
        [plain!, 'shop.example', 'www.shop.example', '200'],
        [plain!, 'shop.example', 'other.example', '421 request.misdirected'],
        [plain!, 'shop.example', 'nobody.example', '421 request.misdirected'],
        [plain!, 'nobody.example', 'nobody.example', '200'],
        [plain!, 'nobody.example', 'shop.example', '421 request.misdirected'],
      ]
      for (const [port, servername, host, answer] of table) {
        // What is not shown to no name, and for wrong ones, is not what is tested.
        const lenient = { servername, rejectUnauthorized: false }
        assert.equal(await ask(port, clients['right'], version, get('/open', host), lenient), answer, `${servername} ${host}`)
      }
      assert.equal(table.length, 14)
    })

  for (const version of VERSIONS)
    test(`over ${version} a session is never resumed where clients are asked, for the same host or another, after revocation or before`, async () => {
      let ran = 0
      for (const port of [required!, optional!]) {
        const session = await sessionOf(port, clients['right'], version)
        for (const servername of ['shop.example', 'other.example'])
          for (const client of [clients['right'], undefined]) {
            const socket = await open(port, client, version, { servername, ...(session && { session }) })
            assert.equal(socket.isSessionReused(), false)
            const connection = new LoadConnection(port, socket)
            const answer = said(await connection.ask(get('/exact', servername)))
            assert.equal(answer, client ? '200' : port === required ? '403 certificate.missing' : '401 client-certificate.missing')
            socket.destroy()
            ran++
          }
      }
      assert.equal(ran, 8)
      // A session of the listener that asks nobody opens nothing at one that does.
      const session = await sessionOf(plain!, undefined, version)
      assert.ok(session)
      const socket = await open(plain!, undefined, version, { session })
      assert.equal(socket.isSessionReused(), true)
      socket.destroy()
      assert.equal(await ask(required!, undefined, version, get('/open'), { session }), '403 certificate.missing')
    })

  async function sessionOf(port: number, client: Client | undefined, version: SecureVersion): Promise<Buffer | undefined> {
    const socket = await open(port, client, version)
    let session: Buffer | undefined
    socket.on('session', (made) => (session = made))
    const connection = new LoadConnection(port, socket)
    const answered = await connection.ask(get('/open'))
    // TLS 1.2 makes the session in the handshake.
    session ??= socket.getSession()
    assert.ok(answered)
    socket.destroy()
    return session
  }

  for (const version of VERSIONS)
    test(`over ${version} a certificate that is revoked while its connection is open opens nothing any more, on it or on a new one`, async () => {
      const leaving = await makeCertificate({ subject: 'CN=leaving', names: ['client.acme.example'], purposes: [CLIENT_AUTH], issuer: ours! })
      const connections = await Promise.all([required!, optional!].map(async (port) => new LoadConnection(port, await open(port, leaving, version))))
      const session = await sessionOf(optional!, leaving, version)
      for (const connection of connections) assert.equal(said(await connection.ask(get('/named'))), '200')
      const streams = await Promise.all([required!, optional!].map((port) => endless(port, leaving, version)))
      const withoutCertificate = await endless(optional!, undefined, version, '/open/endless')
      await crl(revoked.parsed.serialNumber, leaving.parsed.serialNumber)
      await until(optional!, leaving, get('/named'), '401 client-certificate.revoked')
      assert.deepEqual(await Promise.all(connections.map(async (each) => said(await each.ask(get('/named'))))), [
        '403 certificate.revoked',
        '401 client-certificate.revoked',
      ])
      assert.equal(await ask(optional!, leaving, version, get('/named'), session && { session }), '401 client-certificate.revoked')
      assert.equal(await ask(required!, leaving, version, get('/open'), session && { session }), '403 certificate.revoked')
      // What is still under way ends within a second, broken off and never short.
      await Promise.all(streams.map((socket) => socket.destroyed || once(socket, 'close')))
      assert.equal(withoutCertificate.destroyed, false)
      withoutCertificate.destroy()
      for (const { socket } of connections) socket.destroy()
      await crl(revoked.parsed.serialNumber)
      await until(optional!, leaving, get('/named'), '200')
    })

  /** A response that has begun and does not end. */
  async function endless(port: number, client: Client | undefined, version: SecureVersion, path = '/named/endless'): Promise<TLSSocket> {
    const socket = await open(port, client, version)
    socket.on('error', () => {})
    let read = ''
    socket.write(get(path))
    while (!read.includes('here')) read += (await once(socket, 'data'))[0]
    socket.resume()
    return socket
  }

  test('over HTTP/2 each stream is judged: the certificate by what holds now, its host by what the handshake was for', async () => {
    const leaving = await makeCertificate({ subject: 'CN=leaving', names: ['client.acme.example'], purposes: [CLIENT_AUTH], issuer: ours! })
    const over = (port: number) =>
      connectSession(`https://shop.example:${port}`, {
        createConnection: () =>
          connect({
            port,
            host: '127.0.0.1',
            servername: 'shop.example',
            ca: servers!.certificate,
            cert: leaving.certificate,
            key: leaving.key,
            ALPNProtocols: ['h2'],
          }),
      })
    const stream = async (session: ClientHttp2Session, path: string, authority = 'shop.example'): Promise<string> => {
      const request = session.request({ ':path': path, ':authority': authority })
      const [fields] = (await once(request, 'response')) as [{ ':status': number }]
      return said({ status: fields[':status'], body: Buffer.concat(await request.toArray()).toString() })
    }
    const sessions = [over(optional!), over(required!), over(plain!)] as const
    const [asked, needed, unasked] = sessions
    assert.deepEqual(await Promise.all([stream(asked, '/named'), stream(needed, '/open'), stream(unasked, '/named')]), [
      '200',
      '200',
      '401 client-certificate.missing',
    ])
    assert.equal(await stream(asked, '/named', 'other.example'), '421 request.misdirected')
    // Where nobody is known by the connection, browsers may put hosts of one certificate on one connection.
    assert.deepEqual([await stream(unasked, '/open', 'www.shop.example'), await stream(unasked, '/open', 'other.example')], ['200', '421 request.misdirected'])
    await crl(revoked.parsed.serialNumber, leaving.parsed.serialNumber)
    await until(optional!, leaving, get('/named'), '401 client-certificate.revoked')
    assert.deepEqual(
      [await stream(asked, '/named'), await stream(asked, '/open'), await stream(needed, '/open')],
      ['401 client-certificate.revoked', '200', '403 certificate.revoked'],
    )
    for (const session of sessions) session.destroy()
    await crl(revoked.parsed.serialNumber)
    await until(optional!, leaving, get('/named'), '200')
  })

  test('an authority that is taken out of the trust store vouches for nobody any more, on open connections too', async () => {
    const below = clients['from an authority in the middle']
    const connections = await Promise.all([required!, optional!].map(async (port) => new LoadConnection(port, await open(port, below, 'TLSv1.3'))))
    for (const connection of connections) assert.equal(said(await connection.ask(get('/exact'))), '200')
    const other = await makeCertificate({ subject: 'CN=other authority', authority: true })
    write('crl.pem', listPem(await makeRevocationList({ issuer: other })))
    write('ours.pem', other.certificate)
    await until(optional!, below, get('/exact'), '401 client-certificate.untrusted')
    const answers = await Promise.all(connections.map(async (each) => said(await each.ask(get('/exact')))))
    assert.deepEqual(answers, ['403 certificate.untrusted', '401 client-certificate.untrusted'])
    write('ours.pem', ours!.certificate + middle!.certificate)
    await crl(revoked.parsed.serialNumber)
    await until(optional!, below, get('/exact'), '200')
    // What OpenSSL found stays: whoever was refused in the handshake makes a new one.
    for (const { socket } of connections) socket.destroy()
  })

  /** Until every thread says so: a new connection may come to any of them. */
  async function until(port: number, client: Client | undefined, request: string, answer: string): Promise<void> {
    for (let same = 0; same < 12; ) same = (await ask(port, client, 'TLSv1.3', request)) === answer ? same + 1 : 0
  }
})

const run = promisify(execFile)

const fingerprint = (raw: ArrayBuffer): string => `sha256:${createHash('sha256').update(Buffer.from(raw)).digest('hex')}`

/** Status, and the code of a refusal. */
function said(answer: { readonly status: number; readonly body: string } | undefined): string {
  assert.ok(answer, 'the connection ended without an answer')
  return answer.status === 200 ? '200' : `${answer.status} ${JSON.parse(answer.body).code}`
}
