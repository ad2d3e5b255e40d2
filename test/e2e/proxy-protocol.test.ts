// Behind proxies that speak the PROXY protocol, in clear and in front of TLS: the caller is who a trusted proxy says, and nobody else gets in.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { after, before, describe, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { promisify } from 'node:util'
import { type Made, makeCertificate } from '../support/certificate-maker.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { startHaproxy } from '../support/haproxy.ts'
import { metric } from '../support/load-client.ts'
import { binaryHeader, TCP6_ADDRESSES, vector } from '../support/proxy-header.ts'
import { freePorts } from '../support/running-program.ts'

const run = promisify(execFile)
const REQUEST = 'GET /a HTTP/1.1\r\nHost: gateway.example\r\nConnection: close\r\n'
const V1 = 'PROXY TCP4 203.0.113.7 192.0.2.1 40000 443\r\n'

describe('the PROXY protocol', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-proxied-'))
  let upstream: Server
  let authority: Made
  let gateway: RunningGateway
  let clear = 0
  let secure = 0
  let both = 0
  before(async () => {
    upstream = createServer((request, response) => response.end(JSON.stringify(request.headers)))
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    authority = await makeCertificate({ subject: 'CN=authority', authority: true })
    const made = await makeCertificate({ subject: 'CN=gateway', names: ['gateway.example'], issuer: authority })
    writeFileSync(join(folder, 'cert.pem'), made.certificate)
    writeFileSync(join(folder, 'key.pem'), made.key, { mode: 0o600 })
    writeFileSync(join(folder, 'both.pem'), made.certificate + made.key, { mode: 0o600 })
    ;[clear, secure, both] = (await freePorts(3)) as [number, number, number]
    gateway = await startGateway(
      {
        gateway: {
          listen: [
            { address: `http://127.0.0.1:${clear}`, proxyProtocol: true, https: 'off' },
            { address: `http://127.0.0.1:${both}`, proxyProtocol: true, http2: true, https: 'off' },
            { address: `https://127.0.0.1:${secure}`, proxyProtocol: true, tls: { certificates: [{ cert: 'cert.pem', key: 'key.pem' }] } },
          ],
          trustedProxies: ['127.0.0.1/32', '198.51.100.0/24'],
          limits: { connectionsPerAddress: 3 },
          timeouts: { head: '2s' },
        },
        apis: {
          all: {
            path: '/',
            upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
            public: true,
            policies: { 'ip-filter': { deny: ['203.0.113.66', '0.0.0.0'] } },
          },
        },
      },
      { threads: 1, folder },
    )
  })
  after(async () => {
    await gateway?.stop()
    upstream?.closeAllConnections()
    upstream?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  /** What comes back to octets that are sent in these pieces, each in a segment of its own. */
  async function say(pieces: readonly (Buffer | string)[], from = '127.0.0.1'): Promise<string> {
    const socket = connect({ port: clear, host: '127.0.0.1', localAddress: from, noDelay: true })
    let text = ''
    socket.on('data', (part) => (text += part.toString('latin1')))
    socket.on('error', () => {})
    for (const piece of pieces) await new Promise((resolve) => socket.write(piece, () => setImmediate(resolve)))
    await new Promise((resolve) => socket.once('close', resolve))
    return text
  }
  /** The same in front of a handshake; `inOne` sends the header and the first octets of the handshake as one segment. */
  async function sayOverTls(header: Buffer, inOne: boolean): Promise<string> {
    const raw: Socket = connect({ port: secure, host: '127.0.0.1', noDelay: true })
    await once(raw, 'connect')
    if (!inOne) await new Promise<void>((resolve) => raw.write(header, () => setImmediate(resolve)))
    let before = inOne ? header : Buffer.alloc(0)
    const under = new Duplex({
      read() {},
      write(octets: Buffer, _encoding, done) {
        raw.write(Buffer.concat([before, octets]), done)
        before = Buffer.alloc(0)
      },
    })
    raw.on('data', (octets) => under.push(octets))
    raw.on('end', () => under.push(null))
    const socket = connectTls({ socket: under, ca: authority.certificate, servername: 'gateway.example' })
    let text = ''
    socket.on('data', (part) => (text += part.toString('latin1')))
    await once(socket, 'secureConnect')
    socket.write(`${REQUEST}\r\n`)
    await once(socket, 'end')
    socket.destroy()
    raw.destroy()
    return text
  }
  const fieldsOf = (answer: string): IncomingHttpHeaders =>
    JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4).replace(/^[0-9a-f]+\r\n|\r\n0\r\n\r\n$/g, '')) as IncomingHttpHeaders
  const counted = async (code: string): Promise<number> => metric(await gateway.metrics(), 'gatehouse_refusals_total', `code="${code}"`)

  test('the caller is whom the header names, in both versions and however it is cut', async () => {
    const whole = `${V1}${REQUEST}\r\n`
    for (const pieces of [[whole], [V1, `${REQUEST}\r\n`], ['PRO', `XY TCP4 203.0.113.7 192.0.2.1 40000 443\r`, `\n${REQUEST}`, '\r\n'], [...whole]]) {
      const fields = fieldsOf(await say(pieces))
      assert.equal(fields['x-forwarded-for'], '203.0.113.7')
      assert.equal(fields['forwarded'], 'for=203.0.113.7;proto=http;host="gateway.example"')
      assert.equal(fields['x-forwarded-proto'], 'http')
    }
    const binary = binaryHeader({ family: 0x21, addresses: TCP6_ADDRESSES, vectors: [vector(0xe0, 'own')] })
    for (const pieces of [
      [Buffer.concat([binary, Buffer.from(`${REQUEST}\r\n`)])],
      [binary.subarray(0, 13), binary.subarray(13, 40), binary.subarray(40), `${REQUEST}\r\n`],
    ])
      assert.equal(fieldsOf(await say(pieces))['x-forwarded-for'], '2001:db8::7')
  })

  test('in front of TLS as well, in one segment with the handshake or before it', async () => {
    for (const inOne of [true, false]) {
      for (const [header, source] of [
        [Buffer.from(V1), '203.0.113.7'],
        [binaryHeader({ family: 0x21, addresses: TCP6_ADDRESSES }), '2001:db8::7'],
      ] as const) {
        const fields = fieldsOf(await sayOverTls(header, inOne))
        assert.deepEqual([fields['x-forwarded-for'], fields['x-forwarded-proto']], [source, 'https'])
      }
    }
  })

  test('policies see that caller, and nothing that it claims', async () => {
    assert.match(await say([`PROXY TCP4 203.0.113.66 192.0.2.1 1 2\r\n${REQUEST}\r\n`]), /^HTTP\/1\.1 403 /)
    // The proxy is trusted, whom it names is not.
    const claimed = fieldsOf(await say([`${V1}${REQUEST}X-Forwarded-For: 192.0.2.99\r\nForwarded: for=192.0.2.99\r\nX-Forwarded-Proto: https\r\n\r\n`]))
    assert.deepEqual([claimed['x-forwarded-for'], claimed['x-forwarded-proto']], ['203.0.113.7', 'http'])
    // A proxy in front of the proxy is believed in its turn.
    const chained = fieldsOf(await say([`PROXY TCP4 198.51.100.9 192.0.2.1 1 2\r\n${REQUEST}X-Forwarded-For: 192.0.2.99\r\n\r\n`]))
    assert.equal(chained['x-forwarded-for'], '192.0.2.99, 198.51.100.9')
    // A second header is no request.
    assert.match(await say([`${V1}${V1}${REQUEST}\r\n`]), /^HTTP\/1\.1 400 /)
  })

  test('a caller whom the proxy does not know has no address that anybody trusts; one that speaks for itself has its own', async () => {
    for (const header of [
      Buffer.from('PROXY UNKNOWN\r\n'),
      binaryHeader({ family: 0, addresses: Buffer.alloc(0) }),
      binaryHeader({ family: 0x31, addresses: Buffer.alloc(216) }),
    ])
      assert.match(await say([Buffer.concat([header, Buffer.from(`${REQUEST}X-Forwarded-For: 192.0.2.99\r\n\r\n`)])]), /^HTTP\/1\.1 403 /)
    const local = binaryHeader({ command: 0x20, family: 0, addresses: Buffer.alloc(0) })
    assert.equal(fieldsOf(await say([Buffer.concat([local, Buffer.from(`${REQUEST}\r\n`)])]))['x-forwarded-for'], '127.0.0.1')
  })

  test('that a client came to the proxy by TLS is believed, and no more than that', async () => {
    const tls = (client: number): Buffer => binaryHeader({ vectors: [vector(0x20, Buffer.concat([Buffer.of(client, 0, 0, 0, 0), vector(0x22, 'admin')]))] })
    for (const [client, scheme] of [
      [1, 'https'],
      [7, 'https'],
      [6, 'http'],
      [0, 'http'],
    ] as const) {
      const fields = fieldsOf(await say([Buffer.concat([tls(client), Buffer.from(`${REQUEST}\r\n`)])]))
      assert.equal(fields['x-forwarded-proto'], scheme)
      assert.ok(!JSON.stringify(fields).includes('admin'))
    }
  })

  test('who is no proxy is not listened to, with a header or without', async () => {
    const before = await counted('connection.untrusted-proxy')
    for (const pieces of [[`${V1}${REQUEST}\r\n`], [`${REQUEST}\r\n`]]) assert.equal(await say(pieces, '127.0.0.9'), '')
    assert.equal(await counted('connection.untrusted-proxy'), before + 2)
  })

  test('a proxy without its header is refused at the first octet, and one that is slow in time', async () => {
    const before = await counted('connection.no-proxy-header')
    for (const pieces of [[`${REQUEST}\r\n`], ['X'], ['PROXY TCP4 nonsense\r\n'], ['PROXY TCP4 203.0.1'], [binaryHeader().subarray(0, 20)], []])
      assert.equal(await say(pieces), '')
    assert.equal(await counted('connection.no-proxy-header'), before + 6)
  })

  test('connections count as their caller’s, not as the proxy’s', async () => {
    const open = async (source: string): Promise<Socket> => {
      const socket = connect({ port: clear, host: '127.0.0.1' })
      socket.on('error', () => {})
      socket.write(`PROXY TCP4 ${source} 192.0.2.1 1 2\r\n${REQUEST.replace('close', 'keep-alive')}\r\n`)
      await Promise.race([once(socket, 'data'), once(socket, 'close')])
      return socket
    }
    const [one, two, three, four] = [await open('192.0.2.50'), await open('192.0.2.50'), await open('192.0.2.50'), await open('192.0.2.50')]
    assert.deepEqual(
      [one, two, three, four].map(({ destroyed, readableEnded }) => destroyed || readableEnded),
      [false, false, false, true],
    )
    const others: Socket[] = []
    for (let i = 60; i < 70; i++) others.push(await open(`192.0.2.${i}`))
    assert.ok(others.every(({ destroyed }) => !destroyed))
    one.destroy()
    let again: Socket
    do again = await open('192.0.2.50')
    while (again.destroyed)
    for (const socket of [two, three, again, ...others]) socket.destroy()
  })

  test('a real haproxy passes connections on, in both versions, in clear and with TLS on either side of it', async () => {
    const ports = await freePorts(7)
    const sends = [
      'send-proxy',
      'send-proxy-v2',
      'send-proxy-v2 proxy-v2-options crc32c,unique-id',
      'send-proxy',
      'send-proxy-v2',
      'send-proxy-v2-ssl',
      'send-proxy-v2-ssl-cn',
    ]
    const isSecure = (i: number): boolean => i === 3 || i === 4
    const haproxy = await startHaproxy(
      sends.map((each, i) => ({ port: ports[i]!, to: isSecure(i) ? secure : clear, sends: each, ...(i >= 5 && { pem: join(folder, 'both.pem') }) })),
    )
    try {
      for (const [i, port] of ports.entries()) {
        const byTls = i >= 3
        const place = { port, host: '127.0.0.1', localAddress: `127.0.0.${20 + i}` }
        const socket = byTls ? connectTls({ ...place, ca: authority.certificate, servername: 'gateway.example' }) : connect(place)
        let text = ''
        socket.on('data', (part: Buffer) => (text += part.toString('latin1')))
        socket.on('error', () => {})
        socket.write(`${REQUEST}\r\n`)
        await new Promise((resolve) => socket.once('close', resolve))
        const fields = fieldsOf(text)
        assert.deepEqual([fields['x-forwarded-for'], fields['x-forwarded-proto']], [`127.0.0.${20 + i}`, byTls ? 'https' : 'http'], sends[i]!)
      }
    } finally {
      await haproxy.stop()
    }
  })

  test('curl speaks it too', async () => {
    const { stdout } = await run('curl', ['-sS', '--max-time', '20', '--haproxy-protocol', `http://127.0.0.1:${clear}/`])
    assert.equal((JSON.parse(stdout) as IncomingHttpHeaders)['x-forwarded-for'], '127.0.0.1')
    for (const version of ['--http1.1', '--http2-prior-knowledge']) {
      const answer = await run('curl', ['-sS', '--max-time', '20', version, '--haproxy-protocol', `http://127.0.0.1:${both}/`])
      assert.equal((JSON.parse(answer.stdout) as IncomingHttpHeaders)['x-forwarded-for'], '127.0.0.1')
    }
    const overTls = ['--cacert', join(folder, 'authority.pem'), '--connect-to', `gateway.example:${secure}:127.0.0.1:${secure}`]
    writeFileSync(join(folder, 'authority.pem'), authority.certificate)
    for (const version of ['--http1.1', '--http2']) {
      const answer = await run('curl', [
        '-sS',
        '--max-time',
        '20',
        version,
        '--haproxy-protocol',
        ...overTls,
        '-w',
        '%{http_version}',
        `https://gateway.example:${secure}/`,
      ])
      assert.ok(answer.stdout.endsWith(version === '--http2' ? '2' : '1.1'))
    }
  })
})
