// What was published and when: revisions, what each changed, and the state that any of them left.
import { everyEntry, type Reading, SCAN_LIMIT_MAX } from '../../ports/store.ts'
import type { ObjectKey } from './kinds.ts'
import { keyOf } from './kinds.ts'
import { CHANGES, type Change, type Owner, REVISIONS, type Revision, revisionKey, TOUCHES } from './records.ts'
import { readHead, readHorizon, readState, type State, stateDigest } from './state.ts'

export type NoRevision = { readonly refused: 'unknown-revision' | 'pruned-revision' }

/** A revision, or why there is none: it never was, or is older than what is kept. */
export async function findRevision(reading: Reading, number: number): Promise<Revision | NoRevision> {
  const revision = await readRevision(reading, number)
  if (revision) return revision
  const horizon = await readHorizon(reading)
  return { refused: number > 0 && number <= horizon.revision ? 'pruned-revision' : 'unknown-revision' }
}

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
 * What both owners had when a revision was the last: found by undoing what came after. Throws when what was found is not what was published, which no
 * honest store does.
 */
export async function stateAt(reading: Reading, { number: revision, digest, fileDigest }: Revision): Promise<PastState> {
  const head = await readHead(reading)
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
  if (stateDigest(states.console) !== digest || stateDigest(states.file) !== fileDigest)
    throw new Error(`the history of the catalog does not lead back to revision ${revision}: the store was damaged`)
  return states
}
