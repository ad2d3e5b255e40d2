// Starts examples/shaping and examples/mock and does what their pages say.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
// @ts-expect-error The upstream of the example is plain JavaScript, because it is started as it is.
import { startMirror } from '../../examples/shaping/upstream.js'
import { startGateway } from '../support/gateway.ts'
import { freePorts } from '../support/running-program.ts'

const run = promisify(execFile)
const launcher = fileURLToPath(new URL('../../bin/gatehouse', import.meta.url))

describe('the examples of shaping', () => {
  const ends: (() => Promise<void>)[] = []
  after(async () => {
    for (const end of ends.reverse()) await end()
  })

  /** Answers how to ask it, with a key and without following redirects. */
  async function start(name: string, ports: Readonly<Record<string, number>>, gatewayPort: number) {
    const folder = mkdtempSync(join(tmpdir(), 'gatehouse-example-'))
    ends.push(async () => rmSync(folder, { recursive: true, force: true }))
    cpSync(fileURLToPath(new URL(`../../examples/${name}/`, import.meta.url)), folder, { recursive: true, filter: (path) => !path.endsWith('/data') })
    const file = join(folder, 'gatehouse.yaml')
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replaceAll(/127\.0\.0\.1:(\d+)/g, (_, port: string) => `127.0.0.1:${ports[port]}`),
      { mode: 0o600 },
    )
    const gateway = await startGateway(file)
    ends.push(async () => void (await gateway.stop()))
    const key = (await run(process.execPath, [launcher, 'key', 'create', '--consumer', 'acme', '--config', file])).stdout.trim().split('\n')[0]!
    return (path: string, headers: Record<string, string> = {}, method = 'GET') =>
      fetch(`http://127.0.0.1:${gatewayPort}${path}`, { method, redirect: 'manual', headers: { 'X-API-Key': key, ...headers } })
  }

  test('what is published and what is served differ as the file says', async () => {
    const upstream = (await startMirror(0)) as { readonly port: number; close(): Promise<void> }
    ends.push(() => upstream.close())
    const [gateway, control] = (await freePorts(2)) as [number, number]
    const ask = await start('shaping', { 8110: gateway, 8111: control, 9030: upstream.port }, gateway)
    const answer = await ask('/shop/v1/books/7?q=sea&debug=1', { 'X-Tenant': 'somebody-else' })
    const { url, headers } = (await answer.json()) as { url: string; headers: Record<string, string> }
    assert.deepEqual(
      [url, headers['host'], headers['x-tenant'], headers['x-language']],
      ['/catalogue/items/7?search=sea&source=gateway', 'catalogue.internal', 'acme', 'en'],
    )
    assert.deepEqual([answer.headers.get('x-served-by'), answer.headers.get('x-node')], ['gatehouse', null])
    assert.equal((await ask('/shop/old/books/7?lang=en')).headers.get('location'), '/shop/v1/books/7?lang=en')
    assert.equal((await ask('/shop/help')).headers.get('location'), 'https://help.example/gateway?from=shop')
  })

  test('an API that is not there yet answers from its document', async () => {
    const [gateway, control, nobody] = (await freePorts(3)) as [number, number, number]
    const ask = await start('mock', { 8112: gateway, 8113: control, 9031: nobody }, gateway)
    const book = { id: 'book-1', title: 'Persuasion', stock: 0 }
    assert.deepEqual(await (await ask('/bookshop/books')).json(), [book, book])
    assert.deepEqual(await (await ask('/bookshop/books/book-1')).json(), { ...book, stock: 3 })
    assert.deepEqual(await (await ask('/bookshop/books/book-1', { Prefer: 'example=sold-out' })).json(), { id: 'book-2', title: 'Emma', stock: 0 })
    assert.equal((await ask('/bookshop/books/book-1', { Prefer: 'code=404' })).status, 404)
    const order = await ask('/bookshop/orders', {}, 'POST')
    assert.ok([201, 503].includes(order.status), String(order.status))
    assert.equal((await ask('/bookshop/books', { 'X-API-Key': '' })).status, 401)
  })
})
