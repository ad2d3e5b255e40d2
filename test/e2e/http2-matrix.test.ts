// Clients that know nothing of us, and proxies that speak HTTP/2 by code of their own, over every method, body and number of streams: each octet arrives, both ways.
import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage } from 'node:http'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as connectSession,
  createServer as createStreamServer,
  type IncomingHttpHeaders,
} from 'node:http2'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { promisify } from 'node:util'
import { makeCertificate } from '../support/certificate-maker.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { metric } from '../support/load-client.ts'
import { freePorts } from '../support/running-program.ts'

const run = promisify(execFile)
const digest = (octets: Buffer): string => createHash('sha256').update(octets).digest('hex')
const LARGE = Buffer.from(Array.from({ length: 1_500_000 }, (_, i) => (i * 31 + (i >> 8)) & 255))
const SMALL = Buffer.from('a small body, \u00e9\r\n0\r\n\r\n')
const BODIES = { none: undefined, small: SMALL, large: LARGE }
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PURGE']

/** Says what it was asked, and how many octets of which digest came; a body of the size that `size` asks for follows. */
function answer(method: string, url: string, sent: Buffer): { status: number; headers: Record<string, string>; body: Buffer } {
  const wish = new URL(url, 'http://a').searchParams
  const body = LARGE.subarray(0, Number(wish.get('size') ?? 11))
  const length = wish.has('unknown') ? {} : { 'content-length': String(body.length) }
  return { status: 200, headers: { 'x-method': method, 'x-url': url, 'x-octets': String(sent.length), 'x-digest': digest(sent), ...length }, body }
}
const collect = async (stream: AsyncIterable<Buffer>): Promise<Buffer> => {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part)
  return Buffer.concat(parts)
}

describe('HTTP/2', { timeout: 280_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-matrix-'))
  const file = (name: string): string => join(folder, name)
  const upstream = createServer(async (request: IncomingMessage, response) => {
    const { status, headers, body } = answer(request.method!, request.url!, await collect(request))
    response.writeHead(status, headers).end(body)
  })
  /** Over HTTP/2 in clear, with a trailer. */
  const streamUpstream = createStreamServer(async (request, response) => {
    const { status, headers, body } = answer(request.method, request.url, await collect(request))
    response.addTrailers({ 'x-told-last': 'yes' })
    response.writeHead(status, headers)
    response.end(body)
  })
  const children = new Set<ReturnType<typeof spawn>>()
  let gateway: RunningGateway
  let clear = 0
  let tls = 0
  let authority = ''
  let proxies: { readonly caddy: number; readonly haproxy: number }

  before(async () => {
    for (const server of [upstream, streamUpstream]) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const issuer = await makeCertificate({ subject: 'CN=authority', authority: true })
    const made = await makeCertificate({ names: ['localhost'], issuer })
    authority = issuer.certificate
    for (const [name, text] of Object.entries({ 'ca.pem': authority, 'cert.pem': made.certificate, 'key.pem': made.key }))
      writeFileSync(file(name), text, { mode: 0o600 })
    writeFileSync(file('small'), SMALL)
    writeFileSync(file('large'), LARGE)
    const [clearPort, tlsPort, caddy, haproxy, caddyUp] = (await freePorts(5)) as [number, number, number, number, number]
    ;[clear, tls, proxies] = [clearPort, tlsPort, { caddy, haproxy }]
    const streamPort = (streamUpstream.address() as AddressInfo).port
    const methods = METHODS
    gateway = await startGateway(
      {
        gateway: {
          listen: [
            { address: `http://127.0.0.1:${clear}`, http2: true, https: 'off' },
            { address: `https://127.0.0.1:${tls}`, tls: { certificates: [{ cert: 'cert.pem', key: 'key.pem' }] } },
          ],
          limits: { body: '8MiB' },
        },
        apis: {
          plain: { path: '/plain', upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, public: true, methods },
          streams: { path: '/streams', upstream: { url: `http://127.0.0.1:${streamPort}`, protocol: 'http/2' }, public: true, methods },
          // Go's server of HTTP/2 in front of the plain one.
          go: { path: '/go', upstream: { url: `http://127.0.0.1:${caddyUp}`, protocol: 'http/2' }, public: true, methods },
          limited: {
            path: '/limited',
            upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`,
            public: true,
            policies: { 'rate-limit': { limit: 10, window: '1h', by: 'address' } },
          },
        },
      },
      { folder },
    )
    // Both speak HTTP/2 to us, each by code of its own.
    const plain = (upstream.address() as AddressInfo).port
    writeFileSync(
      file('Caddyfile'),
      `{
  admin off
  auto_https off
  storage file_system ${folder}/caddy
  servers {
    protocols h1 h2 h2c
  }
}
http://:${caddy} {
  bind 127.0.0.1
  reverse_proxy h2c://127.0.0.1:${clear}
}
http://:${caddyUp} {
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:${plain}
}
`,
    )
    writeFileSync(
      file('haproxy.cfg'),
      `defaults\n mode http\n timeout connect 5s\n timeout client 30s\n timeout server 30s\nfrontend in\n bind 127.0.0.1:${haproxy}\n default_backend us\nbackend us\n server us 127.0.0.1:${clear} proto h2\n`,
    )
    const start = (command: string, parts: string[]): void => {
      const child = spawn(command, parts, { stdio: 'ignore', env: { PATH: `${process.env['PATH']}:/usr/sbin`, HOME: folder } })
      children.add(child)
    }
    start('caddy', ['run', '--config', file('Caddyfile'), '--adapter', 'caddyfile'])
    start('haproxy', ['-db', '-f', file('haproxy.cfg')])
    for (const port of [caddy, caddyUp, haproxy]) await stands(port)
  })
  after(async () => {
    for (const child of children) {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'exit')
    }
    await gateway?.stop()
    upstream.closeAllConnections()
    upstream.close()
    streamUpstream.close()
    rmSync(folder, { recursive: true, force: true })
  })
  async function stands(port: number): Promise<void> {
    for (let i = 0; i < 200; i++) {
      const socket = connect(port, '127.0.0.1')
      const isUp = await new Promise<boolean>((resolve) => socket.once('connect', () => resolve(true)).once('error', () => resolve(false)))
      socket.destroy()
      if (isUp) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    assert.fail(`nothing listens on ${port}`)
  }

  const open = (secure: boolean): ClientHttp2Session =>
    secure
      ? connectSession(`https://localhost:${tls}`, { ca: authority, maxSessionMemory: 100 })
      : connectSession(`http://127.0.0.1:${clear}`, { maxSessionMemory: 100 })
  interface Told {
    readonly headers: IncomingHttpHeaders & { readonly ':status'?: number }
    readonly trailers: IncomingHttpHeaders
    readonly body: Buffer
  }
  async function ask(session: ClientHttp2Session, fields: Record<string, string>, body?: Buffer): Promise<Told> {
    const stream: ClientHttp2Stream = session.request(fields, { endStream: body === undefined })
    if (body !== undefined) stream.end(body)
    const told: { headers: IncomingHttpHeaders; trailers: IncomingHttpHeaders } = { headers: {}, trailers: {} }
    stream.on('response', (headers) => (told.headers = headers))
    stream.on('trailers', (headers) => (told.trailers = headers))
    return { ...told, body: await collect(stream), headers: told.headers, trailers: told.trailers }
  }

  for (const secure of [false, true])
    for (const [way, api] of [
      ['HTTP/1.1', 'plain'],
      ['HTTP/2', 'streams'],
      ['HTTP/2 of Go', 'go'],
    ] as const)
      test(`Node's client ${secure ? 'over TLS' : 'in clear'}, to an upstream of ${way}: every method with every body, with and without its length, all streams at once`, async () => {
        const session = open(secure)
        const seen: string[] = []
        const cases = METHODS.flatMap((method) =>
          Object.entries(BODIES).flatMap(([name, body]) => [true, false].map((length) => ({ method, name, body, length: length && body !== undefined }))),
        )
        const ids = new Set<unknown>()
        await Promise.all(
          cases.map(async ({ method, name, body, length }, i) => {
            const size = [11, 0, 700_000][i % 3]!
            const path = `/${api}/x?case=${i}&size=${size}${i % 2 === 0 ? '&unknown=1' : ''}`
            const fields = { ':method': method, ':path': path, ...(length ? { 'content-length': String(body!.length) } : {}) }
            const told = await ask(session, fields, body)
            const what = `${method} ${name} ${length} ${path}`
            assert.equal(told.headers[':status'], 200, what)
            assert.equal(told.headers['x-method'], method, what)
            assert.equal(told.headers['x-octets'], String(body?.length ?? 0), what)
            assert.equal(told.headers['x-digest'], digest(body ?? Buffer.alloc(0)), what)
            assert.ok(told.body.equals(method === 'HEAD' ? Buffer.alloc(0) : LARGE.subarray(0, size)), what)
            assert.match(String(told.headers['x-request-id']), /^[0-9a-f-]{36}$/)
            ids.add(told.headers['x-request-id'])
            if (api === 'streams' && method !== 'HEAD' && size > 0) assert.equal(told.trailers['x-told-last'], 'yes', what)
            seen.push(what)
          }),
        )
        assert.equal(seen.length, 48)
        assert.equal(ids.size, 48)
        session.close()
      })

  for (const proxy of ['caddy', 'haproxy'] as const)
    test(`${proxy} in front, which speaks HTTP/2 to us by code of its own: every method with every body`, async () => {
      let ran = 0
      for (const method of METHODS)
        for (const [name, body] of Object.entries(BODIES)) {
          const response = await fetch(`http://127.0.0.1:${proxies[proxy]}/plain/x?size=300000`, {
            method,
            ...(body && method !== 'GET' && method !== 'HEAD' ? { body } : {}),
          })
          const got = Buffer.from(await response.arrayBuffer())
          const sent = method === 'GET' || method === 'HEAD' ? undefined : body
          assert.equal(response.status, 200, `${method} ${name}`)
          assert.equal(response.headers.get('x-digest'), digest(sent ?? Buffer.alloc(0)), `${method} ${name}`)
          assert.ok(got.equals(method === 'HEAD' ? Buffer.alloc(0) : LARGE.subarray(0, 300_000)), `${method} ${name}`)
          ran++
        }
      assert.equal(ran, 24)
    })

  for (const [where, parts] of [
    ['in clear', (path: string) => ['--http2-prior-knowledge', `http://127.0.0.1:${clear}${path}`]],
    ['over TLS', (path: string) => ['--http2', '--cacert', file('ca.pem'), `https://localhost:${tls}${path}`]],
  ] as const)
    test(`curl ${where}: every method with every body`, async () => {
      for (const method of METHODS)
        for (const name of Object.keys(BODIES) as (keyof typeof BODIES)[]) {
          const body = name === 'none' ? [] : ['--data-binary', `@${file(name)}`]
          const how = method === 'HEAD' ? ['--head'] : ['-X', method]
          if (method === 'HEAD' && body.length > 0) continue
          const { stdout } = await run('curl', [
            '-s',
            '-m',
            '20',
            '-o',
            file('got'),
            '-w',
            '%{http_version} %{http_code} %header{x-method} %header{x-digest} %{size_download}',
            ...how,
            ...body,
            ...parts('/plain/x?size=400000'),
          ])
          assert.equal(stdout, `2 200 ${method} ${digest(BODIES[name] ?? Buffer.alloc(0))} ${method === 'HEAD' ? 0 : 400_000}`)
        }
    })

  test('curl asks to upgrade in clear: that is HTTP/1.1 here', async () => {
    const { stdout } = await run('curl', [
      '-s',
      '-m',
      '20',
      '-o',
      '/dev/null',
      '-w',
      '%{http_version} %{http_code}',
      '--http2',
      `http://127.0.0.1:${clear}/plain/x`,
    ])
    assert.equal(stdout, '1.1 200')
  })

  test('nghttp, with a body, trailers and several streams: each is answered whole', async () => {
    const url = `https://localhost:${tls}/streams/x?size=100000`
    const { stdout } = await run('nghttp', ['-y', '-d', file('large'), '--trailer', 'x-checksum: 1', '-m', '5', '-v', url], {
      maxBuffer: 64 << 20,
      encoding: 'latin1',
    })
    assert.equal(stdout.match(/:status: 200/g)?.length, 5)
    assert.equal(stdout.match(new RegExp(`x-digest: ${digest(LARGE)}`, 'g'))?.length, 5)
    assert.equal(stdout.match(/x-told-last: yes/g)?.length, 5)
  })

  for (const [streams, clients] of [
    [1, 1],
    [10, 4],
    [100, 2],
  ] as const)
    test(`h2load, ${streams} streams on each of ${clients} connections, in clear and over TLS: none fails`, async () => {
      for (const [url, more] of [
        [`http://127.0.0.1:${clear}/plain/x?size=2000`, []],
        [`https://localhost:${tls}/streams/x?size=2000`, []],
        [`https://localhost:${tls}/plain/x?size=20000`, ['-d', file('small')]],
      ] as const) {
        const { stdout } = await run('h2load', ['-n', '600', '-c', String(clients), '-m', String(streams), ...more, url])
        assert.match(stdout, /requests: 600 total, 600 started, 600 done, 600 succeeded, 0 failed, 0 errored, 0 timeout/)
        assert.match(stdout, /status codes: 600 2xx/)
      }
    })

  test('each stream is a request to a limit', async () => {
    const session = open(false)
    const statuses = await Promise.all(Array.from({ length: 30 }, async () => (await ask(session, { ':path': '/limited/x' })).headers[':status']))
    assert.equal(statuses.filter((status) => status === 200).length, 10)
    assert.equal(statuses.filter((status) => status === 429).length, 20)
    session.close()
  })

  test('at a publish under load no stream fails', async () => {
    const session = open(true)
    let over = false
    let asked = 0
    const lanes = Array.from({ length: 20 }, async () => {
      while (!over) {
        const { headers, body } = await ask(session, { ':path': '/plain/x?size=5000' })
        assert.deepEqual([headers[':status'], body.length], [200, 5000])
        asked++
      }
    })
    const text = readFileSync(gateway.configFile, 'utf8')
    const generation = async (): Promise<number> => metric(await gateway.metrics(), 'gatehouse_snapshot_generation')
    for (let i = 0; i < 4; i++) {
      const before = await generation()
      writeFileSync(gateway.configFile, text.replace('limit: 10', `limit: ${11 + i}`), { mode: 0o600 })
      while ((await generation()) === before) await new Promise((resolve) => setTimeout(resolve, 50))
    }
    over = true
    await Promise.all(lanes)
    assert.ok(asked > 100)
    session.close()
  })

  test('at the end, open streams finish on a connection that was told to go away, and the program ends', async () => {
    const held: (() => void)[] = []
    const slow = createServer((_request, response) => void held.push(() => response.end('whole')))
    slow.listen(0, '127.0.0.1')
    await once(slow, 'listening')
    const [port] = (await freePorts(1)) as [number]
    const other = await startGateway({
      gateway: { listen: [{ address: `http://127.0.0.1:${port}`, http2: true, https: 'off' }] },
      apis: { slow: { path: '/', upstream: `http://127.0.0.1:${(slow.address() as AddressInfo).port}`, public: true } },
    })
    const session = connectSession(`http://127.0.0.1:${port}`)
    const goaway = once(session, 'goaway')
    const asking = [1, 2, 3].map(() => ask(session, { ':path': '/' }))
    while (held.length < 3) await new Promise((resolve) => setImmediate(resolve))
    const stopped = other.stop()
    assert.equal((await goaway)[0], 0)
    for (const release of held) release()
    for (const { headers, body } of await Promise.all(asking)) assert.deepEqual([headers[':status'], String(body)], [200, 'whole'])
    await stopped
    slow.closeAllConnections()
    slow.close()
  })
})
