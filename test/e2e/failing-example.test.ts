// Starts examples/failing and does what its page says.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
// @ts-expect-error The shops of the example are plain JavaScript, because they are started as they are.
import { startShop } from '../../examples/failing/shops.js'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { metric } from '../support/load-client.ts'
import { freePorts } from '../support/running-program.ts'

const example = fileURLToPath(new URL('../../examples/failing/gatehouse.yaml', import.meta.url))

describe('the example of an upstream that fails', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-example-'))
  const file = join(folder, 'gatehouse.yaml')
  const shops: Server[] = []
  let gateway: RunningGateway
  let shop = ''
  let control = ''
  const portOf = (server: Server): number => (server.address() as AddressInfo).port
  const fail = (how: string): Promise<Response> => fetch(`http://127.0.0.1:${portOf(shops[0]!)}/fail/${how}`, { method: 'PUT' })
  const page = async (): Promise<string> => (await fetch(`${control}/metrics`)).text()
  before(async () => {
    for (let i = 0; i < 3; i++) shops.push((await startShop(0)) as Server)
    const [own, controlPort] = (await freePorts(2)) as [number, number]
    let text = readFileSync(example, 'utf8').replaceAll('8120', String(own)).replaceAll('8121', String(controlPort))
    for (const [i, each] of shops.entries()) text = text.replaceAll(String(9031 + i), String(portOf(each)))
    writeFileSync(file, text, { mode: 0o600 })
    gateway = await startGateway(file)
    shop = `http://127.0.0.1:${own}/shop/`
    control = `http://127.0.0.1:${controlPort}`
  })
  after(async () => {
    await gateway?.stop()
    for (const each of shops) {
      each.closeAllConnections()
      each.close()
    }
    rmSync(folder, { recursive: true, force: true })
  })

  test('all three answer, and are told how long they have', async () => {
    const texts = new Set<string>()
    while (texts.size < 3) {
      const text = await (await fetch(shop)).text()
      assert.match(text, /^shop on \d+, \d{1,4} ms left\n$/)
      texts.add(text.split(',')[0]!)
    }
  })
  test('one that breaks every connection is put aside, and nobody notices', async () => {
    await fail('reset')
    for (let i = 0; metric(await page(), 'gatehouse_upstream_target_ejected') === 0; i++) {
      assert.ok(i < 1000, 'it was never put aside')
      assert.equal((await fetch(shop)).status, 200)
    }
  })
  test('when none is left, the fallback answers', async () => {
    for (const each of shops) each.closeAllConnections()
    for (const each of shops) await new Promise((resolve) => each.close(resolve))
    const answer = await fetch(shop)
    assert.equal(answer.status, 503)
    assert.deepEqual(await answer.json(), { message: 'The shop is closed for a moment.' })
  })
})
