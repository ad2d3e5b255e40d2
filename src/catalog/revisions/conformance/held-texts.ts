// Which texts should be there, by everything that holds one, against those that are: none is lost, and none stays that nothing holds.
import assert from 'node:assert/strict'
import { everyEntry, type Reading } from '../../../ports/store.ts'
import { keyOf } from '../kinds.ts'
import { CHANGES, changeUser, DRAFT_CHANGES, OBJECTS, type Owner, objectUser, type Stored } from '../records.ts'

export async function assertTextsHeld(reading: Reading): Promise<void> {
  const uses: string[] = []
  const held = (stored: Stored | undefined, user: string): void => {
    if (stored && 'content' in stored) uses.push(`${stored.content}/${user}`)
  }
  for await (const { key, value } of everyEntry(reading, OBJECTS)) held(value.stored, objectUser(key.split('/', 1)[0] as Owner, keyOf(value)))
  for await (const { key, value } of everyEntry(reading, CHANGES))
    for (const side of ['before', 'after'] as const) held(value[side]?.stored, changeUser(Number(key.split('/', 1)[0]), value.owner, keyOf(value), side))
  for await (const { key, value } of everyEntry(reading, DRAFT_CHANGES)) held(value.stored, `draft/${key}`)
  const found = async (name: string): Promise<string[]> => (await Array.fromAsync(everyEntry(reading, { name }))).map(({ key }) => key)
  assert.deepEqual(await found('catalog-content-use'), uses.sort())
  const digests = (keys: readonly string[]): string[] => [...new Set(keys.map((key) => key.split('/', 1)[0]!))]
  assert.deepEqual(digests(await found('catalog-content')), digests(uses))
}
