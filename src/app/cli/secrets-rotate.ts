// gatehouse secrets rotate: seals everything in the store anew under another envelope key, while Gatehouse is stopped.
import { resolve } from 'node:path'
import { stderr } from 'node:process'
import { parseArgs } from 'node:util'
import { importIsUnfinished } from '../../adapters/store-archive.ts'
import type { Configuration } from '../../catalog/resolving/resolve.ts'
import type { Store } from '../../ports/store.ts'
import { readKeyFile } from '../../secrets/key-file.ts'
import { rotateKeyFile } from '../../secrets/rotate-key-file.ts'
import { type RotationOptions, rotateEnvelope } from '../../secrets/rotation.ts'
import { ActNotices } from '../act-notices.ts'
import { openConfiguredEnvelope } from '../envelope.ts'
import { SEALED_COLLECTIONS } from '../sealed-collections.ts'
import type { Settings } from '../settings.ts'
import { configurationOf, nowMs } from './running-gatehouse.ts'
import { CommandRefused, withStoppedStore } from './stopped-store.ts'
import { complain, type ExitCode, misused, print } from './usage.ts'

export const secretsHelp = `gatehouse secrets rotate [--config FILE] [--next FILE]

Seals everything that the store of the configuration keeps sealed (without --config: the quickstart's) anew under another envelope key. Gatehouse must
not run on that store. Interrupted, the same command goes on where it stopped.

Where the key stands in a file, the new one is made beside it and takes its place at the end. Where it comes from the environment or from a command,
--next names a file with the new key, 32 random octets as base64url or hex, that its owner alone can read; give that key to Gatehouse afterwards.

Exit: 0 done, 1 refused, 2 wrong usage or could not run.`

export async function secretsRotate(args: readonly string[], settings: Settings): Promise<ExitCode> {
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: { config: { type: 'string' }, next: { type: 'string' } } })
  if (positionals.length > 0) return misused(`unknown word '${positionals[0]}'`, 'secrets')
  const configuration = await configurationOf(values.config)
  if (typeof configuration === 'number') return configuration
  try {
    await withStoppedStore(configuration, settings, ({ store }) => rotate(store, configuration, settings, values.next))
    return 0
  } catch (cause) {
    complain((cause as Error).message)
    return cause instanceof CommandRefused ? cause.code : 2
  }
}

async function rotate(store: Store, configuration: Configuration, settings: Settings, next: string | undefined): Promise<void> {
  if (await store.read(importIsUnfinished)) throw new CommandRefused('a restore into this store broke off: go on with gatehouse restore FILE --replace')
  const opened = await openConfiguredEnvelope(store, configuration.envelope, configuration.dataFolder, settings)
  if ('refused' in opened) throw new CommandRefused(opened.refused)
  const { envelope, file } = opened
  if (file !== undefined && next !== undefined) throw new CommandRefused(`the key stands in ${file}: the new one is made beside it, leave --next out`, 2)
  if (file === undefined && next === undefined) throw new CommandRefused('the key stands in no file: --next names a file with the new one', 2)
  const options: Omit<RotationOptions, 'to'> = { store, envelope, collections: SEALED_COLLECTIONS, nowMs: nowMs(), ...progress() }
  const outcome = file === undefined ? await rotateEnvelope({ ...options, to: nextKey(next!) }) : await rotateKeyFile(file, options)
  if (stderr.isTTY === true) stderr.write('\r\u001b[K')
  if ('refused' in outcome) throw new CommandRefused(`${WHY[outcome.refused]}${outcome.where ? `: ${outcome.where.join(', ')}` : ''}`)
  const { from, to, resealed } = outcome
  const event = { act: 'envelope.rotate', actor: { kind: 'system', id: 'system' }, outcome: 'done', detail: { from, to, resealed } } as const
  const { trail } = new ActNotices(envelope, () => configuration.settings.webhooks, complain)
  await store.write((writing) => trail.append(writing, event, nowMs()))
  print(`${resealed} records are sealed under envelope key ${to}; key ${from} opens nothing any more`)
  print(file === undefined ? `give the key in ${next} to Gatehouse before it starts` : `the key is in ${file}: keep a copy of it apart from the store`)
  print('back-ups of before still need the old key')
}

function nextKey(file: string) {
  const key = readKeyFile(resolve(file))
  if (key === undefined) throw new CommandRefused(`there is no file ${file}`, 2)
  if ('refused' in key) throw new CommandRefused(key.refused, 2)
  return key
}

const WHY = {
  'rotation.same-key': 'the store is sealed under this key already',
  'rotation.other-under-way': 'a rotation to another key is not finished: go on with that one first',
  'rotation.unregistered': 'these collections hold sealed values and are not in the list of what is sealed anew',
  'rotation.unreadable': 'some values open under neither key',
  'rotation.still-used': 'somebody goes on sealing with the old key: another Gatehouse runs on this store',
  'rotation.key-file': 'the new key cannot be read',
} as const

function progress(): Pick<RotationOptions, 'progress'> {
  if (stderr.isTTY !== true) return {}
  let records = 0
  return { progress: (step) => void stderr.write(`\r${(records += step.records)} records looked at`) }
}
