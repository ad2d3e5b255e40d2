// gatehouse backup: a consistent copy of the store in one file, while Gatehouse runs or not.
import { constants } from 'node:fs'
import { chmod, copyFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { NotReached, Refusal } from '../../client/connection.ts'
import { takeBackUp } from '../../client/generated/backups.ts'
import { UnusableBackUp } from '../../ports/store.ts'
import { digestOfFile } from '../back-ups.ts'
import { openFoundations } from '../foundations.ts'
import type { Settings } from '../settings.ts'
import { configurationOf, connectionTo, nowMs } from './running-gatehouse.ts'
import { complain, type ExitCode, misused, print } from './usage.ts'

export const backupHelp = `gatehouse backup --output FILE [--config FILE]

Writes everything that the store of the configuration holds (without --config: the quickstart's) into the new file FILE: consistent, while Gatehouse
runs or not. FILE is a database of the embedded store, or lines of JSON for PostgreSQL; gatehouse restore reads both for both.

Secrets are in it as the store holds them: sealed. Keep the envelope key apart from it: it alone reads them. Personal data of the trail is in it too.

Exit: 0 done, 1 refused, 2 wrong usage or could not run.`

const TIMEOUT_MS = 3_600_000

export async function backup(args: readonly string[], settings: Settings): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { output: { type: 'string' }, config: { type: 'string' } } })
  if (positionals.length > 0) return misused(`unknown word '${positionals[0]}'`, 'backup')
  if (values.output === undefined) return misused('backup needs --output FILE', 'backup')
  const configuration = await configurationOf(values.config)
  if (typeof configuration === 'number') return configuration
  const output = resolve(values.output)
  try {
    const connection = connectionTo(configuration, settings, TIMEOUT_MS)
    const sha256 = await (connection === undefined
      ? offline()
      : online(connection).catch((cause) => (cause instanceof NotReached && !cause.mayBeDone ? offline() : raise(cause))))
    print(`${sha256}  ${values.output}`)
    return 0
  } catch (cause) {
    complain(cause instanceof Refusal ? `refused: ${cause.message}` : (cause as Error).message)
    return cause instanceof Refusal || cause instanceof UnusableBackUp ? 1 : 2
  }

  async function online(connection: NonNullable<ReturnType<typeof connectionTo>>): Promise<string> {
    const { folder, name, sha256 } = (await takeBackUp(connection)).value
    const file = join(folder, name)
    await copyFile(file, output, constants.COPYFILE_EXCL).catch((cause: NodeJS.ErrnoException) => {
      throw cause.code === 'EEXIST'
        ? new UnusableBackUp(`${values.output} is there already, and is not overwritten; the back-up is ${file}`)
        : new Error(`the back-up is ${file} on the machine of Gatehouse, and could not be copied from there (${cause.code})`)
    })
    await chmod(output, 0o600)
    if ((await digestOfFile(output)) === sha256) return sha256
    await rm(output, { force: true })
    throw new Error(`the copy is not what Gatehouse wrote: the back-up is ${file}`)
  }

  async function offline(): Promise<string> {
    const { store, trail, backUp, close } = await openFoundations(configuration as Exclude<typeof configuration, number>, settings, {
      nowMs: nowMs(),
      report: complain,
    })
    try {
      await backUp.backUp(output)
      const sha256 = await digestOfFile(output)
      const event = { act: 'backup.take', actor: { kind: 'system', id: 'system' }, outcome: 'done', detail: { sha256 } } as const
      await store.write((writing) => trail.append(writing, event, nowMs()))
      return sha256
    } finally {
      await close()
    }
  }
}
const raise = (cause: unknown): never => {
  throw cause
}
