// What waits on one connection of HTTP/2 and what was asked for too late: neither costs more than it is, and neither hurts what else is under way.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { freePorts } from '../support/running-program.ts'
import { StreamClient, type StreamClientOptions } from '../support/stream-client.ts'
import { block, CODE, data, FLAG, headers, ping, request, reset, SETTING, TYPE, windowUpdate } from '../support/stream-frames.ts'

const PAGE = Buffer.alloc(4 * 2 ** 20, 'page ')
const POST = FLAG.endHeaders

describe('what waits on one connection of HTTP/2', { timeout: 120_000 }, () => {
  const held: ServerResponse[] = []
  const upstream = createServer((incoming: IncomingMessage, response) => {
    incoming.on('error', () => {})
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      if (incoming.url!.startsWith('/kept')) response.writeHead(200, { 'cache-control': 'max-age=600', 'content-length': String(PAGE.length) }).end(PAGE)
      else if (incoming.url === '/hold') held.push(response)
      else response.end(Buffer.concat(chunks))
    })
  })
  let gateway: RunningGateway
  let port = 0
  const clients: StreamClient[] = []
  const open = async (options: StreamClientOptions = {}): Promise<StreamClient> => {
    const client = await StreamClient.open(port, options)
    clients.push(client)
    return client
  }
  const isHeld = async (count: number): Promise<void> => {
    while (held.length < count) await new Promise((resolve) => setImmediate(resolve))
  }

  before(async () => {
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
    ;[port] = (await freePorts(1)) as [number]
    const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`
    gateway = await startGateway({
      gateway: {
        listen: [{ address: `http://127.0.0.1:${port}`, http2: true, https: 'off' }],
        timeouts: { head: '5s', idle: '20s', stall: '20s' },
      },
      apis: {
        kept: { path: '/kept', stripPath: false, upstream: url, public: true, policies: { 'response-cache': { maxBody: '8MiB', public: true } } },
        all: { path: '/', upstream: { url, connections: 1 }, public: true },
      },
    })
  })
  after(async () => {
    for (const client of clients) client.destroy()
    await gateway?.stop()
    upstream.closeAllConnections()
    upstream.close()
  })

  test('a body in frames of one octet that waits for a connection to the upstream is sent whole, in order, once there is one', async () => {
    held.length = 0
    const client = await open({ settings: [[SETTING.window, 2 ** 20]] })
    client.send(windowUpdate(0, 2 ** 20), request(1, '/hold'))
    await isHeld(1)
    const body = Buffer.from(Array.from({ length: 100_000 }, (_, i) => 97 + (i % 26)))
    client.send(request(3, '/echo', 'POST', POST))
    client.send(...Array.from(body, (_, i) => data(3, body.subarray(i, i + 1), 0)), data(3, ''), ping())
    assert.ok(await client.until(() => client.count(TYPE.ping) > 0))
    held[0]!.end()
    const { statuses, body: echoed } = await client.answered(3)
    assert.deepEqual(statuses, [200])
    assert.ok(echoed.equals(body))
    client.destroy()
  })

  test('bodies out of the cache that nobody reads are held up to a bound; what is asked for past it is refused as not taken up, and the rest comes whole', async () => {
    const resident = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))![1]) / 1024
    const first = await open({ settings: [[SETTING.window, 2 ** 30]] })
    first.send(windowUpdate(0, 2 ** 30), request(1, '/kept'))
    assert.equal((await first.answered(1)).body.length, PAGE.length)
    first.destroy()
    const before = resident()
    const client = await open({ settings: [[SETTING.window, 0]] })
    client.send(windowUpdate(0, 2 ** 30), ...Array.from({ length: 90 }, (_, i) => request(1 + 2 * i, '/kept')))
    assert.ok(await client.until(() => client.count(TYPE.headers) + client.count(TYPE.reset) === 90))
    const refused = client.frames.filter(({ type }) => type === TYPE.reset)
    assert.deepEqual([...new Set(refused.map(({ payload }) => payload.readUInt32BE(0)))], [CODE.refused])
    assert.ok(refused.length > 80, `${refused.length} refused`)
    assert.ok(resident() - before < 150, `${resident() - before} MB`)
    client.send(windowUpdate(1, 2 ** 30), windowUpdate(3, 2 ** 30))
    for (const stream of [1, 3]) assert.ok((await client.answered(stream)).body.equals(PAGE))
    client.destroy()
  })

  test('who is told which stream is the last, and had asked for more with a body, keeps the answers to what was taken up (RFC 9113 6.8)', async () => {
    held.length = 0
    const client = await open()
    client.send(request(1, '/hold'))
    await isHeld(1)
    const stopped = gateway.stop()
    const asked = () => client.frames.find(({ type, flags }) => type === TYPE.ping && flags === 0)
    assert.ok(await client.until(() => asked() !== undefined))
    client.send(ping(asked()!.payload.toString('latin1'), FLAG.ack))
    client.send(request(3, '/echo', 'POST', POST), data(3, 'some', 0), windowUpdate(3, 10), headers(3, block([['x-behind', 'body']])))
    client.send(request(5, '/echo', 'POST', POST), data(5, 'more', 0), reset(5, CODE.cancel), ping())
    assert.ok(await client.until(() => client.frames.some(({ type, flags }) => type === TYPE.ping && flags === FLAG.ack)))
    held[0]!.end('held')
    assert.equal((await client.answered(1)).body.toString(), 'held')
    assert.ok(await client.untilClosed())
    assert.equal(client.goaway, CODE.none)
    await stopped
    assert.doesNotMatch(gateway.log(), /gateway thread \d/)
  })
})
