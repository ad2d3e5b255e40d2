// withdrawApproval: takes one's own approval of a draft back.
import { withdrawApproval as withdraw } from '../../../catalog/revisions/approvals.ts'
import { reachedDraft } from '../../catalog/drafts.ts'
import { defineOperation, done, isRefused, refused } from '../../operation.ts'
import { draftParameter } from './draft-schema.ts'

export const withdrawApproval = defineOperation({
  name: 'withdrawApproval',
  resource: 'drafts',
  method: 'DELETE',
  path: '/drafts/{draft}/approval',
  summary: 'Takes one’s own approval of a draft back.',
  permission: 'apis:approve',
  reach: 'filtered',
  parameters: draftParameter,
  refusals: {},
  act: 'draft.withdraw-approval',
  object: ({ parameters }) => ({ kind: 'draft', name: parameters.draft }),
  async run(call, store) {
    const reached = await reachedDraft(call, store, call.parameters.draft, 'read')
    if (isRefused(reached)) return reached
    return (await withdraw(store, reached.draft.id, call.operator.actor)) ? done(undefined) : refused('unknown')
  },
})
