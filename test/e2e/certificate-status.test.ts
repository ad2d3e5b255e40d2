// Online status of client certificates (OCSP): openssl answers for the authority, and stops answering.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connect } from 'node:tls'
import { CLIENT_AUTH, type Made, makeCertificate } from '../support/certificate-maker.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { LoadConnection } from '../support/load-client.ts'
import { freePorts } from '../support/running-program.ts'

describe('the status of client certificates', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-status-'))
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text, { mode: 0o600 })
  const upstream = createServer((_, response) => void response.end('here'))
  let [ours, servers, good, gone, silent]: Made[] = []
  let [hard, soft, responderPort, nobodyPort]: number[] = []
  let responder: ChildProcess | undefined
  let gateway: RunningGateway

  before(async () => {
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    ;[hard, soft, responderPort, nobodyPort] = await freePorts(4)
    servers = await makeCertificate({ subject: 'CN=servers', authority: true })
    ours = await makeCertificate({ subject: 'CN=ours', authority: true })
    const client = (subject: string, port: number): Promise<Made> =>
      makeCertificate({ subject, purposes: [CLIENT_AUTH], issuer: ours!, revocation: { crl: 'http://crl.example/', ocsp: `http://127.0.0.1:${port}/` } })
    ;[good, gone, silent] = await Promise.all([client('CN=good', responderPort!), client('CN=gone', responderPort!), client('CN=silent', nobodyPort!)])
    const server = await makeCertificate({ subject: 'CN=shop', names: ['shop.example'], issuer: servers })
    for (const [name, text] of Object.entries({
      'ca.pem': ours.certificate,
      'ca.key': ours.key,
      'server.pem': server.certificate,
      'server.key': server.key,
      index: line('V', good, '') + line('R', gone, '250101000000Z'),
    }))
      write(name, text)
    await startResponder()
    const certificates = [{ cert: 'server.pem', key: 'server.key' }]
    const listener = (port: number, ocsp: object) => ({
      address: `https://127.0.0.1:${port}`,
      tls: { certificates, clients: { mode: 'required', ca: 'ca.pem', ocsp } },
    })
    gateway = await startGateway(
      {
        egress: { allowPrivate: ['127.0.0.1/32'] },
        gateway: { listen: [listener(hard!, {}), listener(soft!, { whenUnknown: 'accept' })] },
        apis: { shop: { path: '/', upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, public: true } },
      },
      { threads: 2, folder },
    )
  })
  after(async () => {
    await gateway?.stop()
    responder?.kill()
    upstream.closeAllConnections()
    upstream.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const line = (state: string, { parsed }: Made, revoked: string): string =>
    `${state}\t300101000000Z\t${revoked}\t${parsed.serialNumber.toUpperCase().replace(/^(?=.(..)*$)/, '0')}\tunknown\t/CN=x\n`
  async function startResponder(): Promise<void> {
    const args = ['ocsp', '-index', 'index', '-port', String(responderPort), '-CA', 'ca.pem', '-rsigner', 'ca.pem', '-rkey', 'ca.key', '-ndays', '1']
    responder = spawn('openssl', args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for await (const chunk of responder.stderr!) {
      said += chunk
      if (said.includes('waiting for OCSP client connections')) break
    }
  }
  async function ask(port: number, client: Made): Promise<string> {
    const socket = connect({ port, host: '127.0.0.1', servername: 'shop.example', ca: servers!.certificate, cert: client.certificate, key: client.key })
    await once(socket, 'secureConnect')
    const connection = new LoadConnection(port, socket)
    const answer = (await connection.ask('GET / HTTP/1.1\r\nHost: shop.example\r\n\r\n'))!
    socket.destroy()
    return answer.status === 200 ? '200' : `${answer.status} ${JSON.parse(answer.body).code}`
  }

  test('is asked of the responder that the certificate names, before the first request is answered', async () => {
    for (let i = 0; i < 8; i++) {
      assert.equal(await ask(hard!, good!), '200')
      assert.equal(await ask(hard!, gone!), '403 certificate.revoked')
      assert.equal(await ask(soft!, gone!), '403 certificate.revoked')
    }
  })

  test('that nobody tells is refused, unless the operator says otherwise', async () => {
    assert.equal(await ask(hard!, silent!), '403 certificate.status-unknown')
    assert.equal(await ask(soft!, silent!), '200')
    assert.match(gateway.log(), /the responder "http:\/\/127\.0\.0\.1:\d+\/" for the status of client certificates cannot be asked/)
  })

  test('that was told holds while the responder is away', async () => {
    responder!.kill()
    await once(responder!, 'close')
    for (let i = 0; i < 8; i++) assert.equal(await ask(hard!, good!), '200')
    assert.equal(await ask(hard!, gone!), '403 certificate.revoked')
  })
})
