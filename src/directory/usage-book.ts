// Who calls what: kept by API and consumer in buckets of a day, written in batches, within bounds and for as long as the operator says.
import { collection, everyEntry, type Reading, type Store, type Writing } from '../ports/store.ts'

const DAY_MS = 86_400_000
/** Pairs of API and consumer that are kept; beyond it the one that called longest ago makes room. */
export const PAIRS_MAX = 100_000
/** Pairs in one transaction: what is above waits for the next. */
export const BATCH_MAX = 1000
/** Pairs that wait between two writes. */
const WAITING_MAX = 200_000

/** Calls of one credential to one API, as gateway threads tell them. `api`: as in metrics, `bookshop@v1` for a version. */
export interface Call {
  readonly api: string
  readonly consumer: string
  readonly count: number
  readonly lastMs: number
}
/** The same as a question is answered: one consumer, one API or version, in the time that was asked about. */
export interface UsageRecord {
  readonly api: string
  readonly consumer: string
  readonly lastCallMs: number
  readonly calls: number
}

interface Tally {
  readonly lastMs: number
  /** Calls by day, in the order of days, as whole days since the epoch. */
  readonly days: readonly (readonly [day: number, calls: number])[]
}
/** `api/consumer`. */
export const callers = collection<Tally>('usage-caller')
/** `2027-01-31/api/consumer`: the day of the last call. */
export const callersByDay = collection<true>('usage-caller-by-day')
/** By API. */
export const calledApis = collection<Tally>('usage-api')
interface Size {
  readonly pairs: number
  /** Pairs that were forgotten before their time, to make room. */
  readonly evicted: number
}
const sizes = collection<Size>('usage-size')
const ONLY = 'only'

const dayOf = (ms: number): number => Math.floor(ms / DAY_MS)
const dayText = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
const placeOf = (lastMs: number, pair: string): string => `${dayText(lastMs)}/${pair}`

/** Adds calls to what is known. At most `BATCH_MAX` of them. */
export async function recordCalls(writing: Writing, calls: readonly Call[], retentionMs: number, pairsMax = PAIRS_MAX): Promise<void> {
  const before = await usageSize(writing)
  let { pairs, evicted } = before
  const byApi = new Map<string, Call>()
  for (const call of calls.slice(0, BATCH_MAX)) {
    const pair = `${call.api}/${call.consumer}`
    const known = await writing.get(callers, pair)
    if (known === undefined && pairs >= pairsMax) {
      if (!(await evictOldest(writing))) continue
      pairs--
      evicted++
    }
    if (known === undefined) pairs++
    const tally = added(known, call, retentionMs)
    writing.put(callers, pair, tally)
    if (known === undefined || dayOf(known.lastMs) !== dayOf(tally.lastMs)) {
      if (known !== undefined) writing.remove(callersByDay, placeOf(known.lastMs, pair))
      writing.put(callersByDay, placeOf(tally.lastMs, pair), true)
    }
    const sum = byApi.get(call.api)
    byApi.set(call.api, sum === undefined ? call : { ...call, count: sum.count + call.count, lastMs: Math.max(sum.lastMs, call.lastMs) })
  }
  for (const [api, sum] of byApi) writing.put(calledApis, api, added(await writing.get(calledApis, api), sum, retentionMs))
  if (pairs !== before.pairs || evicted !== before.evicted) writing.put(sizes, ONLY, { pairs, evicted })
}

function added(known: Tally | undefined, { count, lastMs }: Call, retentionMs: number): Tally {
  const day = dayOf(lastMs)
  const latest = Math.max(lastMs, known?.lastMs ?? 0)
  const days = new Map(known?.days)
  days.set(day, (days.get(day) ?? 0) + count)
  const first = dayOf(latest - retentionMs)
  return { lastMs: latest, days: [...days].filter(([each]) => each >= first).sort(([a], [b]) => a - b) }
}

async function evictOldest(writing: Writing): Promise<boolean> {
  const place = (await writing.scan(callersByDay, { limit: 1 }))[0]?.key
  if (place === undefined) return false
  writing.remove(callersByDay, place)
  writing.remove(callers, place.slice(place.indexOf('/') + 1))
  return true
}

export const usageSize = async (reading: Reading): Promise<Size> => (await reading.get(sizes, ONLY)) ?? { pairs: 0, evicted: 0 }

/** What a record says of the time since: undefined when there was no call. Days count whole. */
export function usageOf(pair: string, { lastMs, days }: Tally, sinceMs: number): UsageRecord | undefined {
  if (lastMs < sinceMs) return undefined
  const [api, consumer = ''] = pair.split('/') as [string, string?]
  return { api, consumer, lastCallMs: lastMs, calls: days.reduce((sum, [day, calls]) => (day >= dayOf(sinceMs) ? sum + calls : sum), 0) }
}

/** Everybody who called an API or version since: for whoever warns them. */
export async function callersOf(reading: Reading, api: string, sinceMs: number): Promise<UsageRecord[]> {
  const found: UsageRecord[] = []
  for await (const { key, value } of everyEntry(reading, callers, `${api}/`)) {
    const record = usageOf(key, value, sinceMs)
    if (record) found.push(record)
  }
  return found
}

/** Forgets who has not called since, at most `BATCH_MAX` at once. Resolves to how many pairs were forgotten. */
export async function sweepUsage(writing: Writing, beforeMs: number): Promise<number> {
  const old = await writing.scan(callersByDay, { before: dayText(beforeMs), limit: BATCH_MAX })
  for (const { key } of old) {
    writing.remove(callersByDay, key)
    writing.remove(callers, key.slice(key.indexOf('/') + 1))
  }
  for (const { key, value } of await writing.scan(calledApis, { limit: 1000 })) if (value.lastMs < beforeMs) writing.remove(calledApis, key)
  const { pairs, evicted } = await usageSize(writing)
  if (old.length > 0) writing.put(sizes, ONLY, { pairs: pairs - old.length, evicted })
  return old.length
}

/** What was told and is not yet written. */
export class UsageBook {
  /** Calls that found no room while they waited. */
  lost = 0
  private readonly store: Store
  private readonly retentionMs: () => number
  private readonly waitingMax: number
  private waiting = new Map<string, Call>()

  constructor(store: Store, retentionMs: () => number, waitingMax = WAITING_MAX) {
    this.store = store
    this.retentionMs = retentionMs
    this.waitingMax = waitingMax
  }

  add(calls: readonly Call[]): void {
    for (const { api, consumer, count, lastMs } of calls) {
      const pair = `${api}/${consumer}`
      const known = this.waiting.get(pair)
      if (known !== undefined) this.waiting.set(pair, { api, consumer, count: known.count + count, lastMs: Math.max(known.lastMs, lastMs) })
      else if (this.waiting.size < this.waitingMax) this.waiting.set(pair, { api, consumer, count, lastMs })
      else this.lost += count
    }
  }

  /** Writes all that waits: for the end of the program. */
  async close(): Promise<void> {
    while (this.waiting.size > 0) await this.flush()
  }

  /** Writes a batch of what waits, in one transaction. When it rejects, the batch waits again. */
  async flush(): Promise<void> {
    const batch: Call[] = []
    for (const [pair, call] of this.waiting) {
      if (batch.length === BATCH_MAX) break
      batch.push(call)
      this.waiting.delete(pair)
    }
    if (batch.length === 0) return
    try {
      await this.store.write((writing) => recordCalls(writing, batch, this.retentionMs()))
    } catch (cause) {
      this.add(batch)
      throw cause
    }
  }

  /** Forgets what is older than the operator wants to know. */
  async sweep(nowMs: number): Promise<void> {
    await this.store.write((writing) => sweepUsage(writing, nowMs - this.retentionMs()))
  }
}
