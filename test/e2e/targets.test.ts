// Targets are drained, undrained, added and taken away twenty times under load: no request fails, and none goes to a target once it is drained.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, afterEach, before, beforeEach, describe, test } from 'node:test'
import { setTimeout as after_ } from 'node:timers/promises'
import { parse, stringify } from 'yaml'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { LoadConnection, metric } from '../support/load-client.ts'
import { type SwiftUpstream, startSwiftUpstream } from '../support/swift-upstream.ts'

const ROUNDS = 20
const CONNECTIONS = 8
const REQUEST = 'GET /a HTTP/1.1\r\nHost: a\r\n\r\n'

interface Listed {
  readonly items: readonly { readonly target: string; readonly draining: boolean; readonly up?: boolean; readonly inFlight: number }[]
}

describe('targets of a running gateway', () => {
  let upstreams: readonly SwiftUpstream[] = []
  let gateway: RunningGateway

  before(async () => {
    upstreams = await Promise.all(['one', 'two', 'three', 'four'].map((name) => startSwiftUpstream({ response: answerOf(name) })))
  })
  after(() => Promise.all(upstreams.map((each) => each.stop())))
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-targets-'))
  })
  afterEach(async () => {
    await gateway?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const answerOf = (name: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`
  const address = (i: number): string => `http://127.0.0.1:${upstreams[i]!.port}`
  const start = async (balance: object | string, more: object = {}, targets = [0, 1, 2].map(address)): Promise<void> => {
    gateway = await startGateway({ apis: { shop: { path: '/', public: true, upstream: { targets, balance }, ...more } } }, { threads: 2, folder })
  }
  async function act(what: string, target?: string, more: object = {}): Promise<Listed & { readonly status: number; readonly code?: string }> {
    const token = readFileSync(join(dirname(gateway.configFile), 'data', 'admin-token'), 'utf8').trim()
    const answer = await fetch(`http://127.0.0.1:${gateway.controlPort}/api/v1/apis/shop/targets${what}`, {
      method: target === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(target !== undefined && { body: JSON.stringify({ target, ...more }) }),
    })
    return { status: answer.status, ...((await answer.json()) as Listed) }
  }
  /** As many as the load client has asked for, whole, by who answered. */
  function load(): { readonly counts: ReadonlyMap<string, number>; stop(): Promise<number> } {
    const counts = new Map<string, number>()
    let stopped = false
    const lane = async (): Promise<void> => {
      const connection = new LoadConnection(gateway.port)
      while (!stopped) {
        for (const answer of await Promise.all([connection.ask(REQUEST), connection.ask(REQUEST)])) {
          assert.equal(answer?.status, 200, `a request failed: ${answer?.status} ${answer?.body}\n${gateway.log()}`)
          counts.set(answer.body, (counts.get(answer.body) ?? 0) + 1)
        }
        await after_(2)
      }
      await connection.close()
      assert.equal(connection.fault, undefined)
    }
    const lanes = Promise.all(Array.from({ length: CONNECTIONS }, lane))
    return {
      counts,
      async stop() {
        stopped = true
        await lanes
        return [...counts.values()].reduce((sum, count) => sum + count, 0)
      },
    }
  }
  async function published(targets: readonly string[]): Promise<void> {
    const file = parse(readFileSync(gateway.configFile, 'utf8')) as { apis: { shop: { upstream: { targets: readonly string[] } } } }
    const generation = metric(await gateway.metrics(), 'gatehouse_publishes_total')
    file.apis.shop.upstream.targets = targets
    writeFileSync(`${gateway.configFile}.new`, stringify(file), { mode: 0o600 })
    renameSync(`${gateway.configFile}.new`, gateway.configFile)
    while (metric(await gateway.metrics(), 'gatehouse_publishes_total') === generation) await after_(10)
  }
  const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
    while (!(await holds())) await after_(5)
  }

  for (const balance of ['round-robin', 'least-requests', 'power-of-two', { 'consistent-hash': { by: 'header:x-none' } }])
    test(`${JSON.stringify(balance)}: drained and undrained ${ROUNDS} times`, async (t) => {
      await start(balance)
      const under = load()
      let slowestMs = 0
      await until(() => under.counts.size > 0)
      for (let round = 0; round < ROUNDS; round++) {
        const i = round % 3
        const began = performance.now()
        const drained = await act('/drain', address(i))
        slowestMs = Math.max(slowestMs, performance.now() - began)
        assert.equal(drained.status, 200, JSON.stringify(drained))
        assert.deepEqual(
          drained.items.filter(({ draining }) => draining).map(({ target }) => target),
          [address(i)],
        )
        // What was on its way when it was drained has arrived by then.
        await after_(20)
        const before = upstreams[i]!.answered
        const others = (): number => upstreams.reduce((sum, each) => sum + each.answered, 0)
        const seen = others()
        await until(() => others() > seen + 20)
        assert.equal(upstreams[i]!.answered, before, 'a request went to a target that is drained')
        assert.equal((await act('/undrain', address(i))).status, 200)
      }
      t.diagnostic(`${await under.stop()} requests, none failed; the slowest drain was live on both threads after ${Math.round(slowestMs)} ms`)
      const items = (await act('')).items
      assert.deepEqual(
        items.map(({ target, draining, up, inFlight }) => [target, draining, up, inFlight]),
        [0, 1, 2].map((i) => [address(i), false, true, 0]),
      )
    })

  test(`added and taken away ${ROUNDS} times`, async (t) => {
    await start('round-robin')
    const under = load()
    for (let round = 0; round < ROUNDS; round++) {
      const isLarger = round % 2 === 0
      await published((isLarger ? [0, 1, 2, 3] : [0, 1, 2]).map(address))
      await after_(20)
      const before = upstreams[3]!.answered
      const seen = upstreams[0]!.answered
      await until(() => upstreams[0]!.answered > seen + 10)
      if (isLarger) assert.ok(upstreams[3]!.answered > before, 'what was added is used')
      else assert.equal(upstreams[3]!.answered, before, 'what was taken away is used no more')
    }
    t.diagnostic(`${await under.stop()} requests, none failed`)
  })

  test('what is drained stays drained when another configuration is published; the last target only when that is meant', async () => {
    await start('round-robin')
    assert.equal((await act('/drain', address(0))).status, 200)
    await published([0, 1].map(address))
    const connection = new LoadConnection(gateway.port)
    for (let i = 0; i < 20; i++) assert.equal((await connection.ask(REQUEST))?.body, 'two')
    const refused = await act('/drain', address(1))
    assert.deepEqual([refused.status, refused.code], [409, 'targets.last'])
    assert.equal((await act('/drain', address(1), { last: true })).status, 200)
    const none = await connection.ask(REQUEST)
    assert.equal(none?.status, 503)
    assert.match(none.body, /"upstream\.unavailable"/)
    const page = await gateway.metrics()
    for (const i of [0, 1]) {
      assert.equal(metric(page, `gatehouse_upstream_target_draining{api="shop",target="${address(i)}"}`), 1)
      assert.equal(metric(page, `gatehouse_upstream_target_up{api="shop",target="${address(i)}"}`), 0)
    }
    assert.equal((await act('/undrain', address(0))).status, 200)
    assert.equal((await connection.ask(REQUEST))?.body, 'one')
    await connection.close()
  })

  test('what is drained stays drained over a restart, from the first request on', async () => {
    await start('round-robin')
    assert.equal((await act('/drain', address(0))).status, 200)
    await gateway.stop()
    gateway = await startGateway(gateway.configFile, { folder })
    const { listen } = (parse(readFileSync(gateway.configFile, 'utf8')) as { gateway: { listen: readonly string[] } }).gateway
    const port = Number(new URL(listen[0]!).port)
    const connection = new LoadConnection(port)
    for (let i = 0; i < 20; i++) assert.notEqual((await connection.ask(REQUEST))?.body, 'one')
    await connection.close()
  })

  test('an open WebSocket stays at a drained target for the time that is said, and is then told to go', async () => {
    const server = createServer((socket) => {
      socket.once('data', (data) => {
        const key = /sec-websocket-key: (.*)\r\n/i.exec(data.toString('latin1'))![1]!
        const proof = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
        socket.write(`HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${proof}\r\n\r\n`)
      })
      socket.on('error', () => {})
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await start('round-robin', { websocket: { origins: 'any' } }, [own, address(0)])
    assert.equal((await act('/drain', address(0))).status, 200)
    const open = async (): Promise<Socket> => {
      const socket = connect(gateway.port, '127.0.0.1')
      socket.write(
        'GET /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      )
      const [data] = (await once(socket, 'data')) as [Buffer]
      assert.match(data.toString('latin1'), /^HTTP\/1\.1 101 /)
      return socket
    }
    const socket = await open()
    assert.equal((await act('/undrain', address(0))).status, 200)
    assert.equal((await act('/drain', own, { streams: '1h' })).status, 200)
    const listed = (await act('')).items.find(({ target }) => target === own)
    assert.deepEqual([listed?.draining, listed?.inFlight], [true, 1])
    const told = once(socket, 'data') as Promise<[Buffer]>
    assert.equal((await act('/drain', own, { streams: '0s' })).status, 200)
    const [frame] = await told
    // RFC 6455 5.5.1 and 7.4.1: Close, 1001 "going away".
    assert.deepEqual([frame[0], frame.readUInt16BE(2)], [0x88, 1001])
    socket.destroy()
    await until(async () => (await act('')).items.every(({ inFlight }) => inFlight === 0))
    server.close()
  })
})
