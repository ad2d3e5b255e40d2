// Drafts as an operator reaches them: one that touches what is not theirs is as good as not there.
import type { ProposedChange } from '../../catalog/revisions/commit.ts'
import { readDraft } from '../../catalog/revisions/drafts.ts'
import { DRAFT_CHANGES, type Draft } from '../../catalog/revisions/records.ts'
import { everyEntry, type Reading } from '../../ports/store.ts'
import { type Call, isRefused, type Refused, refused } from '../operation.ts'
import { CatalogReach, type CatalogVerb } from './reach.ts'

export interface ReachedDraft {
  readonly draft: Draft
  /** Its changes; in place of a text stands an empty one. */
  readonly changes: readonly ProposedChange[]
  readonly reach: CatalogReach
  /** They are one of its authors. */
  readonly isMine: boolean
}

/** The changes of a draft without its texts. */
export async function draftOutline(reading: Reading, id: string): Promise<readonly ProposedChange[]> {
  const changes: ProposedChange[] = []
  for await (const { value } of everyEntry(reading, DRAFT_CHANGES, `${id}/`)) {
    const { kind, name, stored } = value
    changes.push(stored ? { kind, name, value: 'value' in stored ? stored.value : '' } : { kind, name })
  }
  return changes
}

export const isAuthorOf = ({ author, coauthors }: Draft, { kind, id }: Draft['author']): boolean =>
  [author, ...coauthors].some((each) => each.kind === kind && each.id === id)

/** True when all that a draft touches lies within reach; an empty one is its authors', and of those who reach everything. */
export function isWithin(reach: CatalogReach, verb: CatalogVerb, changes: readonly ProposedChange[], isMine: boolean): boolean {
  if (changes.length === 0) return isMine || reach.hasAll(verb)
  return reach.includesAll(verb, changes, isMine)
}

/** The draft, or why not: unknown when it is not theirs to see, forbidden when they see it and may not do this. */
export async function reachedDraft(call: Pick<Call, 'operator'>, reading: Reading, id: string, verb: CatalogVerb): Promise<ReachedDraft | Refused> {
  const draft = await readDraft(reading, id)
  if (!draft) return refused('unknown')
  const changes = await draftOutline(reading, id)
  const reach = await CatalogReach.of(call.operator, reading)
  const isMine = isAuthorOf(draft, call.operator.actor)
  if (!isWithin(reach, 'read', changes, isMine)) return refused('unknown')
  return isWithin(reach, verb, changes, isMine) ? { draft, changes, reach, isMine } : refused('forbidden')
}

/** The same, where `If-Match` names the draft as it is now. */
export async function guardedDraft(call: Pick<Call, 'operator' | 'guard'>, reading: Reading, id: string, verb: CatalogVerb): Promise<Draft | Refused> {
  const reached = await reachedDraft(call, reading, id, verb)
  return isRefused(reached) ? reached : (call.guard(reached.draft.digest) ?? reached.draft)
}
