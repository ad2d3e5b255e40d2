// gatehouse check FILE: says everything that is wrong with a configuration, and runs nothing.
import { resolve } from 'node:path'
import { cwd } from 'node:process'
import { parseArgs } from 'node:util'
import { systemClock } from '../../base/clock.ts'
import { faultLines, faultsJson } from '../../catalog/check.ts'
import { loadWhole } from '../own-policies.ts'
import { type ExitCode, misused, print } from './usage.ts'

export const checkHelp = `gatehouse check FILE [--format text|json]

Reads FILE and all it refers to, and prints every fault as file:line:column code message. Policies that it names under policyFiles are loaded, and their
examples are run: that runs their code.

Exit: 0 no fault, 1 faults, 2 wrong usage.`

export async function check(args: readonly string[]): Promise<ExitCode> {
  const { positionals, values } = parseArgs({ args: [...args], allowPositionals: true, options: { format: { type: 'string', default: 'text' } } })
  if (positionals.length !== 1) return misused('check takes one file', 'check')
  if (values.format !== 'text' && values.format !== 'json') return misused('--format is text or json', 'check')
  const resolution = await loadWhole(resolve(positionals[0]!), Math.floor(systemClock().nowUs() / 1000))
  if (values.format === 'json') print(faultsJson(resolution))
  else {
    if (resolution.faults.length > 0) print(faultLines(resolution.faults, cwd()))
    for (const notice of resolution.notices) print(`${faultLines([notice], cwd())} (notice)`)
    if (resolution.ok) {
      const routes = resolution.snapshot.apis.reduce((sum, api) => sum + Math.max(api.routes.length, 1), 0)
      print(`${positionals[0]}: no fault; ${counted(resolution.snapshot.apis.length, 'API')}, ${counted(routes, 'operation')}`)
    }
  }
  return resolution.ok ? 0 : 1
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`
