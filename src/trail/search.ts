// Looks things up in the trail for operators: by who, what, on what and when, page by page, newest first.
import { type Reading, SCAN_LIMIT_MAX } from '../ports/store.ts'
import type { TrailEntry } from './entry.ts'
import type { Opening } from './opening.ts'
import { ENTRIES, indexKey, indexOfMention, MENTIONS, mentionPrefix, OPENINGS, readEntry, readHead } from './records.ts'

export interface TrailQuery {
  /** The id of an actor. */
  readonly actor?: string
  /** An act, or the beginning of one: `key.create`, `key.`, `key`. */
  readonly act?: string
  readonly object?: { readonly kind: string; readonly name: string }
  readonly outcome?: 'done' | 'refused'
  /** Milliseconds; `from` inclusive, `until` exclusive. */
  readonly fromMs?: number
  readonly untilMs?: number
  /** Indexes; `from` inclusive, `until` exclusive. The next page's `until` (or `from`, oldest first) is the `next` of this one. */
  readonly from?: number
  readonly until?: number
  readonly oldestFirst?: boolean
  /** 1 to 1,000. */
  readonly limit: number
}
export interface TrailPage {
  readonly entries: readonly TrailEntry[]
  /** Where the next page begins; undefined when there is none. A page may hold fewer entries than asked for and still have a next one. */
  readonly next: number | undefined
}

/** So many candidates are looked at for one page: a search for what is rare costs many small pages, not one long one. */
const LOOKED_AT_MAX = 5000

export async function searchTrail(reading: Reading, query: TrailQuery): Promise<TrailPage> {
  const { oldestFirst = false } = query
  const limit = Math.max(1, Math.min(query.limit, SCAN_LIMIT_MAX))
  const size = (await readHead(reading))?.size ?? 0
  let from = Math.max(query.from ?? 0, query.fromMs === undefined ? 0 : await firstNotBefore(reading, query.fromMs, size))
  let until = Math.min(query.until ?? size, size, query.untilMs === undefined ? size : await firstNotBefore(reading, query.untilMs, size))
  const prefix = mentionOf(query)
  const entries: TrailEntry[] = []
  for (let lookedAt = 0; from < until && lookedAt < LOOKED_AT_MAX; ) {
    const page = await candidates(reading, prefix, { from, until, oldestFirst, limit: Math.min(SCAN_LIMIT_MAX, Math.max(limit, 100)) })
    if (page.length === 0) return { entries, next: undefined }
    for (const entry of page) {
      lookedAt++
      if (oldestFirst) from = entry.index + 1
      else until = entry.index
      if (answers(entry, query)) entries.push(entry)
      if (entries.length === limit) return { entries, next: from < until ? (oldestFirst ? from : until) : undefined }
    }
  }
  return { entries, next: from < until ? (oldestFirst ? from : until) : undefined }
}

/** The narrowest list that holds all answers; undefined: the whole trail. */
function mentionOf({ actor, act, object }: TrailQuery): string | undefined {
  if (object) return mentionPrefix('object', object.kind, object.name)
  if (actor !== undefined) return mentionPrefix('actor', actor)
  // Only a whole noun has a list: what ends in the middle of one may be the beginning of several.
  return act?.includes('.') ? mentionPrefix('noun', act.slice(0, act.indexOf('.'))) : undefined
}

interface Window {
  readonly from: number
  readonly until: number
  readonly oldestFirst: boolean
  readonly limit: number
}
async function candidates(reading: Reading, prefix: string | undefined, { from, until, oldestFirst, limit }: Window): Promise<readonly TrailEntry[]> {
  const start = prefix ?? ''
  // Bounds of a scan are exclusive, and nothing stands between a key and the same with "!" behind it: so `from` itself is in.
  const range = { before: start + indexKey(until), reverse: !oldestFirst, limit, ...(from > 0 && { after: `${start + indexKey(from - 1)}!` }) }
  if (prefix === undefined) return (await reading.scan(ENTRIES, range)).map(({ value }) => value.entry)
  const found: TrailEntry[] = []
  for (const { key } of await reading.scan(MENTIONS, { ...range, prefix })) {
    const entry = await readEntry(reading, indexOfMention(key))
    if (entry) found.push(entry)
  }
  return found
}

function answers(entry: TrailEntry, { actor, act, object, outcome }: TrailQuery): boolean {
  return (
    (actor === undefined || entry.actor.id === actor) &&
    (act === undefined || entry.act.startsWith(act)) &&
    (object === undefined || (entry.object?.kind === object.kind && entry.object.name === object.name)) &&
    (outcome === undefined || entry.outcome === outcome)
  )
}

/** The index of the first entry at or after this time; `size` when there is none. Times never go back, so halving finds it. */
async function firstNotBefore(reading: Reading, ms: number, size: number): Promise<number> {
  let [low, high] = [0, size]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (Date.parse((await readEntry(reading, middle))!.time) < ms) low = middle + 1
    else high = middle
  }
  return low
}

/** The personal fields of an entry that are not erased, by name. */
export async function readOpenings(reading: Reading, index: number): Promise<ReadonlyMap<string, Opening>> {
  const prefix = `${indexKey(index)}/`
  return new Map((await reading.scan(OPENINGS, { prefix, limit: 100 })).map(({ key, value }) => [key.slice(prefix.length), value]))
}
