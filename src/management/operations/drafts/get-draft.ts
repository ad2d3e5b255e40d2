// getDraft: one draft with the names of what it changes and who approved it.
import { reachedDraft } from '../../catalog/drafts.ts'
import { defineOperation, done, isRefused } from '../../operation.ts'
import { draftParameter, shownApprovals, shownDraft, wholeDraft } from './draft-schema.ts'

export const getDraft = defineOperation({
  name: 'getDraft',
  resource: 'drafts',
  method: 'GET',
  path: '/drafts/{draft}',
  summary: 'Tells a draft: what it changes, and who approved it.',
  permission: 'apis:read',
  reach: 'filtered',
  parameters: draftParameter,
  output: wholeDraft,
  refusals: {},
  async run(call, store) {
    const reached = await reachedDraft(call, store, call.parameters.draft, 'read')
    if (isRefused(reached)) return reached
    const { draft, changes } = reached
    const objects = changes.map(({ kind, name, value }) => ({ kind, name, op: value === undefined ? ('remove' as const) : ('put' as const) }))
    return done({ ...shownDraft(draft), objects, approvals: await shownApprovals(store, draft) }, { etag: draft.digest })
  },
})
