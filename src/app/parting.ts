// How what runs is ended: in its own time, but not in any time.
import type { Server } from 'node:http'
import { setTimeout as after } from 'node:timers/promises'

/** How long an end waits for what others keep waiting. */
const PARTING_MS = 5000

/** Answers under way are finished: who changed something should hear that it was done. */
export async function endControl(control: Server): Promise<void> {
  const closed = new Promise<void>((resolve) => control.close(() => resolve()))
  control.closeIdleConnections()
  await inTime(closed)
  control.closeAllConnections()
}

/** A receiver of a message may take a minute to answer; it is tried again after the next start. */
export async function inTime(ending: Promise<unknown>): Promise<void> {
  const late = new AbortController()
  await Promise.race([ending, after(PARTING_MS, undefined, { signal: late.signal }).catch(() => {})]).finally(() => late.abort())
}
