// Starts examples/streams and does what its page says.
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
import { startPrices } from '../../examples/streams/prices.js'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { freePorts } from '../support/running-program.ts'
import { openWebsocket } from '../support/websocket-ends.ts'

const run = promisify(execFile)
const example = fileURLToPath(new URL('../../examples/streams/', import.meta.url))
const launcher = fileURLToPath(new URL('../../bin/gatehouse', import.meta.url))

describe('the example of streams', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-example-'))
  const file = join(folder, 'gatehouse.yaml')
  let prices: Server
  let gateway: RunningGateway
  let port = 0
  let key = ''
  before(async () => {
    cpSync(example, folder, { recursive: true })
    prices = (await startPrices(0, 20)) as Server
    const [first, control] = (await freePorts(2)) as [number, number]
    port = first
    const text = readFileSync(file, 'utf8')
      .replaceAll('8100', String(first))
      .replaceAll('8101', String(control))
      .replaceAll('9020', String((prices.address() as AddressInfo).port))
    writeFileSync(file, text, { mode: 0o600 })
    gateway = await startGateway(file)
    key = (await run(process.execPath, [launcher, 'key', 'create', '--consumer', 'kiosk', '--config', file])).stdout.trim().split('\n')[0]!
  })
  after(async () => {
    await gateway?.stop()
    prices?.closeAllConnections()
    prices?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test('tells prices as they change', async () => {
    const leaving = new AbortController()
    const answer = await fetch(`http://127.0.0.1:${port}/prices`, { headers: { 'X-API-Key': key }, signal: leaving.signal })
    assert.equal(answer.headers.get('content-type'), 'text/event-stream')
    let heard = ''
    for await (const part of answer.body!) {
      heard += Buffer.from(part).toString()
      if (heard.includes('id: 3\n')) break
    }
    leaving.abort()
    assert.match(heard, /^id: 1\ndata: \{"book":"Persuasion","cents":1101\}\n\nid: 2\n/)
  })

  const talk = async (...words: string[]): Promise<string> =>
    (await run(process.execPath, [join(example, 'talk.js'), key, ...words], { env: { ...process.env, CHAT: `ws://127.0.0.1:${port}/chat` } })).stdout

  test('echoes what is said, up to the limit', async () => {
    assert.equal(await talk('good', 'day'), 'good\nday\nclosed with 1000 all said\n')
    const words = Array.from({ length: 12 }, (_, i) => String(i + 1))
    assert.match(await talk(...words), /closed with 1008 too many messages\n$/)
  })

  test('lets no page of another origin in, and nobody without a key', async () => {
    for (const [lines, status] of [
      [`X-API-Key: ${key}\r\nOrigin: https://evil.example\r\n`, 403],
      [`X-API-Key: ${key}\r\nOrigin: https://kiosk.example\r\n`, 101],
      ['Origin: https://kiosk.example\r\n', 401],
    ] as const) {
      const end = await openWebsocket(port, { path: '/chat', lines })
      assert.match(end.head, new RegExp(`^HTTP/1\\.1 ${status} `))
      end.stream.destroy()
    }
  })
})
