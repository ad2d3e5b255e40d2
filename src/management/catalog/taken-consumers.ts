// A consumer is of the directory or of the catalog, never of both: what has it in both can neither be made live nor start.
import type { LocatedFault } from '../../catalog/reading/located-fault.ts'
import type { ProposedChange } from '../../catalog/revisions/commit.ts'
import { readObject } from '../../catalog/revisions/state.ts'
import { getConsumer } from '../../directory/consumers.ts'
import type { Reading } from '../../ports/store.ts'

/** Consumers that changes would bring into the catalog, and that the directory has. */
export async function takenConsumers(reading: Reading, changes: readonly ProposedChange[]): Promise<readonly LocatedFault[]> {
  const faults: LocatedFault[] = []
  for (const { kind, name, value } of changes) {
    if (kind !== 'consumer' || value === undefined || !(await getConsumer(reading, name))) continue
    const message = `the directory has the consumer '${name}' already: remove it there, or choose another name`
    faults.push({ file: 'console:', line: 1, column: 1, code: 'owned-twice', message, place: `console:consumer/${name}` })
  }
  return faults
}

/** True when the catalog has the consumer, published a moment ago or by whom it is not live. */
export const isOfCatalog = async (reading: Reading, name: string): Promise<boolean> => (await readObject(reading, 'console', `consumer/${name}`)) !== undefined
