// Traffic to an upstream under TLS: large bodies past slow readers, certificates replaced on both sides under load, and trust that ends at once.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { CLIENT_AUTH, type Made, makeCertificate } from '../support/certificate-maker.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { LoadConnection, metric } from '../support/load-client.ts'
import { makeRevocationPem } from '../support/revocation-list-maker.ts'

const GET = 'GET /shop/who HTTP/1.1\r\nHost: a\r\n\r\n'
const REPLACEMENTS = 20
const LARGE = 16 * 1024 * 1024
const digestOf = (octets: Uint8Array): string => createHash('sha256').update(octets).digest('hex')

describe('an upstream under TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-upstream-traffic-'))
  const pattern = Buffer.alloc(LARGE, Buffer.from(Array.from({ length: 251 }, (_, i) => i)))
  let [root, other]: Made[] = []
  let server: Server
  let gateway: RunningGateway
  let handshakes = 0
  const replace = (name: string, text: string): void => {
    writeFileSync(join(folder, `${name}.new`), text, { mode: 0o600 })
    renameSync(join(folder, `${name}.new`), join(folder, name))
  }
  const issued = (subject: string): Promise<Made> => makeCertificate({ subject: `CN=${subject}`, names: ['shop.internal'], issuer: root! })
  /** New for both: what the upstream shows, and what it is shown. */
  async function show(subject: string): Promise<void> {
    const own = await issued(subject)
    server.setSecureContext({ cert: own.certificate, key: own.key, ca: root!.certificate })
    const client = await makeCertificate({ subject: `CN=${subject}`, purposes: [CLIENT_AUTH], issuer: root! })
    replace('client.key', client.key)
    replace('client.pem', client.certificate)
  }

  before(async () => {
    root = await makeCertificate({ subject: 'CN=root', authority: true })
    other = await makeCertificate({ subject: 'CN=other', authority: true })
    const own = await issued('first')
    server = createServer({ cert: own.certificate, key: own.key, ca: root.certificate, requestCert: true, rejectUnauthorized: true }, answer)
    server.on('secureConnection', () => handshakes++)
    server.on('upgrade', (request, socket) => {
      const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
      let message = Buffer.alloc(0)
      socket.on('error', () => {})
      socket.on('data', (part: Buffer) => {
        message = Buffer.concat([message, part])
        if (message.length < 200_014) return
        const mask = message.subarray(10, 14)
        const payload = message.subarray(14).map((octet, i) => octet ^ mask[i % 4]!)
        socket.write(Buffer.concat([Buffer.from([0x82, 0x7f, 0, 0, 0, 0, 0, 3, 0x0d, 0x40]), payload]))
      })
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    replace('ca.pem', root.certificate)
    replace('list.pem', await makeRevocationPem(root))
    await show('0')
    const upstream = {
      url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
      tls: { ca: { file: 'ca.pem' }, crl: 'list.pem', serverName: 'shop.internal', certificate: { cert: 'client.pem', key: 'client.key' } },
    }
    const gatewaySection = { limits: { body: '64MiB' } }
    gateway = await startGateway(
      { gateway: gatewaySection, apis: { shop: { path: '/shop', upstream, public: true, websocket: true } } },
      { threads: 2, folder },
    )
  })
  after(async () => {
    await gateway?.stop()
    server?.closeAllConnections()
    server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** `/who` says whose certificate came; everything else reads haltingly, and answers with the digest of what came in front of the pattern. */
  function answer(request: IncomingMessage, response: import('node:http').ServerResponse): void {
    if (request.url === '/who') return void response.end((request.socket as TLSSocket).getPeerX509Certificate()?.subject.replace('CN=', ''))
    const hash = createHash('sha256')
    let [length, halts] = [0, 0]
    request.on('data', (part: Buffer) => {
      hash.update(part)
      length += part.length
      if (length < (halts + 1) * 1024 * 1024) return
      halts++
      request.pause()
      setImmediate(() => request.resume())
    })
    request.on('end', () => {
      response.setHeader('X-Digest', hash.digest('hex'))
      if (request.url === '/chunked') for (let at = 0; at < LARGE; at += 1_000_003) response.write(pattern.subarray(at, at + 1_000_003))
      response.end(request.url === '/chunked' ? undefined : pattern)
    })
  }
  async function exchange(path: string, body: Buffer, pieces: number): Promise<{ readonly status: number; readonly sent: unknown; readonly got: string }> {
    const declared = path.endsWith('chunked') ? {} : { 'Content-Length': body.length }
    const request = httpRequest({ port: gateway.port, host: '127.0.0.1', path: `/shop${path}`, method: 'POST', agent: false, headers: declared })
    const step = Math.ceil(body.length / pieces)
    for (let at = 0; at < body.length; at += step) if (!request.write(body.subarray(at, at + step))) await once(request, 'drain')
    request.end()
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    const hash = createHash('sha256')
    let halts = 0
    for await (const part of response) {
      hash.update(part)
      if (++halts % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    return { status: response.statusCode!, sent: response.headers['x-digest'], got: hash.digest('hex') }
  }

  test('is sent and sends 16 MiB unchanged, past readers that halt, with a length and in chunks, several at once', async () => {
    const wanted = { status: 200, sent: digestOf(pattern), got: digestOf(pattern) }
    const all = ['/length', '/chunked', '/length', '/chunked'].map((path, i) => exchange(path, pattern, [1, 7, 500, 40][i]!))
    assert.deepEqual(await Promise.all(all), [wanted, wanted, wanted, wanted])
  })

  test('answers a thousand pipelined requests with bodies, each with its own', async () => {
    const connection = new LoadConnection(gateway.port)
    const bodies = Array.from({ length: 1000 }, (_, i) => 'x'.repeat((i * 37) % 3000))
    const small = bodies.map((body) => connection.ask(`POST /shop/who HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`))
    for (const each of await Promise.all(small)) assert.deepEqual([each?.status, each?.body], [200, '0'])
    assert.equal(connection.fault, undefined)
    connection.socket.destroy()
  })

  test('carries a WebSocket with a message of 200,000 octets both ways', async () => {
    const socket = connect({ port: gateway.port, host: '127.0.0.1' })
    let heard = Buffer.alloc(0)
    const until = async (isThere: () => boolean): Promise<void> => {
      while (!isThere()) heard = Buffer.concat([heard, ...((await once(socket, 'data')) as [Buffer])])
    }
    const key = Buffer.alloc(16, 1).toString('base64')
    socket.write(
      `GET /shop/ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    )
    await until(() => heard.includes('\r\n\r\n'))
    assert.match(heard.toString('latin1'), /^HTTP\/1\.1 101 /)
    heard = heard.subarray(heard.indexOf('\r\n\r\n') + 4)
    // RFC 6455 5.2: final, binary, masked with nothing, a length of eight octets.
    socket.write(Buffer.concat([Buffer.from([0x82, 0xff, 0, 0, 0, 0, 0, 3, 0x0d, 0x40, 0, 0, 0, 0]), pattern.subarray(0, 200_000)]))
    await until(() => heard.length >= 200_010)
    assert.equal(digestOf(heard.subarray(10)), digestOf(pattern.subarray(0, 200_000)))
    socket.destroy()
  })

  test('keeps its connections: a handshake is not what each request costs', async () => {
    const connection = new LoadConnection(gateway.port)
    await connection.ask(GET)
    const before = handshakes
    for (let i = 0; i < 200; i++) assert.equal((await connection.ask(GET))?.status, 200)
    assert.equal(handshakes, before)
    connection.socket.destroy()
  })

  test('has its certificate and the one that it is shown replaced twenty times, while no request fails', async () => {
    let stopped = false
    let asked = 0
    let seen = '0'
    const lane = async (): Promise<void> => {
      const connection = new LoadConnection(gateway.port)
      for (; !stopped; asked++) {
        const got = await connection.ask(GET)
        assert.equal(got?.status, 200, gateway.log())
        seen = got!.body
      }
      connection.socket.destroy()
    }
    const load = Promise.all([lane(), lane(), lane()])
    for (let i = 1; i <= REPLACEMENTS; i++) {
      await show(String(i))
      while (seen !== String(i)) await Promise.race([new Promise((resolve) => setImmediate(resolve)), load])
    }
    stopped = true
    await load
    assert.ok(asked > 100, `${asked}`)
    assert.equal(metric(await gateway.metrics(), 'gatehouse_upstream_distrust_total'), 0)
  })

  /** Asks on, over one connection, until the answer is this. */
  async function until(status: number, reason?: string): Promise<void> {
    const connection = new LoadConnection(gateway.port)
    let got: number | undefined
    while (got !== status) {
      const answered = await connection.ask(GET)
      got = answered?.status
      assert.ok(got === 200 || got === 502, answered?.body ?? 'no answer')
      if (got === 502) assert.match(answered!.body, /"upstream\.untrusted"/)
    }
    connection.socket.destroy()
    if (reason) assert.ok(metric(await gateway.metrics(), 'gatehouse_upstream_distrust_total', `reason="${reason}"`) > 0)
  }
  const asks = async (times: number): Promise<(number | undefined)[]> => {
    const connections = Array.from({ length: times }, () => new LoadConnection(gateway.port))
    const answers = await Promise.all(connections.map((connection) => connection.ask(GET)))
    for (const { socket } of connections) socket.destroy()
    return [...new Set(answers.map((each) => each?.status))]
  }

  test('is not believed any more once its authority is taken out, whatever connections and sessions are kept', async () => {
    assert.deepEqual(await asks(8), [200])
    replace('ca.pem', other!.certificate)
    await until(502, 'unknown-issuer')
    replace('ca.pem', root!.certificate + other!.certificate)
    await until(200)
  })

  test('is not believed any more once it is revoked, whatever connections and sessions are kept', async () => {
    const own = await issued('revoked')
    server.setSecureContext({ cert: own.certificate, key: own.key, ca: root!.certificate })
    const list = await makeRevocationPem(root!)
    replace('list.pem', list)
    await until(200)
    replace('list.pem', await makeRevocationPem(root!, [own]))
    await until(502, 'revoked')
    replace('list.pem', list)
    await until(200)
  })

  test('stays as it was while a file that is named holds no certificate, and the log says why', async () => {
    replace('ca.pem', 'nothing\n')
    while (!/no-certificate/.test(gateway.log())) assert.deepEqual(await asks(1), [200])
    assert.deepEqual(await asks(4), [200])
  })
})
