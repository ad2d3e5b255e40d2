// Runs the real program before upstreams that fail in every way, one cell after the other, and counts what its clients see.
import { setTimeout as after } from 'node:timers/promises'
import { startDnsServer } from './dns-server.ts'
import { FAULTS, type FaultyUpstream, startFaultyUpstream } from './faulty-upstream.ts'
import { type RunningGateway, startGateway } from './gateway.ts'
import { LoadConnection, metric, openConnections } from './load-client.ts'

export const CELL_FAULTS = [...FAULTS.filter((fault) => fault !== 'none'), 'DNS gone', 'DNS changed'] as const
export type CellFault = (typeof CELL_FAULTS)[number]

/** What came of one fault with so many targets, of which one had it. */
export interface Cell {
  readonly fault: CellFault
  readonly targets: number
  readonly requests: number
  /** Answers of 500 or more, and none, in the first second. */
  readonly failedFirst: number
  /** The same afterwards, and of how many. */
  readonly failedLater: number
  readonly requestsLater: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** Requests that the upstreams got in all. */
  readonly asked: number
  readonly retries: number
  readonly seconds: number
}

export const BUDGET_PERCENT = 20
export const BUDGET_PER_SECOND = 3
const CLIENTS = 16
/** Each client waits so long between two requests: a load that one core carries beside all else. */
const THINK_MS = 4
const FIRST_MS = 1000
const NAME = 'target.example'

export async function runCell(fault: CellFault, targets: number, seconds: number): Promise<Cell> {
  const dns = fault.startsWith('DNS') ? await startDnsServer() : undefined
  const upstreams: FaultyUpstream[] = []
  for (let i = 0; i < targets; i++) upstreams.push(await startFaultyUpstream())
  const [broken] = upstreams as [FaultyUpstream]
  dns?.records.set(NAME, [{ type: 'A', address: '127.0.0.1' }])
  const urls = upstreams.map(({ port }, i) => `http://${dns && i === 0 ? NAME : '127.0.0.1'}:${port}`)
  const gateway = await startGateway({
    ...(dns && { gateway: { dns: { servers: [dns.address] } } }),
    apis: {
      one: {
        path: '/',
        public: true,
        upstream: {
          ...(targets === 1 ? { url: urls[0] } : { targets: urls }),
          timeouts: { connect: '500ms', head: '1s' },
          retries: {
            ...{ attempts: 2, on: ['connect', 'reset', 'timeout', 502, 503, 504], backOff: '20ms' },
            ...{ budget: `${BUDGET_PERCENT}%`, budgetPerSecond: BUDGET_PER_SECOND },
          },
          ...(targets > 1 && { health: { passive: { eject: '30s' } } }),
        },
      },
    },
  })
  let moved: FaultyUpstream | undefined
  try {
    await load(gateway, 300, [])
    const askedBefore = sum(upstreams)
    if (fault === 'DNS gone') dns!.mode = 2
    else if (fault === 'DNS changed') {
      moved = await startFaultyUpstream('127.0.0.2', broken.port)
      dns!.records.set(NAME, [{ type: 'A', address: '127.0.0.2' }])
      await broken.fail('refused')
    } else await broken.fail(fault)
    const seen: Seen[] = []
    await load(gateway, seconds * 1000, seen)
    const asked = sum(upstreams) - askedBefore + (moved?.asked ?? 0)
    const later = seen.filter(({ atMs }) => atMs >= FIRST_MS)
    const times = seen.map(({ tookMs }) => tookMs).sort((a, b) => a - b)
    return {
      ...{ fault, targets, seconds, asked, requests: seen.length, requestsLater: later.length },
      failedFirst: seen.filter(({ atMs, failed }) => failed && atMs < FIRST_MS).length,
      failedLater: later.filter(({ failed }) => failed).length,
      p50Ms: times[Math.floor(times.length * 0.5)] ?? 0,
      p99Ms: times[Math.floor(times.length * 0.99)] ?? 0,
      retries: metric(await gateway.metrics(), 'gatehouse_upstream_retries_total'),
    }
  } finally {
    await gateway.stop()
    for (const upstream of [...upstreams, ...(moved ? [moved] : [])]) await upstream.stop()
    await dns?.stop()
  }
}

interface Seen {
  /** When it began, after the fault did. */
  readonly atMs: number
  readonly tookMs: number
  readonly failed: boolean
}

async function load({ port }: RunningGateway, durationMs: number, seen: Seen[]): Promise<void> {
  const startMs = performance.now()
  await Promise.all(
    (await openConnections(port, CLIENTS)).map(async (first) => {
      let connection = first
      while (performance.now() - startMs < durationMs) {
        if (connection.socket.destroyed || connection.socket.readableEnded) connection = new LoadConnection(port)
        const atMs = performance.now() - startMs
        const answer = await connection.ask('GET /thing HTTP/1.1\r\nHost: a\r\n\r\n')
        seen.push({ atMs, tookMs: performance.now() - startMs - atMs, failed: answer === undefined || answer.status >= 500 })
        await after(THINK_MS)
      }
      connection.socket.destroy()
    }),
  )
}

const sum = (upstreams: readonly FaultyUpstream[]): number => upstreams.reduce((total, { asked }) => total + asked, 0)

/** The table that people read. */
export function tableOf(cells: readonly Cell[]): string {
  const rows = cells.map(({ fault, targets, requests, failedFirst, failedLater, requestsLater, p50Ms, p99Ms, asked, retries }) =>
    [
      ...[fault, targets, requests, failedFirst, `${failedLater} (${((100 * failedLater) / Math.max(1, requestsLater)).toFixed(2)} %)`],
      ...[p50Ms.toFixed(1), p99Ms.toFixed(1), retries, (asked / requests).toFixed(2)],
    ].join(' | '),
  )
  const head = ['fault of one target', 'targets', 'requests', 'failed in the first second', 'failed later', 'p50 ms', 'p99 ms', 'retries', 'upstream load']
  return [head.join(' | '), head.map(() => '---').join(' | '), ...rows].map((row) => `| ${row} |`).join('\n')
}
