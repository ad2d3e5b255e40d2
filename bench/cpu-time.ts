// Reads from /proc how much CPU time a process, all its threads and all its descendants have used.

import { readdirSync, readFileSync } from 'node:fs'

/** Linux reports utime and stime in ticks of USER_HZ, which is 100 on every platform that Node runs on. */
export const microsPerTick = 10_000

export type ProcessStat = { readonly parent: number; readonly cpuTicks: number }

/** CPU microseconds (user and system) used so far by `root` and its descendants: workers of nginx are children of its master. */
export function cpuMicros(root: number): number {
  let total = 0
  for (const pid of processTree(root)) total += processMicros(pid)
  return total
}

/** `root` and everything that descends from it, as far as it is alive. */
export function processTree(root: number): number[] {
  const children = new Map<number, number[]>()
  for (const entry of readdirSync('/proc')) {
    const pid = Number(entry)
    const text = Number.isInteger(pid) ? readIfThere(`/proc/${entry}/stat`) : null
    if (text === null) continue
    const { parent } = parseStat(text)
    children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const tree = [root]
  for (let at = 0; at < tree.length; at++) tree.push(...(children.get(tree[at]!) ?? []))
  return tree
}

/**
 * Both readings are of the same clock: schedstat has nanoseconds but only for threads still alive, stat has ticks of 10 ms but
 * keeps the time of threads that ended. The larger one is right in either case.
 */
function processMicros(pid: number): number {
  const stat = readIfThere(`/proc/${pid}/stat`)
  if (stat === null) return 0
  let nanos = 0
  for (const thread of threadsOf(pid)) nanos += Number(readIfThere(`/proc/${pid}/task/${thread}/schedstat`)?.split(' ')[0] ?? 0)
  return Math.max(nanos / 1000, parseStat(stat).cpuTicks * microsPerTick)
}

/** Reads a line of proc_pid_stat(5); the command's name may hold spaces and parentheses, so fields count from the last `)`. */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { parent: Number(fields[1]), cpuTicks: Number(fields[11]) + Number(fields[12]) }
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return null
  }
}
