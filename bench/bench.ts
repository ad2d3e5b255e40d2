// The benchmark: Gatehouse beside nginx, haproxy and caddy on the same work, as a text table and as JSON.

import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cases, chooseCases } from './cases/index.ts'
import { withoutBasicAuth } from './cases/kong.ts'
import { cleanUpOnEveryExit } from './children.ts'
import type { Bench } from './contenders.ts'
import { chooseCores } from './cores.ts'
import { describeMachine } from './machine.ts'
import { type Options, readOptions, UsageFault, usage } from './options.ts'
import { allProxies } from './proxies/index.ts'
import { versionOf } from './proxies/version.ts'
import { caseText, closingText, machineText } from './report.ts'
import type { CaseResult, RunResult } from './results.ts'
import { startUpstream } from './upstream.ts'

const ownResults = fileURLToPath(new URL('./results/latest.json', import.meta.url))
const ownLauncher = fileURLToPath(new URL('../bin/gatehouse', import.meta.url))

/** Exit 0: measured, whether goals are met or not. 1: a row failed or nothing could be measured. 2: wrong usage. */
async function main(): Promise<number> {
  // Debian keeps nginx and haproxy in sbin, which the PATH of a user other than root need not hold.
  process.env['PATH'] = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`
  const options = readOptions(process.argv.slice(2), { gatehouse: ownLauncher, results: ownResults })
  if (options === 'help') return print(usage)
  if (options === 'list') return print(cases.map(({ name, says }) => `${name.padEnd(20)} ${says}\n`).join(''))
  const { chosen, unknown } = chooseCases(options.only)
  if (unknown.length > 0) throw new UsageFault(`No case is named ${unknown.join(', ')}. There are: ${cases.map(({ name }) => name).join(', ')}.`)
  const proxies = allProxies(resolve(options.gatehouse)).filter(({ name }) => options.proxies?.includes(name) ?? true)
  if (proxies.length === 0) throw new UsageFault(`No proxy is named ${options.proxies?.join(', ')}.`)

  const missing = whatIsMissing()
  if (missing !== null) {
    process.stderr.write(missing)
    return 1
  }
  cleanUpOnEveryExit()
  const cores = chooseCores()
  const versions = { ...Object.fromEntries(proxies.map((proxy) => [proxy.name, proxy.version()])), wrk: wrkVersion() }
  let result: RunResult = {
    startedAt: new Date().toISOString(),
    rounds: options.rounds,
    seconds: options.seconds,
    machine: describeMachine(cores, versions),
    cases: [],
  }
  print(machineText(result))
  const upstream = await startUpstream(cores.load)
  for (const one of chosen) {
    const bench: Bench = {
      options: { ...options, gatehouse: resolve(options.gatehouse) },
      cores,
      upstream: upstream.address,
      proxies,
      say: progressOf(one.name),
    }
    const found = await one.run(bench)
    result = { ...result, cases: [...result.cases, found] }
    clearProgress()
    print(caseText(found))
    // After every case: a run that is cut short leaves what it has measured.
    save(result, resolve(options.results))
  }
  if (wants(options, 'kong')) print(`\n${withoutBasicAuth}\n`)
  print(closingText(result))
  return result.cases.some(failed) ? 1 : 0
}

function wants({ only }: Options, group: string): boolean {
  return only === null || only.includes(group)
}

function failed({ absent }: CaseResult): boolean {
  return absent.some((absence) => absence.failed)
}

/** Without these nothing can be measured at all; a proxy that is missing only leaves its rows out. */
function whatIsMissing(): string | null {
  if (!existsSync('/proc/self/stat')) return 'The benchmark reads CPU times from /proc and so needs Linux.\n'
  const tools: string[] = []
  if (wrkVersion() === null) tools.push('wrk (the load generator)')
  if (versionOf('nginx', ['-v'], /nginx\/(\S+)/) === null) tools.push('nginx (the upstream and what the ratios refer to)')
  if (tools.length === 0) return null
  return `Not found: ${tools.join(', ')}. Without it nothing can be measured.\nOn Debian: tools/install-debian.sh as root.\n`
}

function wrkVersion(): string | null {
  return versionOf('wrk', ['-v'], /wrk (\S+)/)
}

function save(result: RunResult, file: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`)
}

function print(text: string): 0 {
  process.stdout.write(text)
  return 0
}

/** On a terminal, one line that is written over; nothing into a pipe. */
function progressOf(name: string): (text: string) => void {
  return (text) => process.stderr.isTTY && process.stderr.write(`\r\x1b[K${name}: ${text}`)
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K')
}

try {
  process.exit(await main())
} catch (fault) {
  const wrongUsage = fault instanceof UsageFault
  process.stderr.write(wrongUsage ? `${fault.message}\n\n${usage}` : `${(fault as Error).stack}\n`)
  process.exit(wrongUsage ? 2 : 1)
}
