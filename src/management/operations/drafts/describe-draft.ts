// describeDraft: says anew what a draft is for. Approvals are void.
import { object } from '../../../base/schema.ts'
import { describeDraft as describe } from '../../../catalog/revisions/drafts.ts'
import { guardedDraft } from '../../catalog/drafts.ts'
import { messageText } from '../../catalog/shapes.ts'
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
    const found = await guardedDraft(call, store, call.parameters.draft, 'write')
    if (isRefused(found)) return found
    const draft = await describe(store, found.id, call.body.message, { by: call.operator.actor, nowMs: call.nowMs, expected: found.digest })
    if ('refused' in draft) throw new Error(`a draft that was just read is refused with ${draft.refused}`)
    return done(shownDraft(draft), { etag: draft.digest })
  },
})
