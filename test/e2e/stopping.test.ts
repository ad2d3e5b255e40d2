// How the program ends and fails to start: whatever is gone or silent meanwhile, it ends as it says, and serves nothing that it cannot manage.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Connection } from '../../src/client/connection.ts'
import { createTeam } from '../../src/client/generated/teams.ts'
import { LoadConnection } from '../support/load-client.ts'
import { freePorts } from '../support/running-program.ts'

const launcher = fileURLToPath(new URL('../../bin/gatehouse', import.meta.url))
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const TOKEN = 'stopping-0123456789abcdef0123456789abcdef0123456789abcdef'

describe('the end', () => {
  const held: (() => void)[] = []
  const upstream = createServer((_request, response) => void held.push(() => response.end('whole')))
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-stopping-'))
  const children = new Set<ReturnType<typeof spawn>>()
  let upstreamPort = 0
  before(async () => {
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    upstreamPort = (upstream.address() as AddressInfo).port
  })
  after(() => {
    for (const child of children) child.kill('SIGKILL')
    upstream.closeAllConnections()
    upstream.close()
    rmSync(folder, { recursive: true, force: true })
  })
  async function start(more: object = {}, ports?: readonly [number, number]) {
    const isWanted = ports === undefined
    const [port, controlPort] = ports ?? ((await freePorts(2)) as [number, number])
    const home = mkdtempSync(join(folder, 'home-'))
    const file = join(home, 'gatehouse.yaml')
    const configuration = {
      gatehouse: 1,
      gateway: { listen: [`http://127.0.0.1:${port}`], threads: 2, accessLog: 'off' },
      control: { listen: `http://127.0.0.1:${controlPort}` },
      apis: { one: { path: '/', upstream: `http://127.0.0.1:${upstreamPort}`, public: true } },
      ...more,
    }
    writeFileSync(file, JSON.stringify(configuration), { mode: 0o600 })
    const child = spawn(process.execPath, [launcher, 'start', file], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, GATEHOUSE_ADMIN_TOKEN: TOKEN },
    })
    children.add(child)
    let printed = ''
    const ended = once(child, 'exit').then(([code]) => {
      children.delete(child)
      return code as number | null
    })
    const isReady = new Promise<void>((resolve) => {
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (chunk) => {
          printed += chunk
          if (/^ready$/m.test(printed)) resolve()
        })
    })
    await Promise.race([isReady, ended])
    if (isWanted && child.exitCode !== null) throw new Error(printed)
    return { child, ended, port, controlPort, printed: () => printed }
  }
  /** A request that the upstream holds; what it is answered in the end. */
  async function busy(port: number) {
    const count = held.length
    const answer = new LoadConnection(port).ask(GET)
    while (held.length === count) await new Promise((resolve) => setImmediate(resolve))
    return { answer, release: held.at(-1)! }
  }

  test('nobody reads what is printed any more: open requests finish all the same', async () => {
    const { child, ended, port } = await start()
    const { answer, release } = await busy(port)
    // As `gatehouse start | tee log` at Ctrl-C, where tee ends first.
    child.stdout.destroy()
    child.stderr.destroy()
    child.kill('SIGINT')
    while ((await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(100) }).catch((cause) => cause.cause?.code)) !== 'ECONNREFUSED');
    release()
    assert.equal((await answer)?.body, 'whole')
    assert.equal(await ended, 0)
  })

  test('a second signal ends it at once, whichever the two are', async () => {
    for (const [first, second, code] of [
      ['SIGINT', 'SIGINT', 130],
      ['SIGINT', 'SIGTERM', 143],
      ['SIGTERM', 'SIGINT', 130],
      ['SIGHUP', 'SIGHUP', 129],
    ] as const) {
      const { child, ended, port, printed } = await start()
      await busy(port)
      child.kill(first)
      while (!/^draining/m.test(printed())) await once(child.stdout, 'data')
      child.kill(second)
      assert.equal(await ended, code, `${first}, then ${second}`)
    }
  })

  test('a receiver of webhooks that never answers keeps it no longer than a few seconds', async () => {
    const settings = { webhooks: { siem: { url: `http://127.0.0.1:${upstreamPort}/siem`, secret: { env: 'HOOK' }, events: ['team.*'] } } }
    process.env['HOOK'] = `whsec_${Buffer.alloc(32, 5).toString('base64')}`
    const { child, ended, controlPort } = await start({ settings, egress: { allowPrivate: ['127.0.0.1/32'] } })
    delete process.env['HOOK']
    const count = held.length
    const connection = new Connection({ url: `http://127.0.0.1:${controlPort}`, token: TOKEN })
    await createTeam(connection, { body: { name: 'reds', title: 'Reds' } })
    while (held.length === count) await new Promise((resolve) => setImmediate(resolve))
    const sinceMs = performance.now()
    child.kill('SIGTERM')
    assert.equal(await ended, 0)
    // The courier itself would wait for twenty.
    assert.ok(performance.now() - sinceMs < 15_000)
  })

  test('a data folder that everyone may write is told of at the start', { skip: process.platform === 'win32' }, async () => {
    const open = mkdtempSync(join(folder, 'open-'))
    chmodSync(open, 0o777)
    const { child, ended, printed } = await start({ store: `sqlite:${join(open, 'gatehouse.db')}` })
    child.kill('SIGTERM')
    await ended
    assert.ok(printed().includes(`may write into ${open}`), printed())
  })

  test('when the port of the control listener is taken, nothing is served and the message names it', async () => {
    const [port, controlPort] = (await freePorts(2)) as [number, number]
    const other = createServer().listen(controlPort, '127.0.0.1')
    await once(other, 'listening')
    const { ended, printed } = await start({}, [port, controlPort])
    assert.equal(await ended, 2)
    assert.match(printed(), new RegExp(`127\\.0\\.0\\.1:${controlPort} is in use`))
    assert.doesNotMatch(printed(), /\n\s+at /)
    other.close()
  })
})
