// What was published and when: revisions, what each changed, and the state that any of them left.
import { everyEntry, type Reading, SCAN_LIMIT_MAX } from '../../ports/store.ts'
import type { ObjectKey } from './kinds.ts'
import { keyOf } from './kinds.ts'
import { CHANGES, type Change, type Owner, REVISIONS, type Revision, revisionKey, TOUCHES } from './records.ts'
import { readHead, readState, type State, stateDigest } from './state.ts'

export const readRevision = (reading: Reading, number: number): Promise<Revision | undefined> => reading.get(REVISIONS, revisionKey(number))

/** The newest first; `before` is exclusive. */
export async function listRevisions(reading: Reading, limit: number, before?: number): Promise<readonly Revision[]> {
  const range = { reverse: true, limit, ...(before !== undefined && { before: revisionKey(before) }) }
  return (await reading.scan(REVISIONS, range)).map(({ value }) => value)
}

export async function readChanges(reading: Reading, revision: number): Promise<readonly Change[]> {
  const changes: Change[] = []
  for await (const { value } of everyEntry(reading, CHANGES, `${revisionKey(revision)}/`)) changes.push(value)
  return changes
}

/** The numbers of the revisions that touched an object, the newest first. */
export async function revisionsOf(reading: Reading, key: ObjectKey, limit: number, before?: number): Promise<readonly number[]> {
  const prefix = `${key}/`
  const range = { prefix, reverse: true, limit, ...(before !== undefined && { before: prefix + revisionKey(before) }) }
  return (await reading.scan(TOUCHES, range)).map(({ key: each }) => Number(each.slice(prefix.length)))
}

/** True when a revision after this one changed the object, whoever owns it. */
export async function wasTouchedSince(reading: Reading, key: ObjectKey, revision: number): Promise<boolean> {
  const prefix = `${key}/`
  return (await reading.scan(TOUCHES, { prefix, after: prefix + revisionKey(revision), limit: 1 })).length > 0
}

export interface PastState {
  readonly console: State
  readonly file: State
}

/**
 * What both owners had when `revision` was the last: found by undoing what came after. Undefined when there is no such revision; throws when what was
 * found is not what was published, which no honest store does.
 */
export async function stateAt(reading: Reading, revision: number): Promise<PastState | undefined> {
  const head = await readHead(reading)
  const target = await readRevision(reading, revision)
  if (!target) return undefined
  const states: Record<Owner, Map<ObjectKey, State extends ReadonlyMap<string, infer V> ? V : never>> = {
    console: new Map(await readState(reading, 'console')),
    file: new Map(await readState(reading, 'file')),
  }
  let before: string | undefined
  const after = revisionKey(revision + 1)
  for (let isMore = head.revision > revision; isMore; ) {
    const page = await reading.scan(CHANGES, { reverse: true, limit: SCAN_LIMIT_MAX, after, ...(before !== undefined && { before }) })
    for (const { value: change } of page) {
      const { kind, name, owner, before: past } = change
      if (past) states[owner].set(keyOf(change), { kind, name, ...past })
      else states[owner].delete(keyOf(change))
    }
    before = page.at(-1)?.key
    isMore = page.length === SCAN_LIMIT_MAX
  }
  if (stateDigest(states.console) !== target.digest || stateDigest(states.file) !== target.fileDigest)
    throw new Error(`the history of the catalog does not lead back to revision ${revision}: the store was damaged`)
  return states
}
