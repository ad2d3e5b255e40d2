// What stands under the running Gatehouse, opened in the order that leaves nothing half open: the store, the envelope, the data keys, the trail.
import { statSync } from 'node:fs'
import { archiveBackUp } from '../adapters/archive-file.ts'
import { importIsUnfinished } from '../adapters/store-archive.ts'
import { randomSecret } from '../base/ids.ts'
import type { Configuration } from '../catalog/resolving/resolve.ts'
import { adoptKeys } from '../directory/file-keys.ts'
import { KeyDigests } from '../directory/key-digests.ts'
import { type BackUp, collection, everyEntry, type Store } from '../ports/store.ts'
import { dataKey } from '../secrets/data-keys.ts'
import type { KeyedEnvelope } from '../secrets/envelope.ts'
import { underKey } from '../secrets/under-key.ts'
import type { Trail } from '../trail/trail.ts'
import { ActNotices } from './act-notices.ts'
import { envelopeLines, openConfiguredEnvelope } from './envelope.ts'
import { openStore } from './open-store.ts'
import type { Settings } from './settings.ts'

export interface Foundations {
  readonly store: Store
  readonly backUp: BackUp
  readonly storeKind: 'sqlite' | 'postgres' | 'memory'
  readonly envelope: KeyedEnvelope
  readonly trail: Trail
  /** Who is told of what the trail is told. */
  readonly notices: ActNotices
  /** Under it API keys are known in the store. */
  readonly directoryKey: Uint8Array
  /** Peppers passwords, signs tickets and CSRF tokens. */
  readonly peopleKey: Uint8Array
  /** What the operator is told about them at the start. */
  readonly lines: readonly string[]
  close(): Promise<void>
}

/** Keys that version 0.1.0 made, as its migration left them. */
const legacyKeys = collection<{ readonly consumer: string; readonly expiresMs?: number }>('legacy-key')

/** What of a configuration is read before anything is open. */
export type FoundationPlan = Pick<Configuration, 'store' | 'envelope' | 'dataFolder'> & { readonly settings: Pick<Configuration['settings'], 'webhooks'> }
export interface FoundationOptions {
  readonly nowMs: number
  /** What could not be told to others, for the operator. */
  readonly report: (text: string) => void
  /** In place of the configured store. */
  readonly store?: Store | undefined
}

/** Rejects with a message for the operator; what was opened until then is closed. */
export async function openFoundations(
  { store: where, envelope: source, dataFolder, settings: { webhooks } }: FoundationPlan,
  settings: Settings,
  { nowMs, report, store: given }: FoundationOptions,
): Promise<Foundations> {
  const { store: raw, backUp } = given ? { store: given, backUp: archiveBackUp(given) } : await openStore(where, (name) => settings.secret(name)?.reveal())
  // What was given is its giver's to close.
  const close = async (): Promise<void> => (given ? undefined : raw.close())
  try {
    // Half of a store may hold a key and not that it is revoked.
    if (await raw.read(importIsUnfinished))
      throw new Error('a restore into this store broke off, and what it holds is not whole: go on with gatehouse restore FILE --replace')
    const opened = await openConfiguredEnvelope(raw, source, dataFolder, settings)
    if ('refused' in opened) throw new Error(opened.refused)
    const { envelope } = opened
    const store = underKey(raw, envelope)
    const notices = new ActNotices(envelope, () => webhooks, report)
    const [directoryKey, peopleKey] = await store.write(async (writing) => [
      await dataKey(writing, envelope, 'directory', randomSecret),
      await dataKey(writing, envelope, 'people', randomSecret),
    ])
    const keys = { directoryKey: directoryKey!.octets(), peopleKey: peopleKey!.octets() }
    await takeOverKeys(store, new KeyDigests(keys.directoryKey), nowMs)
    return { store, backUp, storeKind: given ? 'memory' : where.kind, envelope, notices, trail: notices.trail, ...keys, lines: envelopeLines(opened), close }
  } catch (cause) {
    await close()
    throw cause
  }
}

/** Once: what was taken over is not there any more. */
function takeOverKeys(store: Store, digests: KeyDigests, nowMs: number): Promise<void> {
  return store.write(async (writing) => {
    for await (const { key: digest, value } of everyEntry(writing, legacyKeys)) {
      await adoptKeys(writing, digests, nowMs, [{ digest, ...value }])
      writing.remove(legacyKeys, digest)
    }
  })
}

/** Volumes of containers come like this: it is told, and not refused. */
export const isOpenToOthers = (folder: string): boolean => process.platform !== 'win32' && (statSync(folder).mode & 0o002) !== 0
