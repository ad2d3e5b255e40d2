// Facts of the machine without which the figures say little.

import { cpus, loadavg, release, totalmem, type } from 'node:os'
import { type Cores, describeCores } from './cores.ts'

export type Machine = {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
  readonly node: string
  readonly placing: string
  /** Processes that wanted to run in the minute before the start: what the figures' noise is to be judged by. */
  readonly loadBefore: number
  /** By name; null for what is not installed. */
  readonly versions: Readonly<Record<string, string | null>>
}

export function describeMachine(cores: Cores, versions: Readonly<Record<string, string | null>>): Machine {
  const all = cpus()
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: `${type()} ${release()}`,
    node: process.version,
    placing: describeCores(cores),
    loadBefore: Math.round(loadavg()[0]! * 100) / 100,
    versions,
  }
}
