// Undoes the whole history of a catalog, as far as it is kept, and says where it does not add up: after a restore, or a store that was not to be trusted.
import { type Reading, StoreUnavailable } from '../../ports/store.ts'
import { readContent } from './contents.ts'
import { listRevisions, readChanges } from './history.ts'
import { keyOf, type ObjectKey } from './kinds.ts'
import type { Owner, Revision, Stored } from './records.ts'
import { digestOf, readHead, readHorizon, readState, stateDigest } from './state.ts'

interface Kept {
  readonly kind: string
  readonly name: string
  readonly digest: string
  readonly stored: Stored
}
type States = Readonly<Record<Owner, Map<ObjectKey, Kept>>>

/**
 * Nothing when what is owned now is what the last revision left, every revision followed from the one before, back to where history begins, and every
 * value is what its digest says.
 */
export async function verifyCatalog(reading: Reading): Promise<readonly string[]> {
  const wrong: string[] = []
  const texts = new WholeTexts(reading)
  const states: States = { console: new Map(await readState(reading, 'console')), file: new Map(await readState(reading, 'file')) }
  const isLeft = ({ digest, fileDigest }: { readonly digest: string; readonly fileDigest: string }): boolean =>
    stateDigest(states.console) === digest && stateDigest(states.file) === fileDigest
  for (const owner of ['console', 'file'] as const)
    for (const [key, object] of states[owner])
      if (!(await texts.isWhole(object))) wrong.push(`what the ${owner} owns as ${key} has another value than its digest says`)
  const head = await readHead(reading)
  if (!isLeft(head)) wrong.push(`what is owned is not what revision ${head.revision} left`)
  let expected = head.revision
  for await (const revision of newestFirst(reading)) {
    const { number, parent } = revision
    if (number !== expected || parent !== number - 1) wrong.push(`revision ${number} with the parent ${parent} stands where ${expected} should`)
    expected = number - 1
    if (!isLeft(revision)) wrong.push(`revision ${number} left another state`)
    const changes = await readChanges(reading, number)
    if (changes.length !== revision.changes) wrong.push(`revision ${number} has ${changes.length} of its ${revision.changes} changes`)
    for (const { kind, name, owner, before, after } of changes) {
      const key = keyOf({ kind, name })
      if (states[owner].get(key)?.digest !== after?.digest) wrong.push(`revision ${number} made of ${key} what it was not afterwards`)
      for (const value of [before, after])
        if (value && !(await texts.isWhole(value))) wrong.push(`revision ${number} has another value for ${key} than its digest says`)
      if (before) states[owner].set(key, { kind, name, ...before })
      else states[owner].delete(key)
    }
  }
  const horizon = await readHorizon(reading)
  if (expected !== horizon.revision || !isLeft(horizon)) wrong.push(`history does not lead back to revision ${horizon.revision}, where it begins`)
  return wrong
}

async function* newestFirst(reading: Reading): AsyncGenerator<Revision> {
  for (let before: number | undefined; ; ) {
    const page = await listRevisions(reading, PAGE, before)
    yield* page
    if (page.length < PAGE) return
    before = page.at(-1)!.number
  }
}
const PAGE = 100

/** Each text is read once and not held: a history may have more of them than memory. */
class WholeTexts {
  private readonly reading: Reading
  private readonly whole = new Set<string>()

  constructor(reading: Reading) {
    this.reading = reading
  }

  async isWhole({ digest, stored }: Pick<Kept, 'digest' | 'stored'>): Promise<boolean> {
    if ('value' in stored) return digestOf(stored.value, false) === digest
    if (stored.content !== digest) return false
    if (this.whole.has(digest)) return true
    try {
      // It is compared with its digest as it is read.
      await readContent(this.reading, digest)
    } catch (cause) {
      if (cause instanceof StoreUnavailable) throw cause
      return false
    }
    this.whole.add(digest)
    return true
  }
}
