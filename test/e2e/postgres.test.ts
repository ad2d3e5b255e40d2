// The real program with its store in PostgreSQL: it starts, makes keys, serves on while the database is away, and goes on when it is back.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { type PostgresServer, startPostgres } from '../support/postgres.ts'
import { type SwiftUpstream, startSwiftUpstream } from '../support/swift-upstream.ts'

const launcher = join(import.meta.dirname, '../../bin/gatehouse')

describe('a Gatehouse whose store is PostgreSQL', () => {
  let server: PostgresServer
  let upstream: SwiftUpstream
  before(async () => {
    server = await startPostgres()
    upstream = await startSwiftUpstream()
  })
  after(async () => {
    await upstream.stop()
    await server.remove()
  })

  async function configuration(): Promise<object> {
    const { host, port, user, database } = await server.database()
    return {
      store: `postgres://${user}@${host}:${port}/${database}`,
      apis: { shop: { path: '/shop', upstream: `http://127.0.0.1:${upstream.port}`, policies: { 'api-key': { header: 'X-API-Key' } } } },
      consumers: { filed: { apis: ['shop'] } },
    }
  }
  const call = async (gateway: RunningGateway, key: string): Promise<number> => (await fetch(`${gateway.url}/shop/a`, { headers: { 'X-API-Key': key } })).status
  async function until(isSo: () => Promise<boolean>): Promise<void> {
    while (!(await isSo())) await pause(20)
  }

  it('makes a key by command, serves while the database is away, refuses changes meanwhile, and goes on when it is back', async () => {
    const gateway = await startGateway(await configuration())
    try {
      // The command finds the control listener and the token by the same file.
      const command = await promisify(execFile)(process.execPath, [launcher, 'key', 'create', '--consumer', 'filed', '--config', gateway.configFile])
      const key = command.stdout.trim()
      assert.match(key, /^gth_live_/)
      assert.equal(await call(gateway, key), 200)
      assert.equal(await call(gateway, `${key.slice(0, -1)}_`), 401)

      const token = readFileSync(/^admin token (.*)$/m.exec(gateway.log())![1]!, 'utf8').trim()
      const create = async (): Promise<{ readonly status: number; readonly code?: string; readonly secret?: string }> => {
        const response = await fetch(`http://127.0.0.1:${gateway.controlPort}/api/v1/consumers/filed/keys`, {
          method: 'POST',
          headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
          body: '{}',
        })
        return { status: response.status, ...((await response.json()) as object) }
      }
      await server.stop()
      for (let i = 0; i < 3; i++) {
        const refused = await create()
        assert.deepEqual([refused.status, refused.code], [503, 'management.unavailable'])
        assert.equal(await call(gateway, key), 200)
      }
      await server.start()
      let made = await create()
      while (made.status !== 201) {
        await pause(20)
        made = await create()
      }
      assert.equal(await call(gateway, made.secret!), 200)
      assert.equal(await call(gateway, key), 200)
    } finally {
      await gateway.stop()
    }
  })

  it('says in one sentence at its start that the database is away', async () => {
    const plan = await configuration()
    await server.stop()
    try {
      await assert.rejects(startGateway(plan), (cause: Error) => {
        assert.match(cause.message, /ended with 2 before it was ready/)
        assert.match(cause.message, /^gatehouse: .*(?:store|PostgreSQL).*127\.0\.0\.1/m)
        // For operators: no stack of ours.
        assert.doesNotMatch(cause.message, /^\s+at /m)
        return true
      })
    } finally {
      await server.start()
    }
  })

  it('starts again on what it left: the envelope key in its folder, keys in the database', async () => {
    const plan = await configuration()
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-postgres-e2e-'))
    const first = await startGateway(plan, { folder })
    const command = await promisify(execFile)(process.execPath, [launcher, 'key', 'create', '--consumer', 'filed', '--config', first.configFile])
    const key = command.stdout.trim()
    process.kill(first.pid, 'SIGKILL')
    await until(async () => !isAlive(first.pid))
    const second = await startGateway(plan, { folder })
    try {
      assert.equal(await call(second, key), 200)
    } finally {
      await second.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
