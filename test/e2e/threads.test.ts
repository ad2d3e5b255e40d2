// Threads and the process: one that dies is started again with what is live by then, SIGTERM lets requests finish, and a port is not shared by accident.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Worker } from 'node:worker_threads'
import { stringify } from 'yaml'
import { fileDirectory, SharedDirectory } from '../../src/adapters/shared-memory/shared-directory.ts'
import { policies } from '../../src/app/compose.ts'
import type { Publication } from '../../src/app/thread-messages.ts'
import { GatewayThreads } from '../../src/app/threads.ts'
import { loadConfiguration } from '../../src/catalog/resolving/resolve.ts'
import { cutSnapshot } from '../../src/model/snapshot-pieces.ts'
import { startGateway } from '../support/gateway.ts'
import { LoadConnection, metric } from '../support/load-client.ts'
import { freePorts, runProgram } from '../support/running-program.ts'
import { type SwiftUpstream, startSwiftUpstream } from '../support/swift-upstream.ts'

const launcher = fileURLToPath(new URL('../../bin/gatehouse', import.meta.url))
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

describe('a gateway thread that dies', () => {
  let upstream: SwiftUpstream
  let threads: GatewayThreads
  let folder: string
  const workers: Worker[] = []
  const reports: string[] = []
  const keep = (worker: Worker): void => void workers.push(worker)

  function publication(generation: number, path: string): Publication {
    const file = join(folder, 'gatehouse.yaml')
    const api = { path, upstream: `http://127.0.0.1:${upstream.port}`, public: true }
    const gateway = { listen: ['http://127.0.0.1:0'], threads: 2, accessLog: 'off' }
    writeFileSync(file, stringify({ gatehouse: 1, gateway, apis: { one: api } }), { mode: 0o600 })
    const loaded = loadConfiguration(file, { policies, nowMs: 1_800_000_000_000 })
    assert.ok(loaded.ok, JSON.stringify(loaded))
    return {
      generation,
      pieces: cutSnapshot(loaded.snapshot),
      directory: fileDirectory(loaded.directory).memory,
      ownPolicies: [],
      egress: { allowPrivate: [], own: [] },
    }
  }
  /** The status of a request over a connection of its own; undefined when there was no answer. */
  async function statusOf(path: string): Promise<number | undefined> {
    const connection = new LoadConnection(threads.ports[0]!)
    const answer = await connection.ask(`GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
    connection.socket.destroy()
    return answer?.status
  }
  /** Asks until it is so: a thread is started within a tenth of a second and some. */
  async function until(isSo: () => Promise<boolean> | boolean): Promise<void> {
    while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve))
  }

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-threads-'))
    upstream = await startSwiftUpstream()
    process.on('worker', keep)
    threads = new GatewayThreads(publication(1, '/first'), new SharedDirectory().memory, { report: (text) => void reports.push(text) })
    await threads.start()
  })
  after(async () => {
    process.off('worker', keep)
    await threads.drain()
    await upstream.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('is started again while the other serves, and everything works as before', async () => {
    assert.equal(threads.ready, true)
    assert.equal(workers.length, 2)
    const open = Array.from({ length: 16 }, () => new LoadConnection(threads.ports[0]!))
    for (const connection of open) assert.equal((await connection.ask('GET /first HTTP/1.1\r\nHost: a\r\n\r\n'))?.status, 200)
    await workers[0]!.terminate()
    await until(() => !threads.ready)
    // Connections of the dead thread are closed, those of the other go on.
    const answers = await Promise.all(open.map((connection) => connection.ask('GET /first HTTP/1.1\r\nHost: a\r\n\r\n')))
    for (const answer of answers) if (answer !== undefined) assert.equal(answer.status, 200)
    for (const connection of open) connection.socket.destroy()
    assert.equal(await statusOf('/first'), 200)
    await until(() => threads.ready)
    assert.equal(threads.restarts, 1)
    assert.equal(workers.length, 3)
    assert.match(reports.join('\n'), /gateway thread 0 died/)
    for (let i = 0; i < 32; i++) assert.equal(await statusOf('/first'), 200)
    await until(async () => (await threads.measures()).every(({ connections }) => connections === 0))
  })

  test('serves what was published while it was dead', async () => {
    await workers[1]!.terminate()
    await until(() => !threads.ready)
    await threads.publish(publication(2, '/second'))
    await until(() => threads.ready)
    assert.deepEqual(
      (await threads.measures()).map(({ generation }) => generation),
      [2, 2],
    )
    for (let i = 0; i < 64; i++) assert.deepEqual([await statusOf('/first'), await statusOf('/second')], [404, 200])
  })
})

/** What becomes of a new connection: the code of its failure, or `open`. */
function knock(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      resolve('open')
      socket.destroy()
    })
    socket.on('error', (cause: NodeJS.ErrnoException) => resolve(cause.code ?? ''))
  })
}

test('a thread that died, and was not started again yet, is not waited for at the end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-dead-'))
  const file = join(folder, 'gatehouse.yaml')
  const gateway = { listen: ['http://127.0.0.1:0'], threads: 1, accessLog: 'off', timeouts: { drain: '1h' } }
  writeFileSync(file, stringify({ gatehouse: 1, gateway, apis: { one: { path: '/', upstream: 'http://127.0.0.1:9', public: true } } }), { mode: 0o600 })
  const loaded = loadConfiguration(file, { policies, nowMs: 1_800_000_000_000 })
  assert.ok(loaded.ok, JSON.stringify(loaded))
  const first = {
    generation: 1,
    pieces: cutSnapshot(loaded.snapshot),
    directory: fileDirectory(loaded.directory).memory,
    ownPolicies: [],
    egress: { allowPrivate: [], own: [] },
  }
  let died: () => void
  const isDead = new Promise<void>((resolve) => (died = resolve))
  const workers: Worker[] = []
  const keep = (worker: Worker): void => void workers.push(worker)
  process.on('worker', keep)
  const threads = new GatewayThreads(first, new SharedDirectory().memory, { report: () => died() })
  await threads.start()
  process.off('worker', keep)
  await Promise.all([isDead, workers[0]!.terminate()])
  await threads.drain()
  rmSync(folder, { recursive: true, force: true })
})

describe('SIGTERM', () => {
  test('requests under way finish, new connections are refused, and the exit code is 0', async () => {
    const held: (() => void)[] = []
    const upstream = createServer((_request, response) => {
      response.writeHead(200, { 'Content-Length': 8 })
      response.write('half')
      held.push(() => response.end('full'))
    })
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
    const [port, controlPort] = (await freePorts(2)) as [number, number]
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-drain-'))
    const file = join(folder, 'gatehouse.yaml')
    writeFileSync(
      file,
      stringify({
        gatehouse: 1,
        gateway: { listen: [`http://127.0.0.1:${port}`], threads: 2, accessLog: 'off' },
        control: { listen: `http://127.0.0.1:${controlPort}` },
        apis: { one: { path: '/', upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, public: true } },
      }),
      { mode: 0o600 },
    )
    const program = await runProgram(process.execPath, [launcher, 'start', file], /^ready$/m)
    let ended: Promise<number | null> | undefined
    try {
      const busy = Array.from({ length: 8 }, () => new LoadConnection(port))
      const idle = new LoadConnection(port)
      const answers = busy.map((connection) => connection.ask(GET))
      const connections = async (): Promise<number> => metric(await (await fetch(`http://127.0.0.1:${controlPort}/metrics`)).text(), 'gatehouse_connections')
      while ((await connections()) <= busy.length || held.length < busy.length);
      ended = program.stop()
      await idle.closed
      // One thread may close its listener a moment after the other.
      while ((await knock(port)) !== 'ECONNREFUSED');
      for (const release of held) release()
      for (const answer of await Promise.all(answers)) assert.equal(answer?.body, 'halffull')
      await Promise.all(busy.map((connection) => connection.closed))
    } finally {
      ended ??= program.stop()
      await ended
      upstream.closeAllConnections()
      upstream.close()
      rmSync(folder, { recursive: true, force: true })
    }
    assert.equal(await ended, 0)
    assert.match(program.output(), /^draining/m)
  })
})

describe('a second gateway on the same port', () => {
  test('is refused with a clear message and exit code 2', async () => {
    const first = await startGateway({ apis: { one: { path: '/', upstream: 'http://127.0.0.1:9', public: true } } }, { threads: 2 })
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-second-'))
    try {
      const [controlPort] = (await freePorts(1)) as [number]
      const file = join(folder, 'gatehouse.yaml')
      const gateway = { listen: [first.url], threads: 2, accessLog: 'off' }
      const control = { listen: `http://127.0.0.1:${controlPort}` }
      writeFileSync(file, stringify({ gatehouse: 1, gateway, control, apis: { one: { path: '/', upstream: 'http://127.0.0.1:9', public: true } } }), {
        mode: 0o600,
      })
      const second = spawnSync(process.execPath, [launcher, 'start', file], { encoding: 'utf8' })
      assert.equal(second.status, 2)
      assert.match(second.stderr, new RegExp(`127\\.0\\.0\\.1:${first.port} is in use`))
      assert.doesNotMatch(second.stderr, /\n\s+at /)
    } finally {
      await first.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})
