// Targets that take no further requests because somebody said so: kept in the store, so that neither a new configuration nor a restart forgets it.
import { collection, everyEntry, type Reading, type Writing } from '../ports/store.ts'

export interface Drain {
  /** With all its versions and canaries. */
  readonly api: string
  /** Its address, with its port: `http://10.0.0.5:9001`. */
  readonly target: string
  readonly sinceMs: number
  /** Until then WebSockets and streams of events may stay. */
  readonly streamsUntilMs: number
  /** Who said so. */
  readonly by: string
}
export const drains = collection<Drain>('target-drain')

/** Of one API. */
export const DRAINS_MAX = 256
/** The longest name of a target that a key of the store has room for beside the API's. */
export const TARGET_NAME_MAX = 300

/** No name of an API and no address holds this sign. */
const keyOf = (api: string, target: string): string => `${api}|${target}`

export async function drainsOf(reading: Reading, api: string): Promise<readonly Drain[]> {
  const found = await reading.scan(drains, { prefix: `${api}|`, limit: DRAINS_MAX })
  return found.map(({ value }) => value)
}
export async function allDrains(reading: Reading): Promise<readonly Drain[]> {
  const found: Drain[] = []
  for await (const { value } of everyEntry(reading, drains)) found.push(value)
  return found
}

/** Undefined when there are too many of the API. What was drained already is since when it was. */
export async function putDrain(writing: Writing, drain: Drain): Promise<Drain | undefined> {
  const key = keyOf(drain.api, drain.target)
  const before = await writing.get(drains, key)
  if (before === undefined && (await drainsOf(writing, drain.api)).length >= DRAINS_MAX) return undefined
  const kept = { ...drain, sinceMs: before?.sinceMs ?? drain.sinceMs }
  writing.put(drains, key, kept)
  return kept
}
/** False when it was not drained. */
export async function removeDrain(writing: Writing, api: string, target: string): Promise<boolean> {
  const key = keyOf(api, target)
  if ((await writing.get(drains, key)) === undefined) return false
  writing.remove(drains, key)
  return true
}
