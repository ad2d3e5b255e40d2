// A store that writes only while the envelope's key is the one that the store goes by: a node that was not told of a rotation seals nothing under the old key.
import { type Store, StoreUnavailable } from '../ports/store.ts'
import type { KeyedEnvelope } from './envelope.ts'
import { isStale } from './open-envelope.ts'

/**
 * Looks in every write transaction, before its work. Writes are serial over all nodes, so that nobody rotates between the look and the commit. A rotation
 * itself needs the store as it is.
 */
export function underKey(store: Store, envelope: KeyedEnvelope): Store {
  return {
    read: (work) => store.read(work),
    write: (work) =>
      store.write(async (writing) => {
        if (await isStale(writing, envelope)) {
          envelope.retire(ROTATED)
          throw new StoreUnavailable(ROTATED)
        }
        return work(writing)
      }),
    changes: (since) => store.changes(since),
    onChange: (heard) => store.onChange(heard),
    close: () => store.close(),
  }
}

export const ROTATED = 'the envelope key was rotated by another node: start this one anew with the new key'
