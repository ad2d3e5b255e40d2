// describeDraft: says anew what a draft is for. Approvals are void.
import { object } from '../../../base/schema.ts'
import { describeDraft as describe } from '../../../catalog/revisions/drafts.ts'
import { reachedDraft } from '../../catalog-drafts.ts'
import { messageText } from '../../catalog-shapes.ts'
import { defineOperation, done, isRefused } from '../../operation.ts'
import { draftParameter, draftSchema, shownDraft } from './draft-schema.ts'

export const describeDraft = defineOperation({
  name: 'describeDraft',
  resource: 'drafts',
  method: 'PATCH',
  path: '/drafts/{draft}',
  summary: 'Says anew what a draft is for. Its approvals are void.',
  permission: 'apis:write',
  reach: 'filtered',
  parameters: draftParameter,
  body: object({ message: messageText }),
  output: draftSchema,
  refusals: {},
  act: 'draft.describe',
  guarded: true,
  object: ({ parameters }) => ({ kind: 'draft', name: parameters.draft }),
  async run(call, store) {
    const reached = await reachedDraft(call, store, call.parameters.draft, 'write')
    if (isRefused(reached)) return reached
    const { id, digest: expected } = reached.draft
    const stale = call.guard(expected)
    if (stale) return stale
    const draft = await describe(store, id, call.body.message, { by: call.operator.actor, nowMs: call.nowMs, expected })
    if ('refused' in draft) throw new Error(`a draft that was just read is refused with ${draft.refused}`)
    return done(shownDraft(draft), { etag: draft.digest })
  },
})
