// The catalog of the running program by its commands: diff, apply, export, rollback; equal catalogs are equal texts, and nothing drifts unreported.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { stringify } from 'yaml'
import { connect } from '../../src/app/cli/connect.ts'
import type { Connection } from '../../src/client/connection.ts'
import { getDrift } from '../../src/client/generated/drift.ts'
import { listRevisions, rollBack } from '../../src/client/generated/revisions.ts'
import { freePorts, type RunningProgram, runProgram } from '../support/running-program.ts'
import { type SwiftUpstream, startSwiftUpstream } from '../support/swift-upstream.ts'

const main = join(import.meta.dirname, '../../src/app/main.ts')
const OPENAPI = 'openapi: 3.1.0\ninfo: { title: shop, version: "1" }\npaths: { /items: { get: { responses: {} } } }\n'

describe('the catalog by its commands', () => {
  let folder: string
  let upstream: SwiftUpstream
  let ports: number[]
  const programs: RunningProgram[] = []

  const put = (name: string, content: object | string): string => {
    writeFileSync(join(folder, name), typeof content === 'string' ? content : stringify(content), { mode: 0o600 })
    return join(folder, name)
  }
  const api = (path: string, more: object = {}) => ({ path, upstream: `http://127.0.0.1:${upstream.port}`, public: true, ...more })
  const filed = () => ({ filed: api('/filed'), locked: api('/locked', { public: false, policies: { 'api-key': { header: 'X-API-Key' } } }) })
  /** The file of an instance: `first` owns APIs, `second` nothing. */
  const configure = (which: 'first' | 'second', apis: object, consumers: object = {}): string => {
    const at = which === 'first' ? 0 : 2
    const listen = {
      gateway: { listen: [`http://127.0.0.1:${ports[at]}`], threads: 1, accessLog: 'off' },
      control: { listen: `http://127.0.0.1:${ports[at + 1]}` },
    }
    return put(`${which}/gatehouse.yaml`, { gatehouse: 1, ...listen, egress: { allowPrivate: ['127.0.0.0/8'] }, apis, consumers })
  }
  const first = () => join(folder, 'first/gatehouse.yaml')
  const second = () => join(folder, 'second/gatehouse.yaml')

  /** Not `spawnSync`: while this process stands still, connections that it keeps are closed by the other side and nobody here hears of it. */
  function run(...args: readonly string[]): Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }> {
    return new Promise((resolve) => {
      const child = execFile(process.execPath, [main, ...args], { cwd: folder, encoding: 'utf8' }, (_cause, stdout, stderr) =>
        resolve({ status: child.exitCode, stdout, stderr }),
      )
    })
  }
  async function ran(status: number, says: RegExp, ...args: readonly string[]): Promise<string> {
    const found = await run(...args)
    assert.equal(found.status, status, `${args.join(' ')}: ${found.stdout}${found.stderr}`)
    assert.match(found.stdout + found.stderr, says)
    return found.stdout
  }
  const client = async (config: string): Promise<Connection> => {
    const connected = await connect({ config }, { adminToken: undefined })
    assert.ok('to' in connected)
    return connected.to
  }
  const drift = async (): Promise<string[]> =>
    (await getDrift(await client(first()))).value.items.map(({ what, kind, name }) => [what, kind && `${kind}/${name}`].filter(Boolean).join(' '))
  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
  }
  const status = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
    (await fetch(`http://127.0.0.1:${ports[0]}${path}`, { headers })).status
  const said = (what: RegExp): number => [...programs[0]!.output().matchAll(what)].length
  const newest = async (): Promise<number> => (await listRevisions(await client(first()), { query: { limit: 1 } })).value.items[0]!.number

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-catalog-'))
    for (const name of ['first', 'second', 'wanted']) mkdirSync(join(folder, name), { mode: 0o700 })
    upstream = await startSwiftUpstream()
    ports = await freePorts(4)
    configure('first', filed(), { filed: { apis: ['locked'] } })
    configure('second', {})
    put('wanted/shop.openapi.yaml', OPENAPI)
    put('wanted/gatehouse.yaml', { gatehouse: 1, apis: { shop: api('/shop', { openapi: './shop.openapi.yaml' }) }, consumers: { acme: { apis: ['shop'] } } })
    put('nothing.yaml', 'gatehouse: 1\n')
    for (const file of [first(), second()]) programs.push(await runProgram(process.execPath, [main, 'start', file], /^ready$/m, { cwd: folder }))
  })
  after(async () => {
    for (const program of programs) await program.stop()
    await upstream.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('diff says what apply does, and after it nothing differs', async () => {
    assert.equal(await status('/shop/items'), 404)
    await ran(1, /^\+ api\/shop\n[\s\S]*\+ consumer\/acme\n[\s\S]*3 to create\n$/, 'diff', 'wanted/gatehouse.yaml', '--config', first())
    assert.equal(await newest(), 1)
    await ran(0, /3 to create\napplied as revision 2\n$/, 'apply', 'wanted/gatehouse.yaml', '--config', first(), '--message', 'a shop')
    assert.deepEqual([await status('/shop/items'), await status('/shop/other')], [200, 404])
    await ran(0, /^3 unchanged\n$/, 'diff', 'wanted/gatehouse.yaml', '--config', first())
    await ran(0, /^3 unchanged\n$/, 'apply', 'wanted/gatehouse.yaml', '--config', first())
    assert.equal((await listRevisions(await client(first()))).value.items[0]!.message, 'a shop')
    const plan = JSON.parse(await ran(0, /^/, 'diff', 'wanted/gatehouse.yaml', '--config', first(), '--format', 'json')) as {
      differs: boolean
      items: unknown[]
    }
    assert.deepEqual([plan.differs, plan.items.length], [false, 3])
  })

  test('an export applied changes nothing, and makes an empty instance the same to the octet', async () => {
    await ran(0, /^$/, 'export', '--config', first(), '--output', 'export.yaml')
    const text = readFileSync(join(folder, 'export.yaml'), 'utf8')
    const before = await newest()
    await ran(0, /^6 unchanged\n$/, 'apply', 'export.yaml', '--prune', '--config', first())
    assert.equal(await newest(), before)
    assert.equal(await ran(0, /^/, 'export', '--config', first()), text)
    await ran(0, /6 to create\napplied as revision/, 'apply', 'export.yaml', '--config', second())
    assert.equal(await ran(0, /^/, 'export', '--config', second()), text)
    assert.match(text, /openapi: document:/)
    await ran(1, /6 to remove\n$/, 'diff', 'nothing.yaml', '--prune', '--config', second())
  })

  test('what the file owns is refused and changed by nothing but the file', async () => {
    const other = put('wanted/other.yaml', { gatehouse: 1, apis: { filed: api('/elsewhere') } })
    const before = await newest()
    for (const command of ['diff', 'apply']) await ran(1, /! api\/filed is owned by the file[\s\S]*1 refused\n$/, command, other, '--config', first())
    assert.deepEqual([await newest(), await status('/elsewhere/a')], [before, 404])
  })

  test('faults are told with their places, and a key is made over the same way', async () => {
    const bad = put('wanted/bad.yaml', { gatehouse: 1, apis: { taken: api('/filed') } })
    await ran(1, /refused: The catalog would have faults\. \(catalog\.faulty\)\n {2}\S+ /, 'apply', bad, '--config', first())
    const secret = (await ran(0, /^gth_/, 'key', 'create', '--consumer', 'filed', '--label', 'test', '--expires', '2099-01-01', '--config', first())).trim()
    assert.deepEqual([await status('/locked/a'), await status('/locked/a', { 'x-api-key': secret })], [401, 200])
    await ran(1, /refused: There is no consumer of that name\. \(keys\.unknown-consumer\)/, 'key', 'create', '--consumer', 'nobody', '--config', first())
  })

  test('2 where nobody answers, or the way there is no safe one', async () => {
    const url = `http://127.0.0.1:${ports[1]}`
    const wrong = put('token', `${'x'.repeat(43)}\n`)
    await ran(1, /refused: A valid credential is needed/, 'export', '--url', url, '--token-file', wrong)
    await ran(2, /a token is needed/, 'export', '--url', url)
    await ran(2, /does not travel in the open/, 'export', '--url', 'http://gatehouse.example', '--token-file', wrong)
    await ran(2, /no Gatehouse answers/, 'diff', 'wanted/gatehouse.yaml', '--url', 'http://127.0.0.1:1', '--token-file', wrong)
  })

  test('an edit of the file, an edit of the console and a rollback leave no drift unreported', async () => {
    assert.deepEqual(await drift(), [])
    // The file claims what the console owns: refused, and told.
    configure('first', { ...filed(), shop: api('/shop') }, { filed: { apis: ['locked'] } })
    await until(() => said(/the edit is refused/g) === 1)
    assert.deepEqual(await drift(), ['file-refused', 'owned-twice api/shop'])
    assert.equal(await status('/shop/other'), 404)
    // Once the console gives it up, the file that waits is live by itself.
    await rollBack(await client(first()), { parameters: { revision: 1 }, body: {} })
    assert.equal(await status('/shop/other'), 200)
    assert.deepEqual(await drift(), [])
    // A rollback to what the console owned then cannot take the file back with it, and says so.
    const { value: back } = await rollBack(await client(first()), { parameters: { revision: 2 }, body: {} })
    assert.deepEqual(back.left, [{ kind: 'api', name: 'shop', why: 'file-owned' }])
    assert.deepEqual(await drift(), ['not-rolled-back api/shop'])
    // The file goes back to what it said; but what the rollback brought back needs the API that the file had taken.
    configure('first', filed(), { filed: { apis: ['locked'] } })
    await until(() => said(/the edit is refused/g) === 2)
    assert.deepEqual(await drift(), ['file-refused', 'not-rolled-back api/shop'])
    await ran(0, /applied as revision/, 'apply', 'nothing.yaml', '--prune', '--config', first())
    assert.equal(await status('/shop/other'), 404)
    assert.deepEqual(await drift(), [])
  })
})
