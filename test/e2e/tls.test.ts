// The program behind https://: what upstreams learn, and certificates that are replaced twenty times while requests and handshakes go on.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { type Made, makeCertificate } from '../support/certificate-maker.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { LoadConnection } from '../support/load-client.ts'
import { freePorts } from '../support/running-program.ts'

const GET = 'GET /a HTTP/1.1\r\nHost: shop.example\r\n\r\n'
const REPLACEMENTS = 20

describe('an https:// listener', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-tls-'))
  const path = (name: string): string => join(folder, name)
  const heard: IncomingHttpHeaders[] = []
  const upstream = createServer((request, response) => {
    heard.push(request.headers)
    response.end('here')
  })
  let authority: Made
  let gateway: RunningGateway
  let port = 0
  const replace = (name: string, text: string): void => {
    writeFileSync(path(`${name}.new`), text, { mode: 0o600 })
    renameSync(path(`${name}.new`), path(name))
  }
  async function show(subject: string): Promise<void> {
    const made = await makeCertificate({ subject: `CN=${subject}`, names: ['shop.example'], issuer: authority })
    // Between the two the pair does not fit: that state is never shown.
    replace('key.pem', made.key)
    replace('cert.pem', made.certificate)
  }

  before(async () => {
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    authority = await makeCertificate({ subject: 'CN=authority', authority: true })
    await show('0')
    ;[port] = (await freePorts(1)) as [number]
    const tls = { certificates: [{ cert: 'cert.pem', key: 'key.pem' }] }
    gateway = await startGateway(
      {
        gateway: { listen: [{ address: `https://127.0.0.1:${port}`, tls }] },
        apis: { shop: { path: '/', upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, public: true } },
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

  async function open(): Promise<TLSSocket> {
    const socket = connect({ port, host: '127.0.0.1', servername: 'shop.example', ca: authority.certificate })
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve)
      socket.once('error', reject)
    })
    return socket
  }
  async function shown(): Promise<string> {
    const socket = await open()
    const { subject } = socket.getPeerX509Certificate()!
    socket.destroy()
    return subject.replace('CN=', '')
  }
  const until = async (subject: string): Promise<void> => {
    while ((await shown()) !== subject);
  }

  test('tells the upstream that the caller came by https', async () => {
    const connection = new LoadConnection(port, await open())
    assert.equal((await connection.ask(GET))?.body, 'here')
    assert.deepEqual([heard.at(-1)!['x-forwarded-proto'], /proto=https/.test(String(heard.at(-1)!['forwarded']))], ['https', true])
    connection.socket.destroy()
    assert.match(gateway.log(), /gateway {5}https:\/\/127\.0\.0\.1:/)
  })

  test('shows twenty new certificates one after the other, while no request and no handshake fails', async () => {
    let stopped = false
    let [asked, opened] = [0, 0]
    const lane = async (): Promise<void> => {
      const connection = new LoadConnection(port, await open())
      for (; !stopped; asked++) assert.equal((await connection.ask(GET))?.status, 200, gateway.log())
      connection.socket.destroy()
    }
    const door = async (): Promise<void> => {
      for (; !stopped; opened++) {
        const connection = new LoadConnection(port, await open())
        assert.equal((await connection.ask(GET))?.status, 200, gateway.log())
        connection.socket.destroy()
      }
    }
    const load = Promise.all([lane(), lane(), door()])
    for (let i = 1; i <= REPLACEMENTS; i++) {
      await show(String(i))
      await Promise.race([until(String(i)), load])
    }
    stopped = true
    await load
    assert.ok(asked > 100 && opened > REPLACEMENTS, `${asked} requests, ${opened} handshakes`)
  })

  test('goes on with what it has when the new certificate and its key do not fit, and says so', async () => {
    const before = await shown()
    const other = await makeCertificate({ subject: 'CN=other', names: ['shop.example'], issuer: authority })
    replace('key.pem', other.key)
    while (!/key-mismatch/.test(gateway.log())) assert.equal(await shown(), before)
    assert.equal(await shown(), before)
    replace('cert.pem', other.certificate)
    await until('other')
  })
})
