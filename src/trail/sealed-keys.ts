// Where this room keeps sealed values, told to whoever rotates the envelope's key: the private keys of trail and witness, and the seal of the trail's end.
import type { Collection } from '../ports/store.ts'
import { HEAD, HEAD_PLACE, KEYS, type KeyRecord, sealedPlace } from './records.ts'
import { WITNESS_KEYS, WITNESS_SEALED_PLACE } from './witness.ts'

/** Gives back the same sealed value under the key in use. */
type Reseal = (sealed: string, context: string) => string
interface Sealed<T> {
  readonly collection: Collection<T>
  /** The record with every sealed value in it given to `reseal`. */
  map(value: T, key: string, reseal: Reseal): T
}
const sealed = <T>(collection: Collection<T>, map: Sealed<T>['map']): Sealed<T> => ({ collection, map })
const resealed = (value: KeyRecord, context: string, reseal: Reseal): KeyRecord =>
  value.sealed === undefined ? value : { ...value, sealed: reseal(value.sealed, context) }

export const SEALED_BY_TRAIL = [
  sealed(HEAD, (value, _key, reseal) => ({ ...value, seal: reseal(value.seal, HEAD_PLACE) })),
  sealed(KEYS, (value, key, reseal) => resealed(value, sealedPlace(key), reseal)),
  sealed(WITNESS_KEYS, (value, _key, reseal) => resealed(value, WITNESS_SEALED_PLACE, reseal)),
] as const
