// A limit is exact though two threads count it: over many runs, over many connections, and while the table of counters is flooded.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type RunningGateway, startGateway } from '../support/gateway.ts'
import { fieldOf, type LoadConnection, metric, openConnections } from '../support/load-client.ts'
import { type SwiftUpstream, startSwiftUpstream } from '../support/swift-upstream.ts'

const LIMIT = 1000
const RUNS = 50
const CONNECTIONS = 64
const ASKED_EACH = 19
const PASSED_AND_REFUSED = { 200: LIMIT, 429: CONNECTIONS * ASKED_EACH - LIMIT }
const FLOOD_CONNECTIONS = 4
/** Requests under way on each connection of the flood. */
const FLOOD_DEPTH = 64
/** More than the table has places. */
const FLOOD_MAX = 400_000

describe('a limit of 1,000, two threads, 64 connections', () => {
  let upstream: SwiftUpstream
  let gateway: RunningGateway

  before(async () => {
    upstream = await startSwiftUpstream()
    // A day: no run is cut by the end of its window.
    const limited = { limit: LIMIT, window: '1d', by: 'header:X-Run', algorithm: 'fixed-window' }
    gateway = await startGateway(
      { apis: { counted: { path: '/', upstream: `http://127.0.0.1:${upstream.port}`, public: true, policies: { 'rate-limit': limited } } } },
      { threads: 2 },
    )
  })
  after(async () => {
    await gateway?.stop()
    await upstream?.stop()
  })

  const request = (run: string): string => `GET / HTTP/1.1\r\nHost: a\r\nX-Run: ${run}\r\n\r\n`

  /** How many answers of each status there were; 0 counts requests that got none. */
  async function ask(connections: readonly LoadConnection[], run: string, each: number): Promise<Record<number, number>> {
    const text = request(run)
    const answers = await Promise.all(connections.flatMap((connection) => Array.from({ length: each }, () => connection.ask(text))))
    const counts: Record<number, number> = {}
    for (const answer of answers) {
      const status = answer?.status ?? 0
      counts[status] = (counts[status] ?? 0) + 1
      if (answer?.status === 429) assert.ok(fieldOf(answer, 'retry-after'), 'a refusal without Retry-After')
    }
    return counts
  }

  /** One run over connections of its own: which thread gets a new connection is the system's choice. */
  async function run(name: string): Promise<Record<number, number>> {
    const connections = await openConnections(gateway.port, CONNECTIONS)
    const counts = await ask(connections, name, ASKED_EACH)
    for (const connection of connections) {
      assert.equal(connection.fault, undefined)
      connection.socket.destroy()
    }
    return counts
  }

  /** Sends requests with ever new names until told to stop; answers how many of each status came back. */
  function flood(name: string, most: number): { readonly counts: Record<number, number>; stop(): Promise<void> } {
    const counts: Record<number, number> = {}
    let sent = 0
    let stopped = false
    const connections = openConnections(gateway.port, FLOOD_CONNECTIONS)
    const lane = async (connection: LoadConnection): Promise<void> => {
      while (!stopped && sent < most) {
        const answer = await connection.ask(request(`${name}-${sent++}`))
        const status = answer?.status ?? 0
        counts[status] = (counts[status] ?? 0) + 1
      }
    }
    const over = connections.then((all) => Promise.all(all.flatMap((connection) => Array.from({ length: FLOOD_DEPTH }, () => lane(connection)))))
    return {
      counts,
      async stop() {
        stopped = true
        await over
        for (const connection of await connections) connection.socket.destroy()
      },
    }
  }

  test('exactly 1,000 pass in each of 50 runs, and each thread serves at least 30 % of all', async (t) => {
    for (let i = 0; i < RUNS; i++) {
      const before = upstream.answered
      assert.deepEqual(await run(`plain-${i}`), PASSED_AND_REFUSED, `run ${i}`)
      assert.equal(upstream.answered - before, LIMIT)
    }
    const page = await gateway.metrics()
    const total = RUNS * CONNECTIONS * ASKED_EACH
    assert.equal(metric(page, 'gatehouse_thread_requests_total'), total)
    const shares = ['0', '1'].map((thread) => metric(page, 'gatehouse_thread_requests_total', `thread="${thread}"`) / total)
    t.diagnostic(`shares of the threads: ${shares.join(' ')}`)
    assert.ok(Math.min(...shares) >= 0.3, `shares of the threads: ${shares.join(' ')}`)
    assert.equal(metric(page, 'gatehouse_refusals_total', 'code="rate-limit.exceeded"'), total - RUNS * LIMIT)
  })

  test('exactly 1,000 pass while other names flood the table', async () => {
    const other = flood('beside', FLOOD_MAX / 4)
    // As many runs as it takes for the flood to have been one: how fast the two are is the machine's business.
    for (let i = 0; i < 10 || (i < 200 && (other.counts[200] ?? 0) <= 1000); i++) assert.deepEqual(await run(`flooded-${i}`), PASSED_AND_REFUSED, `run ${i}`)
    await other.stop()
    assert.ok(other.counts[200]! > 1000, `the flood brought only ${other.counts[200]} names`)
    assert.deepEqual(Object.keys(other.counts), ['200'])
  })

  test('a counter keeps its count when the table is full, and nobody new is let through uncounted', async () => {
    const connections = await openConnections(gateway.port, CONNECTIONS)
    assert.deepEqual(await ask(connections, 'known', 10), { 200: 640 })
    const all = flood('filling', FLOOD_MAX)
    while ((all.counts[503] ?? 0) < 1000) {
      await connections[0]!.ask(request('pace'))
      assert.ok((all.counts[200] ?? 0) < FLOOD_MAX - FLOOD_CONNECTIONS * FLOOD_DEPTH, 'the table never filled')
    }
    const [known] = await Promise.all([ask(connections, 'known', 10), all.stop()])
    assert.deepEqual(known, { 200: LIMIT - 640, 429: 640 - (LIMIT - 640) })
    assert.deepEqual(Object.keys(all.counts), ['200', '503'])
    const page = await gateway.metrics()
    assert.ok(metric(page, 'gatehouse_counters_refused_total') >= 1000)
    assert.ok(metric(page, 'gatehouse_counters_used') <= metric(page, 'gatehouse_counters_entries'))
    for (const connection of connections) connection.socket.destroy()
  })
})
