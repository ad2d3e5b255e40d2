// When keys were last used: kept in batches, and asked for those that nobody uses.
import type { Reading, Writing } from '../ports/store.ts'
import { type KeyUse, keys, keysByDay, keyUses, type PageRequest, type StoredKey } from './records.ts'

const DAY_MS = 86_400_000
/** Keys in one transaction: what is above waits for the next. */
export const USES_MAX = 1000

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
export const dayKey = (ms: number, id: string): string => `${dayOf(ms)}/${id}`

/** So often and so recently, since the last time it was told. */
export interface Used {
  readonly credential: string
  readonly count: number
  readonly lastMs: number
}

/** Writes at most `USES_MAX` keys' last use. Keys of a file have a last use too, and no day: they are not in the store. */
export async function recordUses(writing: Writing, uses: readonly Used[]): Promise<void> {
  for (const { credential, count, lastMs } of uses.slice(0, USES_MAX)) {
    const before = await writing.get(keyUses, credential)
    const use: KeyUse = { lastMs: Math.max(lastMs, before?.lastMs ?? 0), count: count + (before?.count ?? 0) }
    writing.put(keyUses, credential, use)
    if (before !== undefined && dayOf(before.lastMs) === dayOf(use.lastMs)) continue
    const key = await writing.get(keys, credential)
    // A revoked key has left the days already, and one that was forgotten meanwhile leaves nothing behind.
    if (key === undefined || key.revoked !== undefined) continue
    writing.remove(keysByDay, dayKey(before?.lastMs ?? key.createdMs, credential))
    writing.put(keysByDay, dayKey(use.lastMs, credential), true)
  }
}

export const lastUse = (reading: Reading, id: string): Promise<KeyUse | undefined> => reading.get(keyUses, id)

export interface UnusedKey {
  readonly key: StoredKey
  /** Absent: never. Then it counts from its creation. */
  readonly lastMs?: number
}
export interface UnusedPage {
  readonly items: readonly UnusedKey[]
  /** Absent on the last page. A page may hold fewer keys than asked for and still have a next one. */
  readonly next?: string
}

/** Valid keys that were not used for so many days, longest unused first. Looks only at what it answers. */
export async function unusedFor(reading: Reading, days: number, nowMs: number, page: PageRequest): Promise<UnusedPage> {
  const cutMs = nowMs - days * DAY_MS
  // All of the cut's own day: which of it is before the cut is told by the exact time.
  const before = dayOf(cutMs + DAY_MS)
  const found = await reading.scan(keysByDay, { before, limit: page.limit, ...(page.after !== undefined && { after: page.after }) })
  const items: UnusedKey[] = []
  for (const { key: place } of found) {
    const id = place.slice(place.indexOf('/') + 1)
    const key = await reading.get(keys, id)
    if (key === undefined || (key.expiresMs !== undefined && key.expiresMs <= nowMs)) continue
    const lastMs = (await reading.get(keyUses, id))?.lastMs
    if ((lastMs ?? key.createdMs) <= cutMs) items.push({ key, ...(lastMs !== undefined && { lastMs }) })
  }
  return { items, ...(found.length === page.limit && { next: found.at(-1)!.key }) }
}
