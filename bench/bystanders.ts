// Tells how much of the machine was used by others while something was measured: the first suspect when figures are odd.

import { readFileSync } from 'node:fs'
import { cpuMicros, microsPerTick } from './cpu-time.ts'

/** A moment's readings, to be taken before and after. */
export type Moment = { readonly busyMicros: number; readonly ownMicros: number; readonly atMicros: number; readonly cores: number }

export function moment(): Moment {
  const { busyTicks, cores } = parseSystemStat(readFileSync('/proc/stat', 'latin1'))
  return { busyMicros: busyTicks * microsPerTick, ownMicros: ownMicros(), atMicros: performance.now() * 1000, cores }
}

/** Share (0 to 1) of all cores' time that went to processes which are not of this run, or that the machine's host took away. */
export function shareOfOthers(before: Moment, after: Moment): number {
  const others = after.busyMicros - before.busyMicros - (after.ownMicros - before.ownMicros)
  return Math.max(0, others / ((after.atMicros - before.atMicros) * after.cores))
}

/** proc_stat(5): user, nice, system, idle, iowait, irq, softirq, steal; guest time is already in user. */
export function parseSystemStat(text: string): { busyTicks: number; cores: number } {
  const lines = text.split('\n')
  const [user, nice, system, , , irq, softirq, steal] = lines[0]!.trim().split(/\s+/).slice(1).map(Number)
  return { busyTicks: user! + nice! + system! + irq! + softirq! + steal!, cores: lines.filter((line) => /^cpu\d/.test(line)).length }
}

/** This process, all that it started and all of those that have ended: cutime and cstime have what was waited for. */
function ownMicros(): number {
  const stat = readFileSync('/proc/self/stat', 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return cpuMicros(process.pid) + (Number(fields[13]) + Number(fields[14])) * microsPerTick
}
