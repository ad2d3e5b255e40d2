// What choosing among targets, watching them, changing fields and answering from a cache cost: Gatehouse against itself, one setting more.

import { type Bench, startChecked } from '../contenders.ts'
import type { Absence, CaseResult, Figure, Row } from '../results.ts'
import { type Contender, measureRounds } from '../rounds.ts'
import { summarize } from '../statistics.ts'
import { echoField } from '../upstream.ts'
import type { Work } from '../work.ts'
import type { Case } from './case.ts'

const connections = 64
const name = 'upstreams'
const says = 'plain GET by Gatehouse, against the same with one setting more'
/** CPU microseconds that a setting may cost a request, and the share of a request that a cache hit may. */
const addedGoal = 0.5
const hitGoal = 0.5

const plain: Work = {
  routes: [{ prefix: '/shop', templates: null }],
  deny: [],
  keys: [],
  limit: null,
  log: false,
  calls: [{ method: 'GET', prefix: '/shop', path: '/books/42', key: null, body: null }],
}
const one = 'one target'

/** By label: what the API has besides, given the address of the upstream. */
const settings: Readonly<Record<string, (upstream: string) => object>> = {
  [one]: () => ({}),
  // The same place twice: what is measured is the choice and the watch, not the upstream.
  'two targets, health and circuit': (upstream) => ({
    upstream: {
      targets: [`http://${upstream}`, `http://localhost:${upstream.slice(upstream.lastIndexOf(':') + 1)}`],
      health: { passive: {} },
      circuit: {},
    },
  }),
  'headers of both messages': () => ({
    policies: {
      headers: { request: { set: { 'X-Tenant': 'shop' }, remove: ['X-Debug'] }, response: { set: { 'X-Served-By': 'gatehouse' }, remove: ['X-Powered-By'] } },
    },
  }),
  'answers from the cache': () => ({
    policies: { 'response-cache': { public: true, key: { fields: [echoField] }, heuristic: { percent: 10, max: '1h', otherwise: '1h' } } },
  }),
}

export const upstreams: Case = {
  name,
  says,
  async run(bench) {
    const contenders: Contender[] = []
    const absent: Absence[] = []
    for (const proxy of bench.proxies.filter((candidate) => candidate.name === 'gatehouse')) {
      for (const [label, more] of Object.entries(settings)) {
        const started = await startChecked(proxy, { ...plain, api: more(bench.upstream) }, bench, { cores: bench.cores.proxy, threads: 1 })
        if ('reason' in started) absent.push({ ...started, proxy: label })
        else contenders.push({ label, against: one, goal: label === 'answers from the cache' ? hitGoal : null, ...started })
      }
    }
    const { rows, failed } = await measureRounds(contenders, planOf(bench))
    await Promise.all(contenders.map(({ running }) => running.child.stop()))
    return { name, says, against: one, rows, figures: addedFigures(rows), absent: [...absent, ...failed] } satisfies CaseResult
  },
}

const planOf = ({ options: { rounds, seconds }, cores, say }: Bench) => ({
  ...{ rounds, seconds, connections, say },
  calls: plain.calls,
  wrkThreads: 1,
  loadCores: cores.load,
})

/** Round by round, what each setting adds. */
function addedFigures(rows: readonly Row[]): Figure[] {
  const base = rows.find(({ proxy }) => proxy === one)
  if (base === undefined) return []
  return rows
    .filter(({ proxy, samples }) => proxy !== one && proxy !== 'answers from the cache' && samples.length === base.samples.length)
    .map(({ proxy, samples }) => {
      const added = samples.map(({ cpuMicros }, round) => cpuMicros - base.samples[round]!.cpuMicros)
      const summary = summarize(added)
      return {
        name: `${proxy}: added to a request`,
        unit: 'us',
        summary,
        samples: added,
        verdict: { goal: `at most ${addedGoal} us`, met: summary.median <= addedGoal },
      }
    })
}
