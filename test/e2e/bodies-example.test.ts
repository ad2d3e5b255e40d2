// Starts examples/bodies and does what its page says.
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
import { startOrders } from '../../examples/bodies/orders.js'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { freePorts } from '../support/running-program.ts'

const run = promisify(execFile)
const example = fileURLToPath(new URL('../../examples/bodies/', import.meta.url))
const launcher = fileURLToPath(new URL('../../bin/gatehouse', import.meta.url))

describe('the example of bodies', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-example-'))
  const file = join(folder, 'gatehouse.yaml')
  let orders: Server
  let gateway: RunningGateway
  let port = 0
  let key = ''
  before(async () => {
    cpSync(example, folder, { recursive: true, filter: (path) => !/\/data$/.test(path) })
    orders = (await startOrders(0)) as Server
    const [first, control] = (await freePorts(2)) as [number, number]
    port = first
    const text = readFileSync(file, 'utf8')
      .replaceAll('8110', String(first))
      .replaceAll('8111', String(control))
      .replaceAll('9030', String((orders.address() as AddressInfo).port))
    writeFileSync(file, text, { mode: 0o600 })
    gateway = await startGateway(file)
    key = (await run(process.execPath, [launcher, 'key', 'create', '--consumer', 'kiosk', '--config', file])).stdout.trim().split('\n')[0]!
  })
  after(async () => {
    await gateway?.stop()
    orders?.closeAllConnections()
    orders?.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const call = (path: string, init: RequestInit = {}) => fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers: { 'X-API-Key': key, ...init.headers } })
  const send = (body: string, type = 'application/json') => call('/orders', { method: 'POST', body, headers: { 'Content-Type': type } })

  test('answers keep the last four digits of a card, and nothing internal', async () => {
    const answer = await call('/orders/1', { headers: { 'Accept-Encoding': 'identity' } })
    assert.deepEqual(await answer.json(), {
      id: 1,
      customerNumber: 4711,
      customer: { name: 'Elizabeth Bennet', email: 'lizzy@longbourn.example' },
      card: { holder: 'E. Bennet', number: '****1111', cvc: '****' },
      items: [
        { title: 'Persuasion', cents: 1150 },
        { title: 'Emma', cents: 1290 },
      ],
    })
  })

  test('a template makes another document', async () => {
    assert.deepEqual(await (await call('/summary/1')).json(), { order: 1, by: 'Elizabeth Bennet', titles: ['Persuasion', 'Emma'], currency: 'EUR' })
  })

  test('long answers are compressed, and their validator is weak', async () => {
    for (const coding of ['gzip', 'br']) {
      const answer = await call('/orders', { headers: { 'Accept-Encoding': coding } })
      assert.deepEqual(
        [answer.headers.get('content-encoding'), answer.headers.get('vary'), answer.headers.get('etag')],
        [coding, 'Accept-Encoding', 'W/"orders-7"'],
      )
      const text = await answer.text()
      assert.equal((JSON.parse(text) as { orders: unknown[] }).orders.length, 50)
      assert.doesNotMatch(text, /4111111111111111|internal|margin/)
    }
  })

  test('callers set no member that they must not', async () => {
    assert.deepEqual(await (await send('{"title":"Emma","STATUS":"paid"}')).json(), { accepted: { title: 'Emma', channel: 'web' } })
    const codeOf = async (answer: Response) => [answer.status, ((await answer.json()) as { code: string }).code]
    assert.deepEqual(await codeOf(await send('{"title":"Emma"')), [400, 'body-transform.invalid'])
    assert.deepEqual(await codeOf(await send('status=paid', 'application/x-www-form-urlencoded')), [415, 'body-transform.unsupported-type'])
  })
})
