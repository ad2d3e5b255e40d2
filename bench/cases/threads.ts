// Two threads against one: what a request costs more when it is shared out, and how evenly it is.

import { type Bench, startChecked } from '../contenders.ts'
import { byThread, readMetrics } from '../metrics.ts'
import type { Absence, Figure } from '../results.ts'
import { type Contender, measureRounds } from '../rounds.ts'
import { summarize } from '../statistics.ts'
import type { Work } from '../work.ts'
import type { Case } from './case.ts'

/** More than in the other cases: the kernel deals connections out by a hash, which is even only in the large. */
const connections = 256
const costGoal = 1.1
const shareGoal = 40

const work: Work = {
  routes: [{ prefix: '/shop', templates: null }],
  deny: [],
  keys: [],
  limit: null,
  log: false,
  calls: [{ method: 'GET', prefix: '/shop', path: '/books/42', key: null, body: null }],
}

const name = 'threads'
const says = `plain GET with two threads against one, ${connections} connections; proxy, load and upstream share all cores`

/** Gatehouse with one and two threads and, to tell what the machine does from what we do, nginx with one and two workers. */
export const threads: Case = {
  name,
  says,
  async run(bench) {
    if (bench.cores.all !== null && bench.cores.all.length < 2) {
      return { name, says, against: 'one thread', rows: [], figures: [], absent: [{ proxy: 'all', reason: 'this machine has one core', failed: false }] }
    }
    const { contenders, absent } = await startAll(bench)
    const shares: number[] = []
    const { rounds, seconds } = bench.options
    const { rows, failed } = await measureRounds(contenders, {
      rounds,
      seconds,
      calls: work.calls,
      connections,
      wrkThreads: 2,
      loadCores: bench.cores.all,
      say: bench.say,
      async around({ running, label }, load) {
        if (running.control === null || !label.endsWith('x 2')) return load()
        const before = byThread(await readMetrics(running.control), requestsOfThread)
        await load()
        shares.push(smallestShare(before, byThread(await readMetrics(running.control), requestsOfThread)))
      },
    })
    await Promise.all(contenders.map(({ running }) => running.child.stop()))
    return { name, says, against: 'one thread', rows, figures: shares.length === 0 ? [] : [shareFigure(shares)], absent: [...absent, ...failed] }
  },
}

const requestsOfThread = 'gatehouse_thread_requests_total'

async function startAll(bench: Bench): Promise<{ contenders: Contender[]; absent: Absence[] }> {
  const contenders: Contender[] = []
  const absent: Absence[] = []
  for (const proxy of bench.proxies.filter((candidate) => candidate.name === 'nginx' || candidate.name === 'gatehouse')) {
    for (const count of [1, 2]) {
      const started = await startChecked(proxy, work, bench, { cores: bench.cores.all, threads: count })
      const label = `${proxy.name} x ${count}`
      const goal = proxy.name === 'gatehouse' && count === 2 ? costGoal : null
      if ('reason' in started) absent.push({ ...started, proxy: label })
      else contenders.push({ label, against: `${proxy.name} x 1`, goal, ...started })
    }
  }
  return { contenders, absent }
}

/** Per cent of the requests that the thread with the fewest served. */
function smallestShare(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number {
  const served = [...after].map(([thread, total]) => total - (before.get(thread) ?? 0))
  if (served.length < 2) throw new Error(`the metrics tell of ${served.length} threads in ${requestsOfThread}, there should be 2`)
  return (100 * Math.min(...served)) / served.reduce((sum, count) => sum + count, 0)
}

function shareFigure(shares: readonly number[]): Figure {
  const summary = summarize(shares)
  return {
    name: 'share of the thread that served least',
    unit: '%',
    summary,
    samples: shares,
    // The worst round is what counts: a thread that idles in one round of seven is no even sharing.
    verdict: { goal: `at least ${shareGoal} % in every round`, met: summary.min >= shareGoal },
  }
}
