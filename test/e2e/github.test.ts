// GitHub's real description, served: each of its operations is reached by a request made from it, and by none made from another.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
// @ts-expect-error Examples are plain JavaScript.
import { startEcho } from '../../examples/github/upstream.js'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { freePorts } from '../support/running-program.ts'

const repository = fileURLToPath(new URL('../../', import.meta.url))
const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options']

interface Echo {
  readonly port: number
  close(): Promise<void>
}
interface Operation {
  readonly id: string
  readonly method: string
  /** A path of the template, with values that no other template has as literals. */
  readonly path: string
}

/** Counted from the document itself, by nothing that the gateway is made of. */
function operationsOf(file: string): Operation[] {
  const document = JSON.parse(readFileSync(file, 'utf8')) as { paths: Record<string, Record<string, { operationId?: string }>> }
  return Object.entries(document.paths).flatMap(([template, item]) =>
    METHODS.filter((method) => item[method] !== undefined).map((method, i) => ({
      id: item[method]!.operationId!,
      method: method.toUpperCase(),
      path: template.replaceAll(/\{[^}]*\}/g, () => `v${i}-x`),
    })),
  )
}

describe('the example with the description of GitHub', () => {
  const description = createRequire(import.meta.url).resolve('@octokit/openapi/generated/api.github.com.json')
  const operations = operationsOf(description)
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  let folder: string
  let gateway: RunningGateway
  let echoes: Echo[]
  let key: string

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-github-'))
    cpSync(join(repository, 'examples/github'), folder, { recursive: true })
    const file = join(folder, 'gatehouse.yaml')
    const [port, control] = await freePorts(2)
    echoes = [(await startEcho(0, 'github')) as Echo, (await startEcho(0, 'status')) as Echo]
    const ports: [string, number][] = [
      ['8090', port!],
      ['8091', control!],
      ['9010', echoes[0]!.port],
      ['9011', echoes[1]!.port],
    ]
    let text = readFileSync(file, 'utf8').replace('../../node_modules/@octokit/openapi/generated/api.github.com.json', 'api.github.com.json')
    for (const [from, to] of ports) text = text.replaceAll(`127.0.0.1:${from}`, `127.0.0.1:${to}`)
    writeFileSync(file, text, { mode: 0o600 })
    cpSync(description, join(folder, 'api.github.com.json'))
    gateway = { ...(await startGateway(file)), port: port!, controlPort: control! }
    key = execFileSync(process.execPath, [join(repository, 'bin/gatehouse'), 'key', 'create', '--consumer', 'build', '--config', file], {
      encoding: 'utf8',
    }).trim()
  })
  after(async () => {
    agent.destroy()
    await gateway?.stop()
    for (const echo of echoes ?? []) await echo.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const call = (method: string, path: string, headers: Record<string, string> = {}): Promise<{ status: number; body: string }> =>
    new Promise((resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port: gateway.port, agent, method, path, headers }, (response) => {
        let body = ''
        response.setEncoding('latin1').on('data', (part) => (body += part))
        response.on('end', () => resolve({ status: response.statusCode!, body }))
      })
      sent.on('error', reject).end()
    })

  it('reaches every operation by its own path, and its own upstream only', async () => {
    let next = 0
    const lane = async (): Promise<void> => {
      for (let operation = operations[next++]; operation !== undefined; operation = operations[next++]) {
        const answer = await call(operation.method, `/github${operation.path}`, { 'X-API-Key': key })
        const limited = operation.id === 'repos/delete' ? [200, 429] : [200]
        assert.ok(limited.includes(answer.status), `${operation.method} ${operation.path}: ${answer.status} ${answer.body}`)
        if (operation.method === 'HEAD') continue
        const seen = JSON.parse(answer.body) as { upstream: string; method: string; path: string }
        assert.deepEqual([seen.upstream, seen.method, seen.path], ['github', operation.method, operation.path])
      }
    }
    await Promise.all(Array.from({ length: 16 }, lane))
    const served = [...(await metrics()).matchAll(/^gatehouse_requests_total\{api="github",operation="([^"]+)",class="2xx"\} (\d+)$/gm)]
    assert.deepEqual(
      served.map(([, name, count]) => `${name} ${count}`).sort(),
      operations.map(({ id }) => `${id} 1`).sort(),
      'each operation was counted once',
    )
    assert.equal(operations.length, 1223)
  })

  const metrics = async (): Promise<string> => (await fetch(`http://127.0.0.1:${gateway.controlPort}/metrics`)).text()

  it('lets nothing in without a key, and nothing through that is not declared', async () => {
    assert.equal((await call('GET', '/github/user')).status, 401)
    assert.equal((await call('GET', '/github/no/such/operation', { 'X-API-Key': key })).status, 404)
    assert.equal((await call('DELETE', '/github/user', { 'X-API-Key': key })).status, 405)
    assert.equal((await call('GET', '/status/anything')).status, 200)
  })
})
