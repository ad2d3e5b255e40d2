// Certificates that a proxy forwards (RFC 9440): believed from trusted proxies alone, judged like those of a handshake, and never passed on as they came.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { CLIENT_AUTH, type Made, makeCertificate, SERVER_AUTH } from '../support/certificate-maker.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { LoadConnection } from '../support/load-client.ts'
import { makeRevocationPem } from '../support/revocation-list-maker.ts'

const PROXY = '127.0.0.1'
const STRANGER = '127.0.0.2'

describe('certificates that a proxy forwards', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-forwarded-'))
  const heard: IncomingHttpHeaders[] = []
  const upstream = createServer((request, response) => {
    heard.push(request.headers)
    response.end('here')
  })
  let [ours, middle, right]: Made[] = []
  let gateway: RunningGateway

  before(async () => {
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    ours = await makeCertificate({ subject: 'CN=ours', authority: true })
    middle = await makeCertificate({ subject: 'CN=middle', authority: true, issuer: ours })
    right = await client({})
    writeFileSync(join(folder, 'ours.pem'), ours.certificate, { mode: 0o600 })
    const revoked = await client({ subject: 'CN=revoked' })
    certificates['revoked'] = field(revoked)
    writeFileSync(join(folder, 'crl.pem'), await makeRevocationPem(ours, [revoked]), { mode: 0o600 })
    certificates['right'] = field(right)
    certificates['expired'] = field(await client({ to: new Date('2021-01-01T00:00:00Z') }))
    certificates['of a server'] = field(await client({ purposes: [SERVER_AUTH] }))
    certificates['of another authority'] = field(await client({ issuer: await makeCertificate({ subject: 'CN=ours', authority: true }) }))
    certificates['that signed itself'] = field(await makeCertificate({ subject: 'CN=self', purposes: [CLIENT_AUTH] }))
    gateway = await startGateway(
      {
        gateway: { trustedProxies: [`${PROXY}/32`], forwardedCertificates: { trust: 'partners', crl: ['crl.pem'] } },
        trustStores: { partners: { certificates: { file: 'ours.pem' } } },
        apis: {
          shop: {
            path: '/',
            upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
            policies: { 'client-certificate': {} },
          },
        },
        consumers: { acme: { apis: ['shop'], certificates: [{ thumbprint: `sha256:${createHash('sha256').update(raw(right)).digest('hex')}` }] } },
      },
      { threads: 1, folder },
    )
  })
  after(async () => {
    await gateway?.stop()
    upstream.closeAllConnections()
    upstream.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const certificates: Record<string, string> = {}
  const client = (more: object): Promise<Made> => makeCertificate({ subject: 'CN=acme', purposes: [CLIENT_AUTH], issuer: ours!, ...more })
  const raw = ({ parsed }: Made): Buffer => Buffer.from(parsed.rawData)
  const sequence = (made: Made): string => `:${raw(made).toString('base64')}:`
  const field = (made: Made): string => `Client-Cert: ${sequence(made)}`

  async function ask(from: string, ...lines: string[]): Promise<string> {
    const connection = new LoadConnection(gateway.port, connect({ port: gateway.port, host: '127.0.0.1', localAddress: from }))
    const answer = (await connection.ask(`GET / HTTP/1.1\r\nHost: a\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`))!
    connection.socket.destroy()
    return answer.status === 200 ? '200' : `${answer.status} ${JSON.parse(answer.body).code}`
  }

  test('are judged like those of a handshake', async () => {
    const table: readonly (readonly [name: string, answer: string])[] = [
      ['right', '200'],
      ['expired', '401 client-certificate.expired'],
      ['revoked', '401 client-certificate.revoked'],
      ['of a server', '401 client-certificate.wrong-purpose'],
      ['of another authority', '401 client-certificate.untrusted'],
      ['that signed itself', '401 client-certificate.self-signed'],
    ]
    for (const [name, answer] of table) for (let again = 0; again < 2; again++) assert.equal(await ask(PROXY, certificates[name]!), answer, name)
    assert.equal(table.length, 6)
    assert.equal(await ask(PROXY), '401 client-certificate.missing')
  })

  test('go no further, in any spelling, whoever sent them; only the gateway says who calls', async () => {
    const more = ['client_cert: :YQ==:', 'CLIENT-CERT_CHAIN: :YQ==:', 'Client-Cert-Else: a', 'Gatehouse-Consumer: victim']
    assert.equal(await ask(PROXY, certificates['right']!, ...more), '200')
    const { 'gatehouse-consumer': consumer, ...rest } = heard.at(-1)!
    assert.equal(consumer, 'acme')
    assert.deepEqual(
      Object.keys(rest).filter((name) => name.replaceAll('_', '-').startsWith('client-cert')),
      [],
    )
  })

  test('from anybody else are worth nothing', async () => {
    for (const line of [certificates['right']!, certificates['right']!.replace('Client-Cert', 'client_cert')])
      assert.equal(await ask(STRANGER, line), '401 client-certificate.missing')
  })

  test('that come twice, or in another form than RFC 9440 has, are refused', async () => {
    const good = sequence(right!)
    const table: readonly (readonly string[])[] = [
      [field(right!), field(right!)],
      [field(right!), 'Client-Cert: :YQ==:'],
      [`Client-Cert: ${good}, ${good}`],
      [`Client-Cert: ${good};a=1`],
      [`Client-Cert: ${good.slice(1, -1)}`],
      [`Client-Cert: "${good.slice(1, -1)}"`],
      [`Client-Cert: ${good.slice(0, -3)}:`],
      [`Client-Cert: ${good.replace(/=*:$/, '*:')}`],
      ['Client-Cert: ::'],
      ['Client-Cert:'],
      [`Client-Cert-Chain: ${good}`],
      [field(right!), `Client-Cert-Chain: ${good},`],
      [field(right!), `Client-Cert-Chain: ${Array(11).fill(good).join(', ')}`],
    ]
    for (const lines of table) assert.equal(await ask(PROXY, ...lines), '400 certificate.ambiguous', lines.join().slice(0, 60))
    assert.equal(table.length, 13)
    assert.equal(await ask(PROXY, 'Client-Cert: :YQ==:'), '401 client-certificate.unreadable')
    // What folds "_" to "-" is not this field: it is neither read nor passed on.
    assert.equal(await ask(PROXY, certificates['right']!, `Client_Cert: ${good}`), '200')
  })

  test('bring the certificates in between along; without a list of their authority nobody below it is let in', async () => {
    const below = await client({ issuer: middle, subject: 'CN=below' })
    assert.equal(await ask(PROXY, field(below)), '401 client-certificate.untrusted')
    assert.equal(await ask(PROXY, field(below), `Client-Cert-Chain: ${sequence(middle!)}`), '401 client-certificate.status-unknown')
    assert.equal(await ask(PROXY, field(right!), `Client-Cert-Chain: ${sequence(middle!)}, ${sequence(ours!)}`), '200')
  })

  test('are read on a connection that carries the requests of many clients, one after the other', async () => {
    const connection = new LoadConnection(gateway.port)
    const answers = await Promise.all(
      [certificates['right']!, '', certificates['revoked']!, certificates['right']!].map((line) =>
        connection.ask(`GET / HTTP/1.1\r\nHost: a\r\n${line === '' ? '' : `${line}\r\n`}\r\n`),
      ),
    )
    assert.deepEqual(
      answers.map((answer) => answer?.status),
      [200, 401, 401, 200],
    )
    connection.socket.destroy()
  })
})
