// The key that an operation changes, when the caller changes the state that they saw; and why the directory does not.
import { getKey } from '../../../directory/keys.ts'
import type { Refused as OfDirectory, StoredKey } from '../../../directory/records.ts'
import type { Reading } from '../../../ports/store.ts'
import { type Call, etagOf, type Refused, refused } from '../../operation.ts'
import { filedKey } from './key-schema.ts'

/** What the directory refuses, as operations on keys declare it. */
export const refusedKey = ({ refused: code, says }: OfDirectory<string>): Refused => refused(code === 'unknown-key' ? 'unknown' : code, { detail: says })

export async function guardedKey(call: Call<{ readonly key: string }, unknown, unknown>, reading: Reading): Promise<StoredKey | Refused> {
  const { key: id } = call.parameters
  const key = await getKey(reading, id)
  if (key === undefined) return refused(filedKey(call.plane.services.catalog.configuration.directory, id) ? 'owned-by-file' : 'unknown')
  return call.guard(etagOf(key)) ?? key
}
