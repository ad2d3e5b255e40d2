// Drives wrk, the load generator, and reads its figures as JSON instead of from its text.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './children.ts'
import type { Call, TlsVersion } from './work.ts'

export type Load = {
  readonly origin: string
  readonly calls: readonly Call[]
  /** Whole seconds: wrk takes no others. */
  readonly seconds: number
  readonly connections: number
  readonly threads: number
  readonly cores: readonly number[] | null
  readonly folder: string
  /** The one version of TLS that is offered; absent: in clear, or whatever is agreed on. */
  readonly tlsVersion?: TlsVersion | undefined
}

export type LoadResult = { readonly requests: number; readonly perSecond: number; readonly medianMs: number; readonly p99Ms: number; readonly maxMs: number }

const mark = 'bench-result '

/** Times in microseconds. */
export type PrintedResult = {
  readonly requests: number
  readonly durationMicros: number
  readonly p50: number
  readonly p99: number
  readonly max: number
  readonly failures: Readonly<Record<string, number>>
}

/** What a load generator of our own prints in the place of wrk. */
export const resultLine = (result: PrintedResult): string => `${mark}${JSON.stringify(result)}\n`

/** Sends load and rejects unless every single answer was a 2xx or 3xx and no connection failed: a refusal is cheap and must not count as speed. */
export async function sendLoad(load: Load): Promise<LoadResult> {
  const script = join(load.folder, 'load.lua')
  writeFileSync(script, loadScript(load.calls))
  const args = ['-t', String(load.threads), '-c', String(load.connections), '-d', `${load.seconds}s`, '-s', script, load.origin]
  return readResult(await run('wrk', args, load.cores, opensslSettings(load)))
}

/** wrk has no option for versions, but the OpenSSL in it reads its settings from a file. */
function opensslSettings({ tlsVersion, folder }: Load): Record<string, string> {
  if (tlsVersion === undefined) return {}
  const file = join(folder, 'openssl.cnf')
  const bounds = `MinProtocol = TLSv${tlsVersion}\nMaxProtocol = TLSv${tlsVersion}\n`
  writeFileSync(file, `openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = tls\n[tls]\n${bounds}`)
  return { OPENSSL_CONF: file }
}

/** Finds the line that `loadScript` made wrk print. */
export function readResult(output: string): LoadResult {
  const line = output.split('\n').find((candidate) => candidate.startsWith(mark))
  if (line === undefined) throw new Error(`wrk printed no result:\n${output.trim()}`)
  const { requests, durationMicros, p50, p99, max, failures } = JSON.parse(line.slice(mark.length)) as PrintedResult
  const failed = Object.entries(failures).filter(([, count]) => count > 0)
  if (failed.length > 0) {
    throw new Error(`the load met failures: ${failed.map(([kind, count]) => `${count} ${kind}`).join(', ')} (of ${requests} requests)`)
  }
  if (requests === 0) throw new Error('wrk completed no request')
  return { requests, perSecond: requests / (durationMicros / 1e6), medianMs: p50 / 1000, p99Ms: p99 / 1000, maxMs: max / 1000 }
}

/** One call is sent by wrk without Lua in the way; several are formatted once and sent in turn. */
export function loadScript(calls: readonly Call[]): string {
  const [only] = calls
  const lines = calls.length === 1 ? single(only!) : several(calls)
  return `${lines.join('\n')}
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\\n${mark}{"requests":%d,"durationMicros":%d,"p50":%d,"p99":%d,"max":%d,"failures":{"4xx or 5xx":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d}}\\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99), latency.max, e.status, e.connect, e.read, e.write, e.timeout))
end
`
}

/** The fields of a call besides Host, as every client of the benchmark sends them. */
export function fieldsOf(call: Call): Record<string, string> {
  return { ...(call.key && { 'X-API-Key': call.key.secret }), ...(call.body !== null && { 'Content-Type': 'application/json' }) }
}

function single(call: Call): string[] {
  return [
    `wrk.method = ${lua(call.method)}`,
    `wrk.path = ${lua(call.prefix + call.path)}`,
    ...Object.entries(fieldsOf(call)).map(([name, value]) => `wrk.headers[${lua(name)}] = ${lua(value)}`),
    ...(call.body === null ? [] : [`wrk.body = ${lua(call.body)}`]),
  ]
}

/** wrk calls init() once Host is known, and format() adds it to each. */
function several(calls: readonly Call[]): string[] {
  return [
    'local made, at = {}, 0',
    'init = function(args)',
    ...calls.map(formatted),
    'end',
    'request = function()',
    '  at = at % #made + 1',
    '  return made[at]',
    'end',
  ]
}

function formatted(call: Call): string {
  const fields = Object.entries(fieldsOf(call)).map(([name, value]) => `[${lua(name)}] = ${lua(value)}`)
  return `  made[#made + 1] = wrk.format(${lua(call.method)}, ${lua(call.prefix + call.path)}, {${fields.join(', ')}}, ${call.body === null ? 'nil' : lua(call.body)})`
}

/** All texts of the cases are visible ASCII, for which JSON's quoting is Lua's too. */
function lua(text: string): string {
  return JSON.stringify(text)
}
