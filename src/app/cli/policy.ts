// gatehouse policy new|check|test: writes a policy of one's own, checks its types, and runs its examples and its tests.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { cwd, execPath } from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Fault } from '../../base/fault.ts'
import { visible } from '../../base/visible-text.ts'
import { PolicyFiles } from '../../catalog/reading/policy-files.ts'
import { examine } from '../../own-policies/examination.ts'
import { policyModules } from '../../own-policies/modules.ts'
import { takenNames } from '../own-policies.ts'
import type { Settings } from '../settings.ts'
import { newPolicy } from './policy-new.ts'
import { checkTypes } from './policy-types.ts'
import { complain, type ExitCode, misused, print } from './usage.ts'

export const policyHelp = `gatehouse policy new NAME [--in FOLDER]
gatehouse policy check FILE ... [--without-types]
gatehouse policy test FILE ...

new    writes NAME.ts and NAME.test.ts, which work as they are. NAME begins with a word of your own: acme-tenant.
check  checks the types of FILE with the TypeScript compiler, loads it, looks at what it declares, and runs its examples.
       The compiler is taken from node_modules beside FILE, of this folder, or of Gatehouse: npm install --save-dev typescript.
test   loads FILE, runs its examples, and then the tests in FILE's name with .test before its end, if there are any.

FILE is run with all rights of whoever calls this. A configuration names it under policyFiles.

Exit: 0 done, 1 faults, 2 wrong usage or could not run.`

export async function policy(args: readonly string[], settings: Pick<Settings, 'commandEnvironment'>): Promise<ExitCode> {
  const [word, ...rest] = args
  const { positionals, values } = parseArgs({
    args: rest,
    allowPositionals: true,
    options: { in: { type: 'string', default: '.' }, 'without-types': { type: 'boolean', default: false } },
  })
  if (word === 'new')
    return positionals.length === 1 ? newPolicy(positionals[0]!, resolve(values.in), new Set(takenNames)) : misused('policy new takes one name', 'policy')
  if (word !== 'check' && word !== 'test') return misused('policy knows three words: new, check, test', 'policy')
  if (positionals.length === 0) return misused(`policy ${word} takes files`, 'policy')
  let worst: ExitCode = 0
  for (const file of positionals) {
    const outcome = word === 'check' ? await checkOne(resolve(file), values['without-types']) : await testOne(resolve(file), settings)
    if (outcome > worst) worst = outcome
  }
  return worst
}

async function checkOne(file: string, withoutTypes: boolean): Promise<ExitCode> {
  const isTyped = /\.m?ts$/.test(file)
  const types = isTyped && !withoutTypes && existsSync(file) ? checkTypes(file) : undefined
  if (types === 'absent') {
    complain(
      `the types of ${visible(shown(file))} were not checked: there is no TypeScript compiler. npm install --save-dev typescript, or say --without-types`,
    )
    return 2
  }
  if (types !== undefined && types.length > 0) for (const line of types) print(visible(line))
  const examined = await examples(file)
  if (examined !== undefined && (types === undefined || types.length === 0))
    print(`${visible(shown(file))}: no fault; ${types === undefined ? '' : 'types checked, '}${counted(examined)}`)
  return examined === undefined || (types !== undefined && types.length > 0) ? 1 : 0
}

async function testOne(file: string, { commandEnvironment: env }: Pick<Settings, 'commandEnvironment'>): Promise<ExitCode> {
  const examined = await examples(file)
  if (examined === undefined) return 1
  const tests = join(dirname(file), `${basename(file, extname(file))}.test${extname(file)}`)
  if (!existsSync(tests)) {
    print(`${visible(shown(file))}: ${counted(examined)}; no tests in ${visible(shown(tests))}`)
    return 0
  }
  const hook = fileURLToPath(new URL(`../../own-policies/register${extname(import.meta.url)}`, import.meta.url))
  const { status } = spawnSync(execPath, ['--import', hook, '--test', tests], { stdio: 'inherit', env })
  if (status === 0) print(`${visible(shown(file))}: ${counted(examined)}, and its tests`)
  return status === 0 ? 0 : 1
}

/** How many examples came out as they say; undefined when something is wrong, which was said. */
async function examples(file: string): Promise<number | undefined> {
  const faults: Fault[] = []
  const read = new PolicyFiles((path, code, message) => void faults.push({ code, path, message }), new Map()).read(file, file, [])
  if (read === undefined && faults.length === 0) faults.push({ code: 'bad-value', path: [], message: 'the file of a policy ends in .ts, .mts, .js or .mjs' })
  const examined = read && (await examine(policyModules(read.file, read.texts, read.digest), takenNames))
  for (const { code, message } of [...faults, ...(examined?.faults ?? [])]) print(`${visible(shown(file))} ${code} ${visible(message)}`)
  return examined === undefined || examined.faults.length > 0 ? undefined : examined.examples
}

const shown = (file: string): string => (file.startsWith(`${cwd()}/`) ? file.slice(cwd().length + 1) : file)
const counted = (examples: number): string =>
  `${examples} ${examples === 1 ? 'example comes' : 'examples come'} out as ${examples === 1 ? 'it says' : 'they say'}`
