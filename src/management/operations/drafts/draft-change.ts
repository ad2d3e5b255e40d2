// One object of a draft becomes another, or goes: what putting and removing it share.

import type { ProposedChange } from '../../../catalog/revisions/commit.ts'
import { changeInDraft, type DraftRefusal, objectInDraft } from '../../../catalog/revisions/drafts.ts'
import { keyOf } from '../../../catalog/revisions/kinds.ts'
import type { Draft } from '../../../catalog/revisions/records.ts'
import type { Writing } from '../../../ports/store.ts'
import { reachedDraft } from '../../catalog/drafts.ts'
import { Together } from '../../catalog/reach.ts'
import { type Call, isRefused, type Refused, refused } from '../../operation.ts'

/** For who reaches the object as it is and as it would be; `If-Match` names it as the draft has it. */
export async function changeDraft(
  call: Pick<Call, 'operator' | 'nowMs' | 'guard'>,
  store: Writing,
  id: string,
  change: ProposedChange,
): Promise<Draft | Refused> {
  const reached = await reachedDraft(call, store, id, 'write')
  if (isRefused(reached)) return reached
  const key = keyOf(change)
  const others = reached.changes.filter((each) => keyOf(each) !== key)
  const touch = reached.reach.touch('write', change, new Together([...others, change]), true)
  if (touch !== 'within') return refused(touch === 'beyond' && change.value !== undefined ? 'beyond-reach' : 'unknown')
  const { digest: expected } = await objectInDraft(store, id, key)
  const stale = call.guard(expected)
  if (stale) return stale
  const changed = await changeInDraft(store, id, change, { by: call.operator.actor, nowMs: call.nowMs, expected })
  return 'refused' in changed ? refusedChange(changed, change) : changed
}

function refusedChange(refusal: DraftRefusal, { value }: ProposedChange): Refused {
  if (refusal.refused !== 'invalid') return refused(refusal.refused === 'unknown-object' ? 'unknown' : refusal.refused)
  // What no object can be called is none that is there to remove.
  if (value === undefined) return refused('unknown')
  const errors = refusal.faults.map(({ code, path, message }) => ({ code, path: path.slice(1).map(String).join('.'), message }))
  return refused('bad-object', { more: { errors: errors.slice(0, 100) } })
}
