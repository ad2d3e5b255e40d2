// Drives h2load, the load generator for HTTP/2, and reads its figures from its log of requests.

import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './children.ts'
import { fieldsOf, type Load, type LoadResult } from './wrk.ts'

/** Streams that each connection has under way. */
const streams = 10

/** Rejects unless every single answer was a 2xx or 3xx, over HTTP/2 and TLS. */
export async function sendStreams(load: Load): Promise<LoadResult> {
  const [call] = load.calls
  const log = join(load.folder, 'h2load.log')
  // It would be gone on with.
  rmSync(log, { force: true })
  const fields = Object.entries(fieldsOf(call!)).flatMap(([name, value]) => ['-H', `${name.toLowerCase()}: ${value}`])
  // Each stream of a connection is a request under way, as each connection of wrk is.
  const connections = Math.max(1, Math.round(load.connections / streams))
  const args = [
    '-c',
    String(connections),
    '-m',
    String(streams),
    '-D',
    String(load.seconds),
    `--log-file=${log}`,
    ...fields,
    load.origin + call!.prefix + call!.path,
  ]
  return readStreams(await run('h2load', args, load.cores), readFileSync(log, 'latin1'))
}

/** From what h2load printed, and a line for each request: when it began, its status, and how long it took, both times in microseconds. */
export function readStreams(printed: string, log: string): LoadResult {
  if (!/^Application protocol: h2$/m.test(printed)) throw new Error(`h2load did not speak HTTP/2:\n${printed.trim()}`)
  const failures = /(\d+) failed, (\d+) errored, (\d+) timeout/.exec(printed)
  if (failures === null || failures.slice(1).some((count) => count !== '0')) throw new Error(`the load met failures: ${failures?.[0] ?? printed.trim()}`)
  const rows = log
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t').map(Number) as [begunUs: number, status: number, tookUs: number])
  const refused = rows.filter(([, status]) => !(status >= 200 && status < 400))
  if (refused.length > 0) throw new Error(`the load met failures: ${refused.length} of ${rows.length} were refused, the first with ${refused[0]![1]}`)
  if (rows.length === 0) throw new Error('h2load completed no request')
  const took = rows.map(([, , us]) => us).sort((a, b) => a - b)
  let [first, last] = [Number.POSITIVE_INFINITY, 0]
  for (const [begunUs, , tookUs] of rows) {
    first = Math.min(first, begunUs)
    last = Math.max(last, begunUs + tookUs)
  }
  const at = (share: number): number => took[Math.min(took.length - 1, Math.floor(took.length * share))]! / 1000
  return { requests: rows.length, perSecond: rows.length / ((last - first) / 1e6), medianMs: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
}
