// removeDraftObject: takes an object out of the catalog once the draft is published.
import { changeInDraft, objectInDraft } from '../../../catalog/revisions/drafts.ts'
import { keyOf } from '../../../catalog/revisions/kinds.ts'
import { reachedDraft } from '../../catalog-drafts.ts'
import { defineOperation, done, isRefused, refused } from '../../operation.ts'
import { DRAFT_TOO_LARGE, OWNED_BY_FILE, refusedChange } from './draft-refusals.ts'
import { draftObjectParameters, draftSchema, shownDraft } from './draft-schema.ts'

export const removeDraftObject = defineOperation({
  name: 'removeDraftObject',
  resource: 'drafts',
  method: 'DELETE',
  path: '/drafts/{draft}/objects/{kind}/{name}',
  summary: 'Removes an object, in a draft.',
  permission: 'apis:write',
  reach: 'filtered',
  parameters: draftObjectParameters,
  status: 200,
  output: draftSchema,
  refusals: { 'owned-by-file': OWNED_BY_FILE, 'draft-too-large': DRAFT_TOO_LARGE },
  act: 'draft.remove',
  guarded: true,
  object: ({ parameters }) => ({ kind: 'draft', name: parameters.draft }),
  async run(call, store) {
    const { draft: id, kind, name } = call.parameters
    const reached = await reachedDraft(call, store, id, 'write')
    if (isRefused(reached)) return reached
    const others = reached.changes.filter((each) => each.kind !== kind || each.name !== name)
    if (reached.reach.touch('write', { kind, name }, others, true) !== 'within') return refused('unknown')
    const { digest: expected } = await objectInDraft(store, id, keyOf({ kind, name }))
    const stale = call.guard(expected)
    if (stale) return stale
    const draft = await changeInDraft(store, id, { kind, name }, { by: call.operator.actor, nowMs: call.nowMs, expected })
    if ('refused' in draft) return draft.refused === 'invalid' ? refused('unknown') : refusedChange(draft)
    return done(shownDraft(draft), { detail: { kind, name } })
  },
})
