// Measures started proxies in interleaved rounds, so that a machine's slow minute falls on all of them.

import { readFileSync, truncateSync } from 'node:fs'
import { moment, shareOfOthers } from './bystanders.ts'
import { tail } from './children.ts'
import { cpuMicros } from './cpu-time.ts'
import type { Running } from './proxy-server.ts'
import type { Absence, Row, Sample, Verdict } from './results.ts'
import { summarize } from './statistics.ts'
import type { Call, TlsVersion } from './work.ts'
import { type Load, type LoadResult, sendLoad } from './wrk.ts'

export type Contender = {
  readonly label: string
  readonly running: Running
  readonly folder: string
  /** Label of the contender that its ratio refers to. */
  readonly against: string
  readonly goal: number | null
}

export type Plan = {
  readonly rounds: number
  readonly seconds: number
  readonly calls: readonly Call[]
  readonly connections: number
  readonly wrkThreads: number
  readonly loadCores: readonly number[] | null
  readonly say: (text: string) => void
  readonly tlsVersion?: TlsVersion | undefined
  /** How the load is sent; absent: by wrk, over connections that are kept. */
  readonly send?: ((load: Load) => Promise<LoadResult>) | undefined
  /** Called around each measured load, for readings of a case's own. */
  readonly around?: (contender: Contender, load: () => Promise<void>) => Promise<void>
}

/** Seconds of load that count for nothing: compilers warm up, connections to the upstream are made. A load of our own is slower than wrk, and they need thousands of requests. */
const warmUpSeconds = ({ send }: Plan): number => (send === undefined ? 2 : 6)

/** One row for each contender that came through all rounds; one failure ends a contender's part and nobody else's. */
export async function measureRounds(contenders: readonly Contender[], plan: Plan): Promise<{ rows: Row[]; failed: Absence[] }> {
  const samples = new Map<string, Sample[]>(contenders.map((contender) => [contender.label, []]))
  const failed: Absence[] = []
  for (let round = 0; round <= plan.rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      // Who begins changes with the round: to be always behind the same neighbour would be a systematic error.
      const contender = contenders[(turn + round) % contenders.length]!
      if (failed.some((absence) => absence.proxy === contender.label)) continue
      plan.say(`${round === 0 ? 'warm-up' : `round ${round} of ${plan.rounds}`}, ${contender.label}`)
      try {
        const sample = await measureOnce(contender, plan, round === 0 ? warmUpSeconds(plan) : plan.seconds, round > 0)
        if (round > 0) samples.get(contender.label)!.push(sample)
      } catch (fault) {
        const log = tail(contender.running.child.logFile)
        failed.push({ proxy: contender.label, failed: true, reason: `${(fault as Error).message}${log === '' ? '' : `\n${log}`}` })
      }
    }
  }
  const through = contenders.filter((contender) => !failed.some((absence) => absence.proxy === contender.label))
  return { rows: through.map((contender) => rowOf(contender, samples)), failed }
}

async function measureOnce({ running, folder, ...contender }: Contender, plan: Plan, seconds: number, counts: boolean): Promise<Sample> {
  const load: Load = {
    origin: running.origin,
    calls: plan.calls,
    seconds,
    connections: plan.connections,
    threads: plan.wrkThreads,
    cores: plan.loadCores,
    folder,
    tlsVersion: plan.tlsVersion,
  }
  const send = plan.send ?? sendLoad
  let sample: Sample | null = null
  const measure = async () => {
    const start = moment()
    const before = cpuMicros(running.child.pid)
    const { requests, perSecond, medianMs, p99Ms } = await send(load)
    const used = cpuMicros(running.child.pid) - before
    sample = { cpuMicros: used / requests, requests, perSecond, medianMs, p99Ms, othersShare: shareOfOthers(start, moment()) }
  }
  if (counts && plan.around) await plan.around({ running, folder, ...contender }, measure)
  else await measure()
  if (running.child.hasEnded()) throw new Error(`${running.child.name} ended under load`)
  if (running.accessLog !== null) emptyLog(running.accessLog, sample!.requests)
  return sample!
}

/**
 * A round writes tens of megabytes, so the log is emptied after each. A proxy that drops lines does less than it should; the last ones
 * may still be in its buffer, hence not all are asked for.
 */
function emptyLog(file: string, requests: number): void {
  const lines = countLines(file)
  truncateSync(file)
  if (lines < requests * linesShareMin) throw new Error(`the access log has ${lines} lines of ${requests} requests`)
}

const linesShareMin = 0.95

function countLines(file: string): number {
  const text = readFileSync(file)
  let lines = 0
  for (let at = text.indexOf(10); at >= 0; at = text.indexOf(10, at + 1)) lines++
  return lines
}

function rowOf(contender: Contender, samples: ReadonlyMap<string, readonly Sample[]>): Row {
  const own = samples.get(contender.label)!
  const other = contender.against === contender.label ? undefined : samples.get(contender.against)
  const ratio = other !== undefined && other.length === own.length ? summarize(own.map((sample, round) => sample.cpuMicros / other[round]!.cpuMicros)) : null
  return {
    proxy: contender.label,
    isBaseline: contender.against === contender.label,
    cpuMicros: summarize(own.map((sample) => sample.cpuMicros)),
    ratio,
    perSecond: summarize(own.map((sample) => sample.perSecond)),
    p99Ms: summarize(own.map((sample) => sample.p99Ms)),
    verdict: contender.goal === null || ratio === null ? null : ratioVerdict(contender, ratio.median),
    samples: own,
  }
}

function ratioVerdict({ goal, against }: Contender, median: number): Verdict {
  return { goal: `at most ${goal} x ${against}`, met: median <= goal! }
}
