// Reads from /proc what memory a process and its descendants hold, and how many files they may open.

import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { processTree } from './cpu-time.ts'

/** Resident octets that are no other process's as well (Pss): workers of nginx share what their master read. */
export function residentBytes(root: number): number {
  let total = 0
  for (const pid of processTree(root)) total += pssOf(readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1'))
  return total
}
/** The line `Pss:` of proc_pid_smaps(5), in kB. */
export const pssOf = (text: string): number => 1024 * Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? Number.NaN)

/** What it comes to rest at: read until it grows no more, 10 s at most. */
export async function settledBytes(root: number): Promise<number> {
  let last = residentBytes(root)
  for (let reading = 0; reading < 20; reading++) {
    await delay(500)
    const now = residentBytes(root)
    if (Math.abs(now - last) < last / 500) return now
    last = now
  }
  return last
}

/** Files that a process started from here may open: Node raises its own soft limit to the hard one. */
export function openFilesMax(): number {
  const [, hard] = /^Max open files\s+\d+\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'latin1')) ?? []
  return hard === undefined || hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard)
}
