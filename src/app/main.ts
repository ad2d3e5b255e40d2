// The program: reads the command, runs it, and answers with an exit code.
import { argv } from 'node:process'
import { backup, backupHelp } from './cli/backup.ts'
import { ca, caHelp } from './cli/ca.ts'
import { apply, diff, exportTo } from './cli/catalog.ts'
import { check, checkHelp } from './cli/check.ts'
import { compare, compareHelp } from './cli/compare.ts'
import { keyCreate, keyHelp } from './cli/key-create.ts'
import { applyHelp, diffHelp, exportHelp } from './cli/plan.ts'
import { policy, policyHelp } from './cli/policy.ts'
import { restore, restoreHelp } from './cli/restore.ts'
import { secretsHelp, secretsRotate } from './cli/secrets-rotate.ts'
import { start, startHelp } from './cli/start.ts'
import { trailExport } from './cli/trail-export.ts'
import { trailHelp, trailVerify } from './cli/trail-verify.ts'
import { complain, type ExitCode, misused, print } from './cli/usage.ts'
import { readSettings } from './settings.ts'

const help = `gatehouse COMMAND

  start [FILE]    runs the gateway; without FILE the quickstart
  check FILE      says everything that is wrong with a configuration
  diff FILE       says what applying a file to a running Gatehouse would change
  apply FILE      makes the console's objects as a file says
  export          writes the catalog of a running Gatehouse out
  compare OLD NEW says whether clients of one OpenAPI document can go on with another
  key create      makes an API key
  ca init|issue|revoke|list
                  certificates for clients, from an authority of a running Gatehouse
  policy new|check|test
                  a policy of your own: begins one, checks its types, runs its examples and tests
  trail export    writes the trail out
  trail verify    verifies an export of the trail, offline
  backup          writes a back-up of the store
  restore FILE    puts a back-up into the store of a Gatehouse that is stopped
  secrets rotate  seals everything anew under another envelope key

Every command takes --help. Exit: 0 done, 1 refused or faults, 2 wrong usage or could not run.`

async function run(args: readonly string[]): Promise<ExitCode> {
  const settings = readSettings()
  const [command, ...rest] = args
  const asksHelp = args.includes('--help') || args.includes('-h')
  try {
    switch (command) {
      case 'start':
        return asksHelp ? helped(startHelp) : await start(rest, settings)
      case 'check':
        return asksHelp ? helped(checkHelp) : await check(rest)
      case 'diff':
        return asksHelp ? helped(diffHelp) : await diff(rest, settings)
      case 'apply':
        return asksHelp ? helped(applyHelp) : await apply(rest, settings)
      case 'export':
        return asksHelp ? helped(exportHelp) : await exportTo(rest, settings)
      case 'compare':
        return asksHelp ? helped(compareHelp) : compare(rest)
      case 'key':
        if (asksHelp) return helped(keyHelp)
        return rest[0] === 'create' ? await keyCreate(rest.slice(1), settings) : misused('key knows one word: create', 'key')
      case 'ca':
        return asksHelp ? helped(caHelp) : await ca(rest, settings)
      case 'policy':
        return asksHelp ? helped(policyHelp) : await policy(rest, settings)
      case 'trail':
        if (asksHelp) return helped(trailHelp)
        if (rest[0] === 'export') return await trailExport(rest.slice(1), settings)
        return rest[0] === 'verify' ? await trailVerify(rest.slice(1)) : misused('trail knows two words: export, verify', 'trail')
      case 'backup':
        return asksHelp ? helped(backupHelp) : await backup(rest, settings)
      case 'restore':
        return asksHelp ? helped(restoreHelp) : await restore(rest, settings)
      case 'secrets':
        if (asksHelp) return helped(secretsHelp)
        return rest[0] === 'rotate' ? await secretsRotate(rest.slice(1), settings) : misused('secrets knows one word: rotate', 'secrets')
      default:
        if (asksHelp) return helped(help)
        complain(command === undefined ? 'a command is needed' : `unknown command '${command}'`)
        print(help)
        return 2
    }
  } catch (cause) {
    // parseArgs throws on an unknown option: wrong usage, told in its words.
    if (cause instanceof TypeError && 'code' in cause && String(cause.code).startsWith('ERR_PARSE_ARGS')) return misused(cause.message, command ?? '')
    throw cause
  }
}
function helped(text: string): ExitCode {
  print(text)
  return 0
}

process.exitCode = await run(argv.slice(2))
