// Writes one revision: what changed, who changed it, and what is so from now on; all in the caller's transaction.
import type { Actor } from '../../model/trail-event.ts'
import type { Writing } from '../../ports/store.ts'
import { releaseContent, shareContent } from './contents.ts'
import { keyOf, type ObjectKey } from './kinds.ts'
import {
  CHANGES,
  changeKey,
  changeUser,
  HEAD,
  HEAD_KEY,
  type Head,
  OBJECTS,
  type Owner,
  objectUser,
  REVISIONS,
  type Revision,
  type RollbackNote,
  revisionKey,
  TOUCHES,
} from './records.ts'
import { digestOf, isTextKind, type State, stateDigest, store } from './state.ts'

/** An object as it shall be; without a value, gone. */
export interface ProposedChange {
  readonly kind: string
  readonly name: string
  readonly value?: unknown
}
export interface Committing {
  readonly owner: Owner
  readonly author: Actor
  readonly coauthors?: readonly Actor[]
  readonly approvers?: readonly Actor[]
  readonly message: string
  readonly nowMs: number
  readonly changes: readonly ProposedChange[]
  readonly rollback?: RollbackNote
}

/** Those changes that change something. */
export const effective = (before: State, changes: readonly ProposedChange[]): ProposedChange[] =>
  changes.filter((change) => {
    const known = before.get(keyOf(change))?.digest
    return change.value === undefined ? known !== undefined : known !== digestOf(change.value, isTextKind(change.kind))
  })

/** `before`: all that `owner` has at `head`, read in this transaction or known to be of the same revision. Something must change, unless it is a rollback. */
export async function commit(writing: Writing, head: Head, before: State, committing: Committing): Promise<Revision> {
  const { owner, changes, author, coauthors = [], approvers = [], message, nowMs, rollback } = committing
  const number = head.revision + 1
  const after = new Map(before)
  const made = effective(before, changes)
  if (made.length === 0 && !rollback) throw new Error('a revision changes something')
  for (const change of made) await write(writing, number, owner, change, after)
  const digest = stateDigest(after)
  const digests = owner === 'console' ? { digest, fileDigest: head.fileDigest } : { digest: head.digest, fileDigest: digest }
  const revision: Revision = {
    ...{ number, parent: head.revision, author, coauthors, approvers, atMs: nowMs, message, source: owner, changes: made.length },
    ...digests,
    ...(rollback && { rollback }),
  }
  writing.put(REVISIONS, revisionKey(number), revision)
  const last = rollback ? number : head.rollback
  writing.put(HEAD, HEAD_KEY, { revision: number, ...digests, ...(last !== undefined && { rollback: last }) })
  return revision
}

async function write(
  writing: Writing,
  revision: number,
  owner: Owner,
  change: ProposedChange,
  after: Map<ObjectKey, State extends ReadonlyMap<string, infer V> ? V : never>,
): Promise<void> {
  const { kind, name, value } = change
  const key = keyOf(change)
  const past = after.get(key)
  const place = `${owner}/${key}`
  const next = value === undefined ? undefined : await store(writing, { kind, name, value }, changeUser(revision, owner, key, 'after'))
  if (next && 'content' in next.stored) shareContent(writing, next.stored.content, objectUser(owner, key))
  if (past && 'content' in past.stored) {
    shareContent(writing, past.stored.content, changeUser(revision, owner, key, 'before'))
    await releaseContent(writing, past.stored.content, objectUser(owner, key))
  }
  if (next) {
    after.set(key, { kind, name, ...next })
    writing.put(OBJECTS, place, { kind, name, ...next, revision })
  } else {
    after.delete(key)
    writing.remove(OBJECTS, place)
  }
  const before = past && { digest: past.digest, stored: past.stored }
  writing.put(CHANGES, changeKey(revision, owner, key), { kind, name, owner, ...(before && { before }), ...(next && { after: next }) })
  writing.put(TOUCHES, `${key}/${revisionKey(revision)}`, owner)
}
