// discardDraft: forgets a draft with all that it would have changed.
import { discardDraft as discard } from '../../../catalog/revisions/drafts.ts'
import { reachedDraft } from '../../catalog-drafts.ts'
import { defineOperation, done, isRefused } from '../../operation.ts'
import { draftParameter } from './draft-schema.ts'

export const discardDraft = defineOperation({
  name: 'discardDraft',
  resource: 'drafts',
  method: 'DELETE',
  path: '/drafts/{draft}',
  summary: 'Forgets a draft with all that it would have changed.',
  permission: 'apis:write',
  reach: 'filtered',
  parameters: draftParameter,
  refusals: {},
  act: 'draft.discard',
  guarded: true,
  object: ({ parameters }) => ({ kind: 'draft', name: parameters.draft }),
  async run(call, store) {
    const reached = await reachedDraft(call, store, call.parameters.draft, 'write')
    if (isRefused(reached)) return reached
    const { id, digest } = reached.draft
    const stale = call.guard(digest)
    if (stale) return stale
    await discard(store, id, digest)
    return done(undefined)
  },
})
