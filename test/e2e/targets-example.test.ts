// Starts examples/targets and does what its page says.
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
// @ts-expect-error The servers of the example are plain JavaScript, because they are started as they are.
import { startServer } from '../../examples/targets/servers.js'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { freePorts } from '../support/running-program.ts'

interface Server {
  readonly port: number
  close(): Promise<void>
}
const folder = mkdtempSync(join(tmpdir(), 'gatehouse-example-'))
const servers: Server[] = []
let gateway: RunningGateway
let ports: Readonly<Record<string, number>>
before(async () => {
  cpSync(fileURLToPath(new URL('../../examples/targets/', import.meta.url)), folder, { recursive: true, filter: (path) => !path.endsWith('/data') })
  for (const name of ['one', 'two', 'three']) servers.push((await startServer(name, 0)) as Server)
  const [first, control] = (await freePorts(2)) as [number, number]
  ports = { 8102: first, 8103: control, 9031: servers[0]!.port, 9032: servers[1]!.port, 9033: servers[2]!.port }
  const file = join(folder, 'gatehouse.yaml')
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replaceAll(/127\.0\.0\.1:(\d+)/g, (_, port: string) => `127.0.0.1:${ports[port]}`),
    { mode: 0o600 },
  )
  gateway = await startGateway(file)
})
after(async () => {
  await gateway?.stop()
  await Promise.all(servers.map((each) => each.close()))
  rmSync(folder, { recursive: true, force: true })
})

const asked = async (path: string, headers: Record<string, string> = {}): Promise<string> =>
  (await (await fetch(`http://127.0.0.1:${ports[8102]}${path}`, { headers })).text()).split(' ')[0]!
async function told(what: string, port: number): Promise<void> {
  const token = readFileSync(join(folder, 'data', 'admin-token'), 'utf8').trim()
  const answer = await fetch(`http://127.0.0.1:${ports[8103]}/api/v1/apis/clock/targets/${what}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ target: `http://127.0.0.1:${ports[port]}` }),
  })
  assert.equal(answer.status, 200, await answer.text())
}

test('requests are shared by weight, carts stay at their server, a drained one gets none, and the third takes over when both are drained', async () => {
  const threads = Number(/^gatehouse_threads (\d+)$/m.exec(await (await fetch(`http://127.0.0.1:${ports[8103]}/metrics`)).text())?.[1])
  const counts: Record<string, number> = {}
  for (let i = 0; i < 40 * threads; i++) {
    const name = await asked('/clock/now')
    counts[name] = (counts[name] ?? 0) + 1
  }
  assert.deepEqual(Object.keys(counts).sort(), ['one', 'two'])
  assert.ok(counts['two']! > 2 * counts['one']!, JSON.stringify(counts))
  const carts = new Set<string>()
  for (let i = 0; i < 10; i++) carts.add(await asked('/carts/mine', { cookie: 'cart=7' }))
  assert.equal(carts.size, 1)
  await told('drain', 9032)
  for (let i = 0; i < 10; i++) assert.equal(await asked('/clock/now'), 'one')
  await told('drain', 9031)
  for (let i = 0; i < 10; i++) assert.equal(await asked('/clock/now'), 'three')
  await told('undrain', 9031)
  await told('undrain', 9032)
  assert.notEqual(await asked('/clock/now'), 'three')
})
