// Certificates by ACME with the real program and a strict ACME server: got both ways, shown by all threads at once, renewed under open connections, kept through kill -9.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { globSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { parse, stringify } from 'yaml'
import { AcmeServer, type AcmeServerOptions } from '../support/acme-server.ts'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { LoadConnection, metric } from '../support/load-client.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { freePorts } from '../support/running-program.ts'

const NAME = 'shop.example'
const GET = `GET /a HTTP/1.1\r\nHost: ${NAME}\r\n\r\n`
const TEMPORARY = 'DEPTH_ZERO_SELF_SIGNED_CERT'
interface Listed {
  readonly name: string
  readonly state: string
  readonly failures: number
  readonly why?: string
  readonly heldUntil?: string
}
interface Ports {
  readonly http: number
  readonly tls: number
}

describe('certificates by ACME', () => {
  const upstream = createServer((_, response) => response.end('here'))
  let folder: string
  let acme: AcmeServer
  let ports: Ports
  const gateways: RunningGateway[] = []

  before(async () => {
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
  })
  after(() => {
    upstream.closeAllConnections()
    upstream.close()
  })
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-acme-'))
    ports = await twoPorts()
  })
  afterEach(async () => {
    for (const gateway of gateways.splice(0)) await gateway.stop()
    await acme.stop()
    rmSync(folder, { recursive: true, force: true })
    assert.deepEqual(acme.faults, [])
  })
  const twoPorts = async (): Promise<Ports> => {
    const [http, tls] = (await freePorts(2)) as [number, number]
    return { http, tls }
  }

  const serve = async (options: Partial<AcmeServerOptions> = {}): Promise<void> => {
    acme = await AcmeServer.start({ ports: () => ports, ...options })
    writeFileSync(join(folder, 'acme.pem'), acme.trust)
  }
  interface Start {
    readonly challenge?: 'http-01' | 'tls-alpn-01'
    readonly names?: readonly string[]
    readonly at?: Ports
    readonly more?: object
    readonly folder?: string
  }
  async function start({ challenge = 'tls-alpn-01', names = [NAME], at = ports, more = {}, folder: own = folder }: Start = {}): Promise<RunningGateway> {
    const made = await startGateway(
      {
        gateway: {
          listen: [`http://127.0.0.1:${at.http}`, { address: `https://127.0.0.1:${at.tls}`, tls: { acme: names } }],
          acme: { directory: acme.directory, termsOfServiceAgreed: true, challenge, trust: 'acme', contact: ['mailto:ops@example.org'] },
        },
        egress: { allowPrivate: ['127.0.0.0/8'] },
        trustStores: { acme: { certificates: readFileSync(join(folder, 'acme.pem'), 'utf8') } },
        apis: { shop: { path: '/', upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, public: true } },
        ...more,
      },
      { threads: 2, folder: own },
    )
    gateways.push(made)
    return made
  }
  const tokenOf = (gateway: RunningGateway): string => readFileSync(/^admin token (.*)$/m.exec(gateway.log())![1]!, 'utf8').trim()
  async function control(gateway: RunningGateway, path: string, method = 'GET'): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> {
    const headers = { Authorization: `Bearer ${tokenOf(gateway)}`, ...(method === 'POST' && { 'Content-Type': 'application/json' }) }
    const response = await fetch(`http://127.0.0.1:${gateway.controlPort}/api/v1${path}`, { method, headers })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }
  const listed = async (gateway: RunningGateway): Promise<readonly Listed[]> => (await control(gateway, '/acme/certificates')).body['items'] as Listed[]
  const hurry = (gateway: RunningGateway, name = NAME) => control(gateway, `/acme/certificates/${name}/renew`, 'POST')
  /** A promise that never resolves is a test that runs out of time, and says where. */
  async function until(isSo: () => Promise<boolean>): Promise<void> {
    // What is asked may be known already: the program's output must come in all the same.
    while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve))
  }

  async function open(port = ports.tls, servername = NAME): Promise<TLSSocket> {
    const socket = connect({ port, host: '127.0.0.1', servername, ca: acme.authority.certificate })
    await new Promise<void>((resolve, reject) => {
      socket.once('secureConnect', resolve)
      socket.once('error', reject)
    })
    return socket
  }
  /** The subject of what is shown, or why it is not believed. */
  async function shown(port = ports.tls, servername = NAME): Promise<string> {
    try {
      const socket = await open(port, servername)
      const { subject } = socket.getPeerX509Certificate()!
      socket.destroy()
      return subject.replace('CN=', '')
    } catch (cause) {
      return String((cause as NodeJS.ErrnoException).code)
    }
  }
  const untilShown = (subject: string, port = ports.tls, name = NAME): Promise<void> => until(async () => (await shown(port, name)) === subject)

  for (const challenge of ['http-01', 'tls-alpn-01'] as const)
    test(`are got by ${challenge}; until then a listener shows one that nobody believes, and says so`, async () => {
      await serve()
      // Held back until it was seen what is there meanwhile.
      const seen = Promise.withResolvers<void>()
      acme.trouble('newOrder', { answer: async (_, __, honest) => seen.promise.then(honest) })
      const gateway = await start({ challenge })
      assert.equal(await shown(), TEMPORARY)
      const ready = async (): Promise<string> => (await fetch(`http://127.0.0.1:${gateway.controlPort}/readyz`)).text()
      assert.equal(await ready(), `ready\nwaits for its certificate: ${NAME}\n`)
      assert.match(gateway.log(), /shop\.example has no certificate yet/)
      assert.doesNotMatch(await gateway.metrics(), /gatehouse_certificate_expires/)
      await until(async () => acme.asked.includes('newOrder'))
      assert.equal((await listed(gateway))[0]?.state, 'ordering')
      seen.resolve()
      await untilShown('issued 1')
      await until(async () => (await ready()) === 'ready\n')
      await until(async () => /: issued by/.test(gateway.log()))
      assert.equal((await listed(gateway))[0]?.state, 'valid')
      assert.ok(metric(await gateway.metrics(), `gatehouse_acme_failures{name="${NAME}"}`) === 0)
      assert.match(
        await gateway.metrics(),
        /gatehouse_certificate_expires_timestamp_seconds\{listener="https:[^"]*",name="shop\.example",algorithm="ecdsa"\} \d+/,
      )
      const connection = new LoadConnection(ports.tls, await open())
      assert.equal((await connection.ask(GET))?.body, 'here')
      connection.socket.destroy()
      const trail = JSON.stringify((await control(gateway, '/trail/entries?limit=50')).body)
      assert.match(trail, /certificate\.issue/)
    })

  test('are renewed under open connections, no request fails, and all threads show the new one at once', async () => {
    await serve()
    const gateway = await start()
    await untilShown('issued 1')
    let stopped = false
    let asked = 0
    const lane = async (): Promise<void> => {
      const connection = new LoadConnection(ports.tls, await open())
      for (; !stopped; asked++) assert.equal((await connection.ask(GET))?.status, 200, gateway.log())
      connection.socket.destroy()
    }
    const load = Promise.all([lane(), lane()])
    for (let i = 2; i <= 6; i++) {
      const before = asked
      assert.equal((await hurry(gateway)).status, 202)
      await Promise.race([until(async () => new RegExp(`published .*: generation ${i + 1},`).test(gateway.log())), load])
      const all = await Promise.all(Array.from({ length: 20 }, () => shown()))
      assert.deepEqual([...new Set(all)], [`issued ${i}`])
      assert.ok(asked > before)
    }
    stopped = true
    await load
    assert.equal(acme.orders.length, 6)
    assert.ok(acme.orders.every(({ status }) => status === 'valid'))
    // No revision of the catalog came of it.
    assert.match(gateway.log(), /generation 7, revision 1,/)
  })

  test('that cannot be got are told of with the reason, and got when somebody has mended it', async () => {
    await serve()
    acme.trouble('newOrder', { problem: 'serverInternal', status: 500 })
    const gateway = await start()
    await until(async () => /\(try 1\)/.test(gateway.log()))
    const [failed] = await listed(gateway)
    assert.deepEqual([failed!.state, failed!.heldUntil], ['waiting', undefined])
    assert.match(failed!.why!, /serverInternal: told to fail/)
    assert.match(await gateway.metrics(), /gatehouse_acme_failures\{name="shop\.example"\} 1/)
    assert.match(gateway.log(), /certificate of shop\.example: ordering was refused: serverInternal: told to fail \(try 1\); tried again /)
    assert.match(JSON.stringify((await control(gateway, '/trail/entries?limit=50')).body), /"acme\.server-internal"/)
    assert.equal(await shown(), TEMPORARY)
    assert.equal((await hurry(gateway)).status, 202)
    await untilShown('issued 1')
    acme.trouble('newOrder', { problem: 'rateLimited', status: 429, retryAfter: '3600' })
    await hurry(gateway)
    await until(async () => /rateLimited/.test(gateway.log()))
    assert.ok((await listed(gateway))[0]!.heldUntil)
    const refused = await hurry(gateway)
    assert.deepEqual([refused.status, refused.body['code']], [409, 'acme.held'])
    assert.equal(await shown(), 'issued 1')
    assert.deepEqual([(await hurry(gateway, 'bank.example')).status], [404])
  })

  test('are got for a name that the file lists from now on, without a restart', async () => {
    await serve()
    const gateway = await start()
    await untilShown('issued 1')
    const file = parse(readFileSync(gateway.configFile, 'utf8')) as { gateway: { listen: [string, { tls: { acme: string[] } }] } }
    file.gateway.listen[1].tls.acme = ['api.example', NAME]
    writeFileSync(gateway.configFile, stringify(file))
    await untilShown('issued 2', ports.tls, 'api.example')
    assert.deepEqual([await shown(), await shown(ports.tls, 'unknown.example')].length, 2)
    assert.equal(await shown(), 'issued 1')
  })

  test('are not lost with a process that is killed in the middle of an order: the next one goes on with it', async () => {
    await serve()
    let gateway: RunningGateway
    const died = Promise.withResolvers<void>()
    acme.trouble('finalize', {
      async answer(_, response, honest) {
        process.kill(gateway.pid, 'SIGKILL')
        await honest()
        response.destroy()
        died.resolve()
      },
    })
    gateway = await start()
    await died.promise
    await gateway.stop()
    gateways.splice(0)
    const again = await startGateway(gateway.configFile, { folder })
    gateways.push(again)
    await untilShown('issued 1')
    assert.equal(acme.orders.length, 1)
    // And once more, with the certificate in the store: it is shown from the first handshake on, and nothing is ordered.
    process.kill(again.pid, 'SIGKILL')
    await again.stop()
    const third = await startGateway(gateway.configFile, { folder })
    gateways.splice(0, 1, third)
    assert.equal(await shown(), 'issued 1')
    assert.doesNotMatch(third.log(), /has no certificate yet/)
    assert.equal(acme.orders.length, 1)
  })

  test('leave no private key in clear in the data folder', async () => {
    await serve({ processing: 2 })
    const gateway = await start({ names: [NAME, 'api.example'] })
    await until(async () => [...gateway.log().matchAll(/: issued by/g)].length === 2)
    assert.ok((await listed(gateway)).every(({ state }) => state === 'valid'))
    const der = Buffer.from('308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420', 'hex')
    const forms = [der, Buffer.from(der.toString('base64').slice(0, 40)), Buffer.from(der.toString('hex')), Buffer.from('PRIVATE KEY')]
    const files = globSync('**/*', { cwd: folder }).filter((file) => statSync(join(folder, file)).isFile())
    assert.ok(files.some((file) => file.endsWith('.db')))
    for (const file of files) {
      const octets = readFileSync(join(folder, file))
      for (const form of forms) assert.equal(octets.includes(form), false, `${file} holds ${form}`)
    }
  })

  test('are ordered by one of two nodes on one store, proved at either, and shown by both', async () => {
    let looks = 0
    const other = await twoPorts()
    await serve({ ports: () => (looks++ % 2 === 0 ? other : ports) })
    const server: PostgresServer = await startPostgres()
    try {
      const { host, port, user, database } = await server.database()
      const more = { store: `postgres://${user}@${host}:${port}/${database}` }
      const names = [NAME, 'api.example', 'blog.example']
      const second = mkdtempSync(join(tmpdir(), 'gatehouse-acme-'))
      // The server is answered by both: nothing is ordered before both are there.
      const isComplete = Promise.withResolvers<void>()
      acme.trouble('newAccount', { answer: async (_, __, honest) => isComplete.promise.then(honest) })
      const first = await start({ names, more, challenge: 'http-01' })
      // The envelope key is one for all nodes.
      const key = join(folder, 'data', 'envelope.key')
      await start({ names, more: { ...more, envelope: { file: key } }, challenge: 'http-01', at: other, folder: second })
      isComplete.resolve()
      for (const name of names) {
        await until(async () => (await shown(ports.tls, name)).startsWith('issued') && (await shown(other.tls, name)) === (await shown(ports.tls, name)))
      }
      assert.ok((await listed(first)).every(({ state }) => state === 'valid'))
      assert.deepEqual(acme.orders.map(({ name }) => name).sort(), [...names].sort())
      assert.equal(acme.accounts.length, 1)
      for (const gateway of gateways.splice(0)) await gateway.stop()
      rmSync(second, { recursive: true, force: true })
    } finally {
      await server.remove()
    }
  })
})
