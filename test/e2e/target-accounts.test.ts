// Whatever becomes of a request, its target is told once how it went, and nothing stays under way that is over.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { after, before, beforeEach, describe, test } from 'node:test'
import { setTimeout as after_ } from 'node:timers/promises'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { metric } from '../support/load-client.ts'
import { freePorts } from '../support/running-program.ts'

const OUTCOMES = ['ok', 'error', 'failed', 'timeout', 'abandoned'] as const
type Counts = Partial<Record<(typeof OUTCOMES)[number], number>>

describe('what targets are told', () => {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (data) => void answer(socket, / \/(\S*) /.exec(data.toString('latin1'))![1]!))
  })
  let gateway: RunningGateway
  let own = ''
  let before_: Counts = {}

  async function answer(socket: Socket, how: string): Promise<void> {
    const text = {
      good: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
      'not-found': 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n',
      broken: 'HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n',
      unavailable: 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n',
      nonsense: 'what?\r\n\r\n',
      short: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok',
      tunnel: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      events: 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n6\r\ndata: \r\n',
      half: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nok',
    }[how]
    if (text !== undefined) socket.write(text)
    if (how === 'gone' || how === 'short') socket.end()
    if (how === 'reset') socket.resetAndDestroy()
  }

  before(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const [closed] = (await freePorts(1)) as [number]
    own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const upstream = (targets: readonly unknown[]) => ({
      targets,
      timeouts: { head: '500ms', connect: '1s', idle: '500ms' },
      retries: false,
      health: { passive: false },
    })
    gateway = await startGateway({
      apis: {
        shop: { path: '/', public: true, upstream: upstream([own, { url: 'http://192.0.2.1', weight: 0 }]) },
        closed: { path: '/closed', public: true, upstream: upstream([`http://127.0.0.1:${closed}`, { url: 'http://192.0.2.1', weight: 0 }]) },
      },
    })
  })
  after(async () => {
    await gateway?.stop()
    server.close()
  })
  const counts = async (api: string): Promise<Counts> => {
    const page = await gateway.metrics()
    const of = OUTCOMES.map((outcome) => [outcome, metric(page, 'gatehouse_upstream_target_requests_total', `api="${api}"`, `outcome="${outcome}"`)] as const)
    return Object.fromEntries(of.filter(([, count]) => count > 0))
  }
  const inFlight = async (): Promise<number> => metric(await gateway.metrics(), 'gatehouse_upstream_target_in_flight')
  beforeEach(async () => {
    before_ = await counts('shop')
  })
  /** Sends a request, and answers with the status; or leaves when it is under way. */
  async function sent(path: string, { leaves = false, lines = '' } = {}): Promise<string> {
    const socket = connect(gateway.port, '127.0.0.1')
    socket.on('error', () => {})
    socket.write(`GET /${path} HTTP/1.1\r\nHost: a\r\n${leaves ? '' : 'Connection: close\r\n'}${lines}\r\n`)
    let text = ''
    socket.on('data', (data) => (text += data.toString('latin1')))
    const closed = once(socket, 'close')
    if (leaves) {
      while ((await inFlight()) === 0) await after_(5)
      // Who only ends its side is still answered.
      socket.resetAndDestroy()
    }
    await closed
    while ((await inFlight()) > 0) await after_(5)
    return text.slice(9, 12)
  }
  /** What was counted since the test began. */
  async function told(): Promise<Counts> {
    const now = await counts('shop')
    return Object.fromEntries(OUTCOMES.map((outcome) => [outcome, (now[outcome] ?? 0) - (before_[outcome] ?? 0)] as const).filter(([, count]) => count !== 0))
  }

  let ran = 0
  for (const [path, status, outcome] of [
    ['good', '200', 'ok'],
    ['not-found', '404', 'ok'],
    ['broken', '500', 'error'],
    ['unavailable', '503', 'error'],
    ['nonsense', '502', 'failed'],
    ['short', '200', 'failed'],
    ['gone', '502', 'failed'],
    ['reset', '502', 'failed'],
    ['tunnel', '502', 'failed'],
    ['silent', '504', 'timeout'],
    ['half', '200', 'timeout'],
  ] as const)
    test(`${path}: ${outcome}`, async () => {
      assert.equal(await sent(path), status)
      assert.deepEqual(await told(), { [outcome]: 1 })
      ran++
    })
  test('each of these ran', () => assert.equal(ran, 11))

  test('a client that leaves before an answer says nothing of its target; one that leaves a stream of events found it well', async () => {
    await sent('silent', { leaves: true })
    assert.deepEqual(await told(), { abandoned: 1 })
    await sent('events', { leaves: true })
    assert.deepEqual(await told(), { abandoned: 1, ok: 1 })
  })

  test('a target that does not listen failed', async () => {
    assert.equal(await sent('closed/x'), '502')
    assert.deepEqual(await counts('closed'), { failed: 1 })
  })
})
