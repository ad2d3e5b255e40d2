// Replays the whole history of a catalog and says where it does not add up: after a restore, or a store that was not to be trusted.
import { everyEntry, type Reading } from '../../ports/store.ts'
import { readChanges } from './history.ts'
import { keyOf, type ObjectKey } from './kinds.ts'
import { type Owner, REVISIONS, type Stored } from './records.ts'
import { digestOf, isTextKind, readHead, readState, readValue, stateDigest, type TextCache } from './state.ts'

type Plain = { readonly kind: string; readonly name: string; readonly digest: string; readonly stored: Stored }

/** Nothing when every revision follows from the one before, every value is what its digest says, and what is owned now is what the last one left. */
export async function verifyCatalog(reading: Reading): Promise<readonly string[]> {
  const wrong: string[] = []
  const states: Record<Owner, Map<ObjectKey, Plain>> = { console: new Map(), file: new Map() }
  const texts: TextCache = new Map()
  let last = 0
  for await (const { value: revision } of everyEntry(reading, REVISIONS)) {
    const { number } = revision
    if (number !== last + 1 || revision.parent !== last) wrong.push(`revision ${number} does not follow ${last}`)
    last = number
    const changes = await readChanges(reading, number)
    if (changes.length !== revision.changes) wrong.push(`revision ${number} has ${changes.length} of its ${revision.changes} changes`)
    for (const { kind, name, owner, before, after } of changes) {
      const key = keyOf({ kind, name })
      if (states[owner].get(key)?.digest !== before?.digest) wrong.push(`revision ${number} changes ${key} from what it was not`)
      if (after) states[owner].set(key, { kind, name, ...after })
      else states[owner].delete(key)
      if (after && !(await isWhole(reading, kind, after, texts))) wrong.push(`revision ${number} has another value for ${key} than its digest says`)
    }
    if (stateDigest(states.console) !== revision.digest || stateDigest(states.file) !== revision.fileDigest) wrong.push(`revision ${number} left another state`)
  }
  const head = await readHead(reading)
  if (head.revision !== last || head.digest !== stateDigest(states.console) || head.fileDigest !== stateDigest(states.file))
    wrong.push(`the head is not revision ${last}`)
  for (const owner of ['console', 'file'] as const)
    if (stateDigest(await readState(reading, owner)) !== stateDigest(states[owner])) wrong.push(`what the ${owner} owns is not what revision ${last} left`)
  return wrong
}

async function isWhole(reading: Reading, kind: string, { digest, stored }: { digest: string; stored: Stored }, texts: TextCache): Promise<boolean> {
  try {
    return digestOf(await readValue(reading, stored, texts), isTextKind(kind)) === digest
  } catch {
    return false
  }
}
