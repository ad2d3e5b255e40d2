// One HTTP/2 connection as its frames: windows in both directions, turns among streams, where an end is told, and how a connection is parted from.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { freePorts } from '../support/running-program.ts'
import { StreamClient, type StreamClientOptions } from '../support/stream-client.ts'
import { block, CODE, data, FLAG, headers, PREFACE, ping, request, reset, SETTING, settings, TYPE, windowUpdate } from '../support/stream-frames.ts'

const MEBI = 2 ** 20
/** By how much the windows of that stream were widened; 0 is the connection's. */
const windowsTold = (client: StreamClient, id: number): number =>
  client.frames.filter(({ type, stream }) => type === TYPE.windowUpdate && stream === id).reduce((sum, { payload }) => sum + payload.readUInt32BE(0), 0)

describe('one connection of HTTP/2', { timeout: 120_000 }, () => {
  const held: ServerResponse[] = []
  const upstream = createServer((incoming: IncomingMessage, response) => {
    const path = incoming.url ?? ''
    incoming.on('error', () => {})
    if (path === '/never-read') return
    if (path === '/early') {
      response.writeHead(403, { 'content-length': '2' }).end('no')
      return
    }
    incoming.resume()
    if (path === '/hold') held.push(response)
    else if (path === '/upload') incoming.on('end', () => response.end('whole'))
    else if (path === '/nothing') response.writeHead(204).end()
    else {
      const page = Buffer.alloc(Number(path.slice('/page-'.length)) || 0, 'p')
      response.writeHead(200, { 'content-length': String(page.length) }).end(page)
    }
  })
  let gateway: RunningGateway
  let port = 0
  const clients: StreamClient[] = []
  const open = async (options: StreamClientOptions = {}): Promise<StreamClient> => {
    const client = await StreamClient.open(port, options)
    clients.push(client)
    return client
  }
  /** All that was sent before is dealt with once a PING comes back. */
  async function settled(client: StreamClient): Promise<void> {
    const pongs = (): number => client.frames.filter(({ type, flags }) => type === TYPE.ping && flags === FLAG.ack).length
    const before = pongs()
    client.send(ping())
    assert.ok(await client.until(() => pongs() > before))
  }

  before(async () => {
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve))
    ;[port] = (await freePorts(1)) as [number]
    gateway = await startGateway({
      gateway: {
        listen: [{ address: `http://127.0.0.1:${port}`, http2: true, https: 'off' }],
        timeouts: { head: '2s', idle: '20s', stall: '20s' },
        limits: { body: '64MiB' },
        accessLog: 'stdout',
      },
      apis: { all: { path: '/', upstream: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, public: true } },
    })
  })
  after(async () => {
    for (const client of clients) client.destroy()
    await gateway?.stop()
    upstream.closeAllConnections()
    upstream.close()
  })

  test('a body that nobody reads stops at its window, and one octet past it ends the connection (RFC 9113 6.9.1)', async () => {
    const client = await open()
    client.send(request(1, '/never-read', 'POST', FLAG.endHeaders))
    const room = (): number => 128 * 1024 + windowsTold(client, 1)
    // What lies between the gateway and its upstream takes some megabytes first. The connection has room for more all the while.
    for (let sent = 0, tries = 0; !client.closed && tries < 200; tries++) {
      for (; sent < room(); sent += Math.min(16_384, room() - sent)) client.send(data(1, Buffer.alloc(Math.min(16_384, room() - sent)), 0))
      await settled(client)
      if (sent < room()) continue
      client.send(data(1, Buffer.alloc(1), 0))
      sent++
      if (await client.until(() => client.closed, 100)) break
    }
    assert.equal(client.goaway, CODE.flowControl)
  })

  test('windows are opened for a body that is read, so that any length of it comes through', async () => {
    const client = await open()
    client.send(request(1, '/upload', 'POST', FLAG.endHeaders))
    const [room, whole] = [128 * 1024, 65_535]
    const told = (stream: number): number => windowsTold(client, stream)
    const total = 5 * MEBI
    for (let sent = 0; sent < total; ) {
      assert.ok(await client.until(() => told(1) + room > sent && told(0) + whole > sent))
      const count = Math.min(16_384, total - sent, told(1) + room - sent, told(0) + whole - sent)
      sent += count
      client.send(data(1, Buffer.alloc(count), sent === total ? FLAG.endStream : 0))
    }
    assert.equal((await client.answered(1)).body.toString(), 'whole')
  })

  test('settings may take back what a stream was given: it sends no more before its window is above nothing again (RFC 9113 6.9.2)', async () => {
    const client = await open({ settings: [[SETTING.window, 10]] })
    client.send(request(1, '/page-100'))
    const length = (): number => client.stream(1).body.length
    assert.ok(await client.until(() => length() === 10))
    client.send(settings([SETTING.window, 0]), windowUpdate(1, 10))
    await settled(client)
    assert.equal(length(), 10)
    client.send(windowUpdate(1, 5))
    assert.ok(await client.until(() => length() === 15))
    client.send(settings([SETTING.window, 90]))
    assert.ok((await client.answered(1)).ended)
    assert.equal(length(), 100)
  })

  test('streams take turns, frame by frame', async () => {
    const client = await open({ settings: [[SETTING.window, 0]] })
    client.send(windowUpdate(0, 100 * MEBI), request(1, '/page-60000'), request(3, '/page-60000'))
    assert.ok(await client.until(() => [1, 3].every((stream) => client.stream(stream).statuses.length > 0)))
    client.send(settings([SETTING.window, MEBI]))
    await Promise.all([client.answered(1), client.answered(3)])
    const turns = client.frames.filter(({ type }) => type === TYPE.data).map(({ stream }) => stream)
    assert.notEqual(turns[0], turns[1])
    assert.equal(turns[0], turns[2])
    assert.equal(turns[1], turns[3])
  })

  test('an end is told in the last frame that there is, and no empty one follows', async () => {
    const client = await open()
    client.send(request(1, '/page-5'), request(3, '/page-5', 'HEAD'), request(5, '/nothing'), request(7, '/page-0'))
    const kinds = async (stream: number): Promise<number[]> => {
      await client.answered(stream)
      return client.frames.filter((each) => each.stream === stream).map(({ type }) => type)
    }
    assert.deepEqual(await kinds(1), [TYPE.headers, TYPE.data])
    for (const stream of [3, 5, 7]) assert.deepEqual(await kinds(stream), [TYPE.headers], String(stream))
  })

  test('behind a whole answer that came early, the rest of the body is given up without an error (RFC 9113 8.1)', async () => {
    const client = await open()
    client.send(request(1, '/early', 'POST', FLAG.endHeaders), data(1, 'some', 0))
    assert.ok(await client.until(() => client.stream(1).reset !== undefined))
    const { statuses, body, ended, reset: code } = client.stream(1)
    assert.deepEqual([statuses, body.toString(), ended, code], [[403], 'no', true, CODE.none])
    // What was on its way is no fault.
    client.send(data(1, 'more', 0), headers(1, block([['a', 'b']])), request(3, '/page-1'))
    assert.deepEqual((await client.answered(3)).statuses, [200])
  })

  test('a request that is malformed is reset, and a line of the access log says so', async () => {
    const client = await open()
    const fields = [
      [':method', 'GET'],
      [':scheme', 'http'],
      [':authority', 'a'],
      [':path', '/page-1'],
      ['x-a', 'b\r\nc: d'],
    ] as const
    client.send(headers(1, block(fields)))
    assert.equal((await client.answered(1)).reset, CODE.protocol)
    const lines = (): string[] =>
      gateway
        .log()
        .split('\n')
        .filter((line) => line.includes('"http.malformed"'))
    for (let i = 0; i < 200 && lines().length === 0; i++) await new Promise((resolve) => setTimeout(resolve, 20))
    assert.equal(lines().length, 1)
    assert.equal(JSON.parse(lines()[0]!).status, 400)
  })

  test('clients that give up all that they asked for, again, are served (CVE-2023-44487 is answered without hurting them)', async () => {
    const client = await open()
    const odd = (from: number): number[] => Array.from({ length: 100 }, (_, i) => from + 2 * i)
    for (const from of [1, 201]) client.send(...odd(from).map((stream) => request(stream, '/hold')), ...odd(from).map((stream) => reset(stream, CODE.cancel)))
    client.send(request(401, '/page-1'))
    assert.deepEqual((await client.answered(401)).statuses, [200])
  })

  test('who opens a window octet by octet is told to be calm (CVE-2019-9511)', async () => {
    const client = await open({ settings: [[SETTING.window, 0]] })
    client.send(request(1, '/page-60000'))
    assert.ok(await client.until(() => client.stream(1).statuses.length > 0))
    // One by one: each is a frame of a body.
    for (let i = 0; i < 5000 && !client.closed; i++) {
      const before = client.frames.length
      client.send(windowUpdate(1, 1))
      await client.until(() => client.frames.length > before)
    }
    assert.ok(await client.untilClosed())
    assert.equal(client.goaway, CODE.calm)
  })

  test('who opens no window, and asks for much on many streams, costs no more memory than a connection may', async () => {
    const resident = (): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${gateway.pid}/status`, 'utf8'))![1]) / 1024
    const before = resident()
    const client = await open({ settings: [[SETTING.window, 0]] })
    client.send(windowUpdate(0, 2 ** 30), ...Array.from({ length: 40 }, (_, i) => request(1 + 2 * i, '/page-20000000')))
    assert.ok(await client.until(() => client.count(TYPE.headers) === 40))
    // All of it would be 800 MB, and is there at once where nobody holds it back.
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setTimeout(resolve, 50))
      assert.ok(resident() - before < 150, `${resident() - before} MB`)
    }
    client.destroy()
  })

  test('settings that are not acknowledged in time end the connection (RFC 9113 6.5.3)', async () => {
    const client = await open({ greeting: Buffer.concat([PREFACE, settings()]) })
    client.send(request(1, '/hold'))
    assert.ok(await client.untilClosed())
    assert.equal(client.goaway, CODE.settingsTimeout)
  })

  test('a block of fields that does not end in the time of a head ends the connection, whatever else is under way', async () => {
    const client = await open()
    client.send(request(1, '/hold'), headers(3, block([[':method', 'GET']]), FLAG.endStream))
    assert.ok(await client.untilClosed())
    assert.equal(client.goaway, CODE.calm)
  })

  test('at the end, what is asked for before a client can know is served, and nothing that it asks for later (RFC 9113 6.8)', async () => {
    held.length = 0
    const client = await open()
    client.send(request(1, '/hold'))
    while (held.length === 0) await new Promise((resolve) => setImmediate(resolve))
    const stopped = gateway.stop()
    const goaways = (): number[] => client.frames.filter(({ type }) => type === TYPE.goaway).map(({ payload }) => payload.readUInt32BE(0))
    const asked = () => client.frames.find(({ type, flags }) => type === TYPE.ping && flags === 0)
    assert.ok(await client.until(() => asked() !== undefined))
    assert.deepEqual(goaways(), [2 ** 31 - 1])
    client.send(request(3, '/page-7'), ping(asked()!.payload.toString('latin1'), FLAG.ack), request(5, '/page-7'))
    assert.equal((await client.answered(3)).body.length, 7)
    assert.ok(await client.until(() => goaways().length === 2))
    assert.deepEqual(goaways(), [2 ** 31 - 1, 3])
    held[0]!.end('held')
    assert.equal((await client.answered(1)).body.toString(), 'held')
    assert.ok(await client.untilClosed())
    assert.deepEqual(client.stream(5), { statuses: [], body: Buffer.alloc(0), ended: false, reset: undefined })
    await stopped
    assert.doesNotMatch(gateway.log(), /gateway thread \d/)
  })
})
