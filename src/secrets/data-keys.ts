// Data keys: 32 random octets for one purpose, made once and kept sealed, so that a rotation of the envelope key leaves digests valid.
import { randomSecret } from '../base/ids.ts'
import { Secret } from '../base/secret.ts'
import type { Envelope } from '../ports/envelope.ts'
import type { SealedCollection } from '../ports/sealed-collection.ts'
import { collection, type Reading, type Writing } from '../ports/store.ts'

interface SealedDataKey {
  readonly sealed: string
}
export const dataKeys = collection<SealedDataKey>('data-key')
const contextOf = (purpose: string): string => `data-key/${purpose}`

/** The key for a purpose (`api-key-mac`), made in this transaction if there is none. Throws `UnreadableSecret` when it was sealed under a key not given. */
export async function dataKey(writing: Writing, envelope: Envelope, purpose: string, random: (octets: number) => Uint8Array = randomSecret): Promise<Secret> {
  checkPurpose(purpose)
  const known = await readDataKey(writing, envelope, purpose)
  if (known) return known
  const made = random(32)
  writing.put(dataKeys, purpose, { sealed: envelope.seal(made, contextOf(purpose)) })
  return new Secret(made)
}

/** The key for a purpose; undefined when none was made yet. */
export async function readDataKey(reading: Reading, envelope: Envelope, purpose: string): Promise<Secret | undefined> {
  checkPurpose(purpose)
  const record = await reading.get(dataKeys, purpose)
  return record && new Secret(envelope.open(record.sealed, contextOf(purpose)))
}

function checkPurpose(purpose: string): void {
  if (!/^[a-z][a-z0-9-]{0,63}$/.test(purpose)) throw new Error(`'${purpose}' is no purpose of a data key`)
}

export const sealedDataKeys: SealedCollection<SealedDataKey> = {
  collection: dataKeys,
  map: (value, purpose, reseal) => ({ ...value, sealed: reseal(value.sealed, contextOf(purpose)) }),
}
