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
/** More than the table has places, so that newcomers find none. */
const FLOOD_MAX = 400_000

describe('a limit of 1,000, two threads, 64 connections', () => {
  let upstream: SwiftUpstream
  let gateway: RunningGateway
  let flooded = 0

  before(async () => {
    upstream = await startSwiftUpstream()
    const limited = { limit: LIMIT, window: '1d', by: 'header:X-Run', algorithm: 'fixed-window' }
    gateway = await startGateway(
      { apis: { counted: { path: '/', upstream: `http://127.0.0.1:${upstream.port}`, public: true, policies: { 'rate-limit': limited } } } },
      { threads: 2 },
    )
  })
  after(async () => {
    await gateway.stop()
    await upstream.stop()
  })

  const request = (run: string): string => `GET / HTTP/1.1\r\nHost: a\r\nX-Run: ${run}\r\n\r\n`
  /** How many answers of each status a run got. */
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
  async function runs(count: number, name: string): Promise<void> {
    for (let run = 0; run < count; run++) {
      // New connections each time: which thread gets one is the system's choice.
      const connections = await openConnections(gateway.port, CONNECTIONS)
      const reached = upstream.answered
      assert.deepEqual(await ask(connections, `${name}-${run}`, ASKED_EACH), { 200: LIMIT, 429: CONNECTIONS * ASKED_EACH - LIMIT }, `${name} ${run}`)
      assert.equal(upstream.answered - reached - (flooding ? flooded : 0), LIMIT - (flooding ? flooded : 0))
      for (const connection of connections) connection.socket.destroy()
      for (const connection of connections) assert.equal(connection.fault, undefined)
    }
  }
  let flooding = false
})
