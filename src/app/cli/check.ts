// gatehouse check FILE: says everything that is wrong with a configuration, and runs nothing.
import { relative, resolve } from 'node:path'
import { cwd } from 'node:process'
import { parseArgs } from 'node:util'
import { systemClock } from '../../base/clock.ts'
import type { LocatedFault } from '../../catalog/located-fault.ts'
import { loadConfiguration } from '../../catalog/resolve.ts'
import { policies } from '../compose.ts'
import { type ExitCode, misused, print } from './usage.ts'

export const checkHelp = `gatehouse check FILE [--format text|json]

Reads FILE and all it refers to, and prints every fault as file:line:column code message.

Exit: 0 no fault, 1 faults, 2 wrong usage.`

export function check(args: readonly string[]): ExitCode {
  const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options: { format: { type: 'string', default: 'text' } } })
  if (positionals.length !== 1) return misused('check takes one file', 'check')
  if (values.format !== 'text' && values.format !== 'json') return misused('--format is text or json', 'check')
  const resolution = loadConfiguration(resolve(positionals[0]!), { policies, nowMs: Math.floor(systemClock().nowUs() / 1000) })
  if (values.format === 'json') print(JSON.stringify({ ok: resolution.ok, faults: resolution.faults, notices: resolution.notices }, null, 2))
  else {
    if (resolution.faults.length > 0) print(formatFaults(resolution.faults))
    for (const notice of resolution.notices) print(`${formatFaults([notice])} (notice)`)
    if (resolution.ok) {
      const routes = resolution.snapshot.apis.reduce((sum, api) => sum + Math.max(api.routes.length, 1), 0)
      print(`${positionals[0]}: no fault; ${resolution.snapshot.apis.length} APIs, ${routes} operations`)
    }
  }
  return resolution.ok ? 0 : 1
}

/** One line a fault, with the path as short as it can be from here. */
export const formatFaults = (faults: readonly LocatedFault[]): string => faults.map(({ file, line, column, code, message }) => `${nearest(file)}:${line}:${column} ${code} ${message}`).join('\n')
const nearest = (file: string): string => {
  const near = relative(cwd(), file)
  return near.startsWith('..') || near === '' ? file : near
}
