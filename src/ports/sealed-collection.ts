// What a room says about a collection whose records hold sealed values, so that a rotation finds every one of them.
import type { Collection } from './store.ts'

/** Gives back the sealed value under the key in use: the same text when it is sealed under it already. `context` is that of its sealing. */
export type Reseal = (sealed: string, context: string) => string

/**
 * Seal inside of the transaction that writes: what was sealed before a rotation and is written after it would stand under a key that is gone.
 * Registered by whoever seals values in a collection; what nobody registers stops a rotation before it gives up the old key.
 */
export interface SealedCollection<T> {
  readonly collection: Collection<T>
  /** The record with every sealed value in it given to `reseal`. Changes nothing else, and does nothing besides. */
  map(value: T, key: string, reseal: Reseal): T
}

/** Of records of any kind: a list of them has no common type. */
// biome-ignore lint/suspicious/noExplicitAny: a record goes back into the collection that it came from
export type AnySealedCollection = SealedCollection<any>
