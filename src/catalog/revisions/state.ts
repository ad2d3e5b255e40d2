// What is owned now: the objects of both owners as the store holds them, and one digest over all.
import { hashOf } from '../../base/canonical-json.ts'
import { everyEntry, type Reading, type Writing } from '../../ports/store.ts'
import { keepContent, readContent, textDigest } from './contents.ts'
import { type CatalogObject, keyOf, kindNamed, type ObjectKey } from './kinds.ts'
import { HEAD, HEAD_KEY, type Head, HORIZON, HORIZON_KEY, type Horizon, OBJECTS, type Owner, type Stored, type StoredObject } from './records.ts'

export type State = ReadonlyMap<ObjectKey, Pick<StoredObject, 'kind' | 'name' | 'digest' | 'stored'>>

export const stateDigest = (state: State): string => hashOf([...state].map(([key, { digest }]) => [key, digest]).sort(([a], [b]) => (a! < b! ? -1 : 1)))
const EMPTY_DIGEST = stateDigest(new Map())

const NOTHING = { revision: 0, digest: EMPTY_DIGEST, fileDigest: EMPTY_DIGEST }

export const readHead = async (reading: Reading): Promise<Head> => (await reading.get(HEAD, HEAD_KEY)) ?? NOTHING
export const readHorizon = async (reading: Reading): Promise<Horizon> => (await reading.get(HORIZON, HORIZON_KEY)) ?? NOTHING

export async function readState(reading: Reading, owner: Owner): Promise<State> {
  const state = new Map<ObjectKey, StoredObject>()
  for await (const { value } of everyEntry(reading, OBJECTS, `${owner}/`)) state.set(keyOf(value), value)
  return state
}

export const readObject = (reading: Reading, owner: Owner, key: ObjectKey): Promise<StoredObject | undefined> => reading.get(OBJECTS, `${owner}/${key}`)

export const digestOf = (value: unknown, isText: boolean): string => (isText ? textDigest(value as string) : hashOf(value))

export const isTextKind = (kind: string): boolean => kindNamed(kind)?.isText === true

/** A value as it is kept. */
export async function store(writing: Writing, { kind, value }: CatalogObject, user: string): Promise<{ readonly digest: string; readonly stored: Stored }> {
  if (!isTextKind(kind)) return { digest: hashOf(value), stored: { value } }
  const content = await keepContent(writing, value as string, user)
  return { digest: content, stored: { content, characters: (value as string).length } }
}

/** Texts that were read, by digest: a document that did not change is read once. */
export type TextCache = Map<string, string>

/** The value as its owner wrote it. */
export async function readValue(reading: Reading, stored: Stored, texts?: TextCache): Promise<unknown> {
  if ('value' in stored) return stored.value
  const known = texts?.get(stored.content)
  if (known !== undefined) return known
  const text = await readContent(reading, stored.content)
  texts?.set(stored.content, text)
  return text
}

/** The objects of a state with their texts; `texts` keeps those of this state and no others. */
export async function objectsOfState(reading: Reading, state: State, texts: TextCache = new Map()): Promise<CatalogObject[]> {
  const objects: CatalogObject[] = []
  const used = new Set<string>()
  for (const { kind, name, stored } of state.values()) {
    if ('content' in stored) used.add(stored.content)
    objects.push({ kind, name, value: await readValue(reading, stored, texts) })
  }
  for (const digest of texts.keys()) if (!used.has(digest)) texts.delete(digest)
  return objects
}
