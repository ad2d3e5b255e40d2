// The envelope of this installation: from its configuration and its environment to an envelope that is open, or a sentence why it is not.
import type { Store } from '../ports/store.ts'
import { type ConfiguredKeySource, ENVELOPE_KEY_VARIABLE, keySource } from '../secrets/key-source.ts'
import { type OpenedEnvelope, openEnvelope } from '../secrets/open-envelope.ts'
import type { Settings } from './settings.ts'

/** `dataFolder`: where the key is made when nothing names another place. `refused` is for the operator: nothing starts then. */
export async function openConfiguredEnvelope(
  store: Store,
  configured: ConfiguredKeySource | undefined,
  dataFolder: string,
  settings: Pick<Settings, 'envelopeKey' | 'secret' | 'commandEnvironment'>,
): Promise<OpenedEnvelope | { readonly refused: string }> {
  const source = keySource(configured, dataFolder, settings.envelopeKey !== undefined)
  if ('refused' in source) return source
  const environment = (name: string) => (name === ENVELOPE_KEY_VARIABLE ? settings.envelopeKey : settings.secret(name))
  return openEnvelope(store, source, { environment, commandEnvironment: settings.commandEnvironment })
}

/** What the operator is told at the start of an envelope that is open. */
export function envelopeLines({ file, isMade, unfinished, envelope }: OpenedEnvelope): readonly string[] {
  const where = file === undefined ? [] : [`envelope key ${envelope.keyId} ${isMade ? 'made in' : 'from'} ${file}`]
  if (isMade) where.push('  keep a copy of it apart from the store: without it a back-up of the store shows no secret, to you neither')
  if (unfinished) where.push(`a rotation from envelope key ${unfinished.from} to key ${unfinished.to} is not finished: run it again`)
  return where
}
