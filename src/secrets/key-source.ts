// Where the envelope key comes from: the file that Gatehouse made, a file, a variable of the environment, or a command.
import { join } from 'node:path'
import type { Secret } from '../base/secret.ts'
import { type EnvelopeKey, readEnvelopeKey } from './envelope-key.ts'
import { readKeyCommand } from './key-command.ts'
import { nextKeyFile, readKeyFile } from './key-file.ts'

/** As the configuration says it, with absolute paths. */
export type ConfiguredKeySource = { readonly file: string } | { readonly env: string } | { readonly command: readonly string[]; readonly folder: string }
/** `made`: the file is made at the first start. */
export type KeySource = ConfiguredKeySource | { readonly made: string }

/** The variable that is read when the configuration names no source. */
export const ENVELOPE_KEY_VARIABLE = 'GATEHOUSE_ENVELOPE_KEY'

/** What the source may be read from besides files. */
export interface KeyWorld {
  /** A variable of the environment, out of which it is taken. */
  readonly environment: (name: string) => Secret | undefined
  /** The whole environment of a command. */
  readonly commandEnvironment: { readonly [name: string]: string }
}

/** The keys that a source gives, the one in use first: a file may have the next one beside it. `missing`: there is none yet. */
export type KeyReading = { readonly keys: readonly EnvelopeKey[] } | { readonly missing: string } | { readonly refused: string }

/** The source to read: what the configuration names, else the variable when it is set, else a file in the data folder. */
export function keySource(configured: ConfiguredKeySource | undefined, dataFolder: string, isVariableSet: boolean): KeySource | { readonly refused: string } {
  if (configured && isVariableSet && !('env' in configured && configured.env === ENVELOPE_KEY_VARIABLE)) {
    // Two keys would be two answers to which one is meant.
    return { refused: `${ENVELOPE_KEY_VARIABLE} is set, and the configuration names another source of the envelope key: take one of them away` }
  }
  if (configured) return configured
  return isVariableSet ? { env: ENVELOPE_KEY_VARIABLE } : { made: join(dataFolder, 'envelope.key') }
}

export async function readKeySource(source: KeySource, world: KeyWorld): Promise<KeyReading> {
  if ('made' in source) return readFiles(source.made)
  if ('file' in source) return readFiles(source.file)
  if ('env' in source) {
    const text = world.environment(source.env)
    if (text === undefined) return { missing: `the environment variable ${source.env} is not set` }
    const key = readEnvelopeKey(text.reveal())
    return 'refused' in key ? { refused: `${source.env} holds no envelope key: ${key.refused}` } : { keys: [key] }
  }
  const key = await readKeyCommand({ command: source.command, folder: source.folder, environment: world.commandEnvironment })
  return 'refused' in key ? key : { keys: [key] }
}

function readFiles(file: string): KeyReading {
  const keys: EnvelopeKey[] = []
  for (const each of [file, nextKeyFile(file)]) {
    const key = readKeyFile(each)
    if (key && 'refused' in key) return key
    if (key) keys.push(key)
  }
  return keys.length > 0 ? { keys } : { missing: `there is no file ${file}` }
}
