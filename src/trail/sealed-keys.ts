// Where this room keeps sealed values, told to whoever rotates the envelope's key: the private keys of the trail and of the witness.
import type { Collection } from '../ports/store.ts'
import { KEYS, type KeyRecord, sealedPlace } from './records.ts'
import { WITNESS_KEYS, WITNESS_SEALED_PLACE } from './witness.ts'

type Reseal = (sealed: string, context: string) => string
interface SealedKeys {
  readonly collection: Collection<KeyRecord>
  /** The record with its sealed value given to `reseal`, if it holds one. */
  map(value: KeyRecord, key: string, reseal: Reseal): KeyRecord
}
const resealed = (value: KeyRecord, context: string, reseal: Reseal): KeyRecord =>
  value.sealed === undefined ? value : { ...value, sealed: reseal(value.sealed, context) }

export const SEALED_KEYS: readonly SealedKeys[] = [
  { collection: KEYS, map: (value, key, reseal) => resealed(value, sealedPlace(key), reseal) },
  { collection: WITNESS_KEYS, map: (value, _key, reseal) => resealed(value, WITNESS_SEALED_PLACE, reseal) },
]
