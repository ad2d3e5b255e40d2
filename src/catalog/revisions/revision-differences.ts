// What a revision changed, path by path: for whoever reads history.
import type { Reading } from '../../ports/store.ts'
import { type ObjectDifference, objectDifference } from './difference.ts'
import { readChanges } from './history.ts'
import type { Owner } from './records.ts'
import { readValue } from './state.ts'

/** In the order of owners and objects; empty when there is no such revision, or one that only says what a rollback wanted. */
export async function revisionDifferences(reading: Reading, revision: number): Promise<readonly (ObjectDifference & { readonly owner: Owner })[]> {
  const all: (ObjectDifference & { readonly owner: Owner })[] = []
  for (const { kind, name, owner, before, after } of await readChanges(reading, revision)) {
    const values = [before && (await readValue(reading, before.stored)), after && (await readValue(reading, after.stored))]
    const difference = objectDifference({ kind, name }, values[0], values[1])
    if (difference) all.push({ ...difference, owner })
  }
  return all
}
