// Publishing 10,000 routes: how long from the edit to the answer, and for how long any thread stood still.

import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { tail } from '../children.ts'
import { type Bench, newFolder } from '../contenders.ts'
import { ask, freePort, keepAliveAgent } from '../http-client.ts'
import { byThread, readMetrics, type Sample } from '../metrics.ts'
import { openapiDocument, templatesOf10000 } from '../openapi-document.ts'
import { type Addresses, startGatehouse } from '../proxies/gatehouse.ts'
import type { Running } from '../proxy-server.ts'
import type { CaseResult, Figure, Verdict } from '../results.ts'
import { summarize } from '../statistics.ts'
import type { Case } from './case.ts'

type Publish = {
  /** From the rename of the file to live on all threads, as the gateway tells. */
  readonly seconds: number
  /** The longest slice of work on any gateway thread, as the gateway tells. */
  readonly stallMs: number
  /** From the rename to the first answer of the new version, as a client sees it. */
  readonly seenSeconds: number
  /** The slowest answer that a client got meanwhile, asking all the time. Contains what the operating system gave to others. */
  readonly slowestMs: number
}

const name = 'routes-10000'
const says = 'a document of 10,000 routes replaced in a running Gatehouse'
const secondsGoal = 1
const stallGoalMs = 5
const liveWithinMs = 30_000

/** Gatehouse alone: nginx and haproxy publish by new processes, which is another thing. */
export const publish: Case = {
  name,
  says,
  async run(bench): Promise<CaseResult> {
    const result = { name, says, against: '', rows: [], figures: [], absent: [] }
    const absent = bench.proxies.find((proxy) => proxy.name === 'gatehouse') === undefined
    if (absent) return { ...result, absent: [{ proxy: 'gatehouse', reason: 'not among the proxies asked for', failed: false }] }
    const folder = newFolder(name)
    let running: Running | null = null
    try {
      const addresses = { listen: `127.0.0.1:${await freePort()}`, control: `127.0.0.1:${await freePort()}` }
      const threads = Math.min(2, bench.cores.all?.length ?? 1)
      write(folder, 0, bench, addresses, threads)
      const begun = performance.now()
      const place = { upstream: bench.upstream, folder, cores: bench.cores.all, threads }
      running = await startGatehouse(bench.options.gatehouse, join(folder, 'gatehouse.yaml'), place, addresses, null)
      const startSeconds = (performance.now() - begun) / 1000
      const publishes: Publish[] = []
      for (let version = 1; version <= bench.options.rounds; version++) {
        bench.say(`publish ${version} of ${bench.options.rounds}`)
        publishes.push(await publishOnce(running, version, () => write(folder, version, bench, addresses, threads)))
      }
      return { ...result, figures: figuresOf(startSeconds, publishes) }
    } catch (fault) {
      const log = running === null ? '' : `\n${tail(running.child.logFile)}`
      return { ...result, absent: [{ proxy: 'gatehouse', reason: `${(fault as Error).message}${log}`, failed: true }] }
    } finally {
      await running?.child.stop()
    }
  },
}

/** A new document beside the old one, then the file that names it by rename: what a careful deployment does. */
function write(folder: string, version: number, bench: Bench, addresses: Addresses, threads: number): void {
  const document = `routes-${version}.openapi.json`
  const file = join(folder, 'gatehouse.yaml')
  writeFileSync(join(folder, document), openapiDocument(templatesOf10000(String(version))), { mode: 0o600 })
  const configuration = {
    gatehouse: 1,
    gateway: { listen: [`http://${addresses.listen}`], threads, accessLog: 'off' },
    control: { listen: `http://${addresses.control}` },
    apis: { table: { path: '/table', openapi: `./${document}`, upstream: `http://${bench.upstream}`, public: true } },
  }
  writeFileSync(`${file}.new`, JSON.stringify(configuration, null, 2), { mode: 0o600 })
  renameSync(`${file}.new`, file)
}

async function publishOnce(running: Running, version: number, edit: () => void): Promise<Publish> {
  const before = publishSeconds(await readMetrics(running.control!))
  const agent = keepAliveAgent()
  try {
    edit()
    const edited = performance.now()
    let slowestMs = 0
    for (;;) {
      const asked = performance.now()
      const { status } = await ask(`${running.origin}/table/mark-${version}`, { agent })
      const now = performance.now()
      slowestMs = Math.max(slowestMs, now - asked)
      if (status === 200) break
      if (status !== 404) throw new Error(`during a publish a request got ${status}`)
      if (now - edited > liveWithinMs) throw new Error(`version ${version} was not live within ${liveWithinMs / 1000} s`)
    }
    const seenSeconds = (performance.now() - edited) / 1000
    const metrics = await metricsAfterPublish(running.control!, before)
    const stalls = byThread(metrics, 'gatehouse_publish_stall_seconds')
    if (stalls.size === 0) throw new Error('the metrics have no gatehouse_publish_stall_seconds')
    return { seconds: publishSeconds(metrics), stallMs: Math.max(...stalls.values()) * 1000, seenSeconds, slowestMs }
  } finally {
    agent.destroy()
  }
}

/** The other thread may be live a little later, and the gauge is set when all are: it changes then, seconds being fractions that do not repeat. */
async function metricsAfterPublish(control: string, before: number): Promise<Sample[]> {
  const last = performance.now() + 5000
  for (;;) {
    const metrics = await readMetrics(control)
    if (publishSeconds(metrics) !== before) return metrics
    if (performance.now() > last) throw new Error('gatehouse_publish_seconds did not change after a publish')
    await delay(10)
  }
}

function publishSeconds(metrics: readonly Sample[]): number {
  return metrics.find((sample) => sample.name === 'gatehouse_publish_seconds')?.value ?? Number.NaN
}

function figuresOf(startSeconds: number, publishes: readonly Publish[]): Figure[] {
  const figure = (label: string, unit: string, samples: readonly number[], verdict: Verdict | null = null) => ({
    name: label,
    unit,
    summary: summarize(samples),
    samples,
    verdict,
  })
  const seconds = publishes.map((one) => one.seconds)
  const stalls = publishes.map((one) => one.stallMs)
  return [
    figure('publish, edit to live on all threads', 's', seconds, { goal: `under ${secondsGoal} s each time`, met: Math.max(...seconds) < secondsGoal }),
    figure('longest stall of a gateway thread', 'ms', stalls, { goal: `at most ${stallGoalMs} ms each time`, met: Math.max(...stalls) <= stallGoalMs }),
    figure(
      'publish as a client sees it',
      's',
      publishes.map((one) => one.seenSeconds),
    ),
    figure(
      'slowest answer meanwhile',
      'ms',
      publishes.map((one) => one.slowestMs),
    ),
    figure('start with 10,000 routes', 's', [startSeconds]),
  ]
}
