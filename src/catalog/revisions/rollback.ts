// Rollback: what has to change so that the console owns again what it owned at an earlier revision, and what stays as it is all the same.
import type { Actor } from '../../model/trail-event.ts'
import type { Reading } from '../../ports/store.ts'
import type { ProposedChange } from './commit.ts'
import { findRevision, type NoRevision, readRevision, stateAt, wasTouchedSince } from './history.ts'
import { KINDS, keyOf, kindNamed, type ObjectKey, splitKey } from './kinds.ts'
import type { Proposal } from './publish.ts'
import type { Left, Revision, RollbackNote } from './records.ts'
import { readHead, readState, readValue, type State } from './state.ts'

export interface Rollback {
  readonly to: number
  readonly author: Actor
  /** Absent: `roll back to revision N: its message`. */
  readonly message?: string
  readonly nowMs: number
}

/**
 * A proposal that is published like any other: it must resolve with the file as it is today, and four eyes look at it where they are asked for. What is
 * left as it is stands in its note. Refused when there is no such revision, or no longer; nothing to do is told by `publish`.
 */
export async function rollbackTo(reading: Reading, { to, author, message, nowMs }: Rollback, kinds = KINDS): Promise<Proposal | NoRevision> {
  const target = await findRevision(reading, to)
  if ('refused' in target) return target
  const past = await stateAt(reading, target)
  const { revision: base } = await readHead(reading)
  const now = { console: await readState(reading, 'console'), file: await readState(reading, 'file') }
  const changes: ProposedChange[] = []
  const left: Left[] = differing(past.file, now.file).map((key) => ({ ...splitKey(key), why: 'file-owned' }))
  for (const key of differing(past.console, now.console)) {
    const { kind, name } = splitKey(key)
    const stored = past.console.get(key)?.stored
    const known = kindNamed(kind, kinds)
    const value = stored && (await readValue(reading, stored))
    const endsMs = value === undefined ? undefined : known?.endsMs?.(value)
    if (known?.neverRestored) left.push({ kind, name, why: 'never-restored' })
    else if (endsMs !== undefined && endsMs <= nowMs) left.push({ kind, name, why: 'ended' })
    // What the file has taken since cannot be the console's again.
    else if (value !== undefined && now.file.has(key)) left.push({ kind, name, why: 'file-owned' })
    else changes.push(value === undefined ? { kind, name } : { kind, name, value })
  }
  return { author, message: message ?? `roll back to revision ${to}: ${target.message}`.slice(0, 4000), base, changes, rollback: { to, left: distinct(left) } }
}

/** The last rollback with what it left to the file and nobody has touched since; undefined when there is nothing of the kind. */
export async function unfinishedRollback(
  reading: Reading,
): Promise<{ readonly revision: Revision; readonly rollback: RollbackNote; readonly left: readonly Left[] } | undefined> {
  const { rollback: last } = await readHead(reading)
  const revision = last === undefined ? undefined : await readRevision(reading, last)
  if (!revision?.rollback) return undefined
  const left: Left[] = []
  for (const each of revision.rollback.left) if (each.why === 'file-owned' && !(await wasTouchedSince(reading, keyOf(each), revision.number))) left.push(each)
  return left.length === 0 ? undefined : { revision, rollback: revision.rollback, left }
}

/** The keys, in order, whose objects are not the same in both. */
const differing = (a: State, b: State): ObjectKey[] =>
  [...new Set([...a.keys(), ...b.keys()])].filter((key) => a.get(key)?.digest !== b.get(key)?.digest).sort()

const distinct = (left: readonly Left[]): Left[] => left.filter((each, i) => left.findIndex(({ kind, name }) => kind === each.kind && name === each.name) === i)
