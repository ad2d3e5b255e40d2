// Keys that are over: their records go after a while, a piece at a time, and stay known as ended for ever.
import type { Store, Writing } from '../ports/store.ts'
import { removeKeyRecords } from './keys.ts'
import { keys, revokedKeys, type StoredKey } from './records.ts'

/** How long a key that was revoked or has expired stays to be asked about, with its last use. The trail has its making and its end for as long as it has anything. */
export const DEAD_KEYS_KEPT_MS = 90 * 86_400_000
/** Keys that are looked at in one piece, and pieces in one turn: what is left is for the next turn. */
const PIECE = 500
const PIECES_MAX = 20

const endMs = ({ revoked, expiresMs = Number.POSITIVE_INFINITY }: StoredKey): number => Math.min(revoked?.atMs ?? Number.POSITIVE_INFINITY, expiresMs)
const isDue = (key: StoredKey, nowMs: number): boolean => endMs(key) + DEAD_KEYS_KEPT_MS <= nowMs

/** Forgets those of the keys that are due. Their tags stay: a file that brings the hash of one of them anew does not bring it back to life. */
async function forgetDead(writing: Writing, nowMs: number, ids: readonly string[]): Promise<number> {
  let forgotten = 0
  for (const id of ids) {
    const key = await writing.get(keys, id)
    if (key === undefined || !isDue(key, nowMs)) continue
    if ((await writing.get(revokedKeys, key.tag)) === undefined) writing.put(revokedKeys, key.tag, { atMs: endMs(key), by: 'system', why: 'it expired' })
    await removeKeyRecords(writing, key)
    forgotten++
  }
  return forgotten
}

/** A function that forgets keys that are due, and goes on where the turn before stopped. Tells how many records went. */
export function keyUpkeep({ store, nowMs }: { readonly store: Store; readonly nowMs: () => number }): () => Promise<number> {
  let after: string | undefined
  return async () => {
    let forgotten = 0
    for (let piece = 0; piece < PIECES_MAX; piece++) {
      // Looked for beside everybody's writes: most pieces hold nothing that is due.
      const page = await store.read((reading) => reading.scan(keys, { limit: PIECE, ...(after !== undefined && { after }) }))
      const due = page.filter(({ value }) => isDue(value, nowMs())).map(({ key }) => key)
      if (due.length > 0) forgotten += await store.write((writing) => forgetDead(writing, nowMs(), due))
      after = page.length === PIECE ? page.at(-1)!.key : undefined
      if (after === undefined) break
    }
    return forgotten
  }
}
