// discardDraft: forgets a draft with all that it would have changed.
import { discardDraft as discard } from '../../../catalog/revisions/drafts.ts'
import { guardedDraft } from '../../catalog/drafts.ts'
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
    const found = await guardedDraft(call, store, call.parameters.draft, 'write')
    if (isRefused(found)) return found
    await discard(store, found.id, found.digest)
    return done(undefined)
  },
})
