// What a case of the benchmark is, and the kind that most are: one piece of work, all proxies, CPU per request.

import { type Bench, startChecked } from '../contenders.ts'
import type { Absence, CaseResult } from '../results.ts'
import { type Contender, measureRounds, type Plan } from '../rounds.ts'
import type { Work } from '../work.ts'

export type Case = { readonly name: string; readonly says: string; run(bench: Bench): Promise<CaseResult> }

export type LoadCase = {
  readonly name: string
  readonly says: string
  /** Made when the case begins where it needs files. */
  readonly work: Work | (() => Promise<Work>)
  /** The largest ratio to nginx that Gatehouse may have, or null where no goal is set. */
  readonly goal: number | null
  /** How the load is sent; absent: by wrk. */
  readonly send?: Plan['send']
}

/** Connections that the load generator holds: kept, or made anew one after the other. */
const connections = 64

/** All proxies on the proxy's core, idle but for the one that is measured. */
export function loadCase({ name, says, work: given, goal, send }: LoadCase): Case {
  return {
    name,
    says,
    async run(bench) {
      const work = typeof given === 'function' ? await given() : given
      const contenders: Contender[] = []
      const absent: Absence[] = []
      for (const proxy of bench.proxies) {
        const started = await startChecked(proxy, work, bench, { cores: bench.cores.proxy, threads: 1 })
        if ('reason' in started) absent.push(started)
        else contenders.push({ label: proxy.name, against: 'nginx', goal: proxy.name === 'gatehouse' ? goal : null, ...started })
      }
      const { rounds, seconds } = bench.options
      const plan: Plan = {
        rounds,
        seconds,
        calls: work.calls,
        connections,
        wrkThreads: 1,
        loadCores: bench.cores.load,
        say: bench.say,
        tlsVersion: work.tls?.version,
        send,
      }
      const { rows, failed } = await measureRounds(contenders, plan)
      await Promise.all(contenders.map((contender) => contender.running.child.stop()))
      return { name, says, against: 'nginx', rows, figures: [], absent: [...absent, ...failed] }
    },
  }
}
