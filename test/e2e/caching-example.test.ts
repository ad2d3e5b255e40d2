// Starts examples/caching and does what its page says.
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
// @ts-expect-error The upstream of the example is plain JavaScript, because it is started as it is.
import { startCatalogue } from '../../examples/caching/catalogue.js'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { freePorts } from '../support/running-program.ts'

const run = promisify(execFile)
const example = fileURLToPath(new URL('../../examples/caching/', import.meta.url))
const launcher = fileURLToPath(new URL('../../bin/gatehouse', import.meta.url))

describe('the example of caching', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-example-'))
  const file = join(folder, 'gatehouse.yaml')
  let upstream: Server
  let gateway: RunningGateway
  let port = 0
  let control = 0
  let acme = ''
  let globex = ''
  before(async () => {
    cpSync(example, folder, { recursive: true })
    upstream = (await startCatalogue(0)) as Server
    const ports = (await freePorts(2)) as [number, number]
    port = ports[0]
    control = ports[1]
    // One thread, so that the page's second request finds what the first stored.
    const text = readFileSync(file, 'utf8')
      .replaceAll('8110', String(port))
      .replaceAll('8111', String(control))
      .replaceAll('9030', String((upstream.address() as AddressInfo).port))
      .replace('gateway:\n', 'gateway:\n  threads: 1\n')
    writeFileSync(file, text, { mode: 0o600 })
    gateway = await startGateway(file)
    const create = async (consumer: string): Promise<string> =>
      (await run(process.execPath, [launcher, 'key', 'create', '--consumer', consumer, '--config', file])).stdout.trim().split('\n')[0]!
    acme = await create('acme')
    globex = await create('globex')
  })
  after(async () => {
    await gateway?.stop()
    upstream?.closeAllConnections()
    upstream?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const ask = async (path: string, key?: string, method = 'GET'): Promise<{ status: number; told: string | null; tag: string | null; body: string }> => {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method, ...(key !== undefined && { headers: { 'X-API-Key': key } }) })
    return { status: answer.status, told: answer.headers.get('cache-status'), tag: answer.headers.get('cache-tag'), body: await answer.text() }
  }

  test('each caller has their own, until it is written to or purged', async () => {
    const book = '/catalogue/books/5'
    const first = await ask(book, acme)
    assert.deepEqual([first.told, first.tag], ['gatehouse; fwd=uri-miss; stored', null])
    const second = await ask(book, acme)
    assert.match(second.told!, /^gatehouse; hit; ttl=\d+$/)
    assert.equal(second.body, first.body)
    const other = await ask(book, globex)
    assert.equal(other.told, 'gatehouse; fwd=uri-miss; stored')
    assert.match(other.body, /"for":"globex"/)
    assert.equal((await ask(book, acme, 'DELETE')).status, 204)
    for (const key of [acme, globex]) assert.equal((await ask(book, key)).told, 'gatehouse; fwd=uri-miss; stored')
    const answer = await fetch(`http://127.0.0.1:${control}/api/v1/apis/catalogue/purge`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${readFileSync(join(folder, 'data/admin-token'), 'utf8').trim()}` },
      body: '{"tag": "books"}',
    })
    assert.equal(((await answer.json()) as { responses: number }).responses, 2)
    assert.equal((await ask(book, acme)).told, 'gatehouse; fwd=uri-miss; stored')
  })

  test('the window is one for everybody, by page alone', async () => {
    const first = await ask('/window?page=1&utm_source=x')
    assert.match(first.body, /"path":"\/\?page=1"/)
    assert.match((await ask('/window?utm_source=y&page=1')).told!, /^gatehouse; hit/)
    assert.equal((await ask('/window?page=2')).told, 'gatehouse; fwd=uri-miss; stored')
  })
})
