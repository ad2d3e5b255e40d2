// What a case of the benchmark is, and the kind that most are: one piece of work, all proxies, CPU per request.

import { type Bench, startChecked } from '../contenders.ts'
import type { Absence, CaseResult } from '../results.ts'
import { type Contender, measureRounds } from '../rounds.ts'
import type { Work } from '../work.ts'

export type Case = { readonly name: string; readonly says: string; run(bench: Bench): Promise<CaseResult> }

export type LoadCase = {
  readonly name: string
  readonly says: string
  readonly work: Work
  /** The largest ratio to nginx that Gatehouse may have, or null where no goal is set. */
  readonly goal: number | null
}

/** Keep-alive connections that the load generator holds. */
const connections = 64

/** All proxies on the proxy's core, idle but for the one that is measured. */
export function loadCase({ name, says, work, goal }: LoadCase): Case {
  return {
    name,
    says,
    async run(bench) {
      const contenders: Contender[] = []
      const absent: Absence[] = []
      for (const proxy of bench.proxies) {
        const started = await startChecked(proxy, work, bench, { cores: bench.cores.proxy, threads: 1 })
        if ('reason' in started) absent.push(started)
        else contenders.push({ label: proxy.name, against: 'nginx', goal: proxy.name === 'gatehouse' ? goal : null, ...started })
      }
      const { rounds, seconds } = bench.options
      const plan = { rounds, seconds, calls: work.calls, connections, wrkThreads: 1, loadCores: bench.cores.load, say: bench.say }
      const { rows, failed } = await measureRounds(contenders, plan)
      await Promise.all(contenders.map((contender) => contender.running.child.stop()))
      return { name, says, against: 'nginx', rows, figures: [], absent: [...absent, ...failed] }
    },
  }
}
