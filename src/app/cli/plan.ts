// What gatehouse diff and gatehouse apply read and print: everything but the way to the running Gatehouse.
import { cwd } from 'node:process'
import { parseArgs } from 'node:util'
import { faultLines, faultsJson } from '../../catalog/check.ts'
import { type Plan, planJson, planText } from '../../catalog/revisions/plan.ts'
import { readWanted, type Wanted } from '../../catalog/revisions/wanted-file.ts'
import { connectHelp, connectOptions, type Where } from './connect.ts'
import { type ExitCode, misused, print } from './usage.ts'

export const diffHelp = `gatehouse diff FILE [--prune] [--format text|json] [--config FILE | --url URL] [--token-file FILE]

Says what applying FILE to a running Gatehouse would change, and changes nothing.

--prune            what the console owns and FILE does not name would be removed
${connectHelp}

Exit: 0 nothing differs, 1 something differs or is refused, 2 wrong usage or could not run.`

export const applyHelp = `gatehouse apply FILE [--message TEXT] [--prune] [--accept-breaking]
    [--format text|json] [--config FILE | --url URL] [--token-file FILE]

Makes the console's objects in a running Gatehouse as FILE says, in one revision. What its own file owns stays as that file says.

--message TEXT     what the change is for, for whoever reads the history
--prune            what the console owns and FILE does not name is removed
--accept-breaking  applies although clients of an API in use would break; that you accepted it stands in the trail
${connectHelp}

Exit: 0 done or nothing to do, 1 refused, 2 wrong usage or could not run.`

export const exportHelp = `gatehouse export [--output FILE] [--config FILE | --url URL] [--token-file FILE]

Writes every object of a running Gatehouse, of its file and of its console, as one text that apply reads. It holds no secret.

--output FILE      writes it there, in place of the standard output
${connectHelp}

Exit: 0 done, 1 refused, 2 wrong usage or could not run.`

export interface PlanArguments {
  readonly file: string
  readonly message: string | undefined
  readonly prune: boolean
  readonly acceptBreaking: boolean
  readonly format: 'text' | 'json'
  readonly where: Where
}

/** The arguments of `diff` and `apply`; an exit code when they are wrong, which was said. */
export function planArguments(args: readonly string[], command: 'diff' | 'apply'): PlanArguments | ExitCode {
  const options = { prune: { type: 'boolean', default: false }, format: { type: 'string', default: 'text' }, ...connectOptions } as const
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { ...options, ...(command === 'apply' && { message: { type: 'string' as const }, 'accept-breaking': { type: 'boolean' as const } }) },
  })
  const { prune, format, config, url, ca, pin, 'token-file': tokenFile } = values
  const [file] = positionals
  if (file === undefined || positionals.length > 1) return misused(`${command} takes one file`, command)
  if (format !== 'text' && format !== 'json') return misused('--format is text or json', command)
  const { message, 'accept-breaking': acceptBreaking = false } = values as { message?: string; 'accept-breaking'?: boolean }
  if (message?.trim() === '') return misused('--message says what the change is for', command)
  return { file, message, prune, acceptBreaking, format, where: { config, url, ca, pin, 'token-file': tokenFile } }
}

/** Reads the file; its faults are printed, and the answer is then the exit code. */
export function wantedOf({ file, format }: PlanArguments): Exclude<Wanted, { faults: readonly unknown[] } & { objects?: never }> | ExitCode {
  const wanted = readWanted(file)
  if ('objects' in wanted) return wanted
  print(format === 'json' ? faultsJson({ ok: false, faults: wanted.faults, notices: [] }) : faultLines(wanted.faults, cwd()))
  return 1
}

/** Prints a plan. `diff` answers 1 when anything differs; `apply` only when something is refused. */
export function printPlan(plan: Plan, format: 'text' | 'json', command: 'diff' | 'apply'): ExitCode {
  print(format === 'json' ? planJson(plan) : planText(plan))
  return (command === 'diff' ? plan.differs : plan.refused) ? 1 : 0
}
