// removeDraftObject: takes an object out of the catalog once the draft is published.
import { defineOperation, done, isRefused } from '../../operation.ts'
import { changeDraft } from './draft-change.ts'
import { DRAFT_TOO_LARGE, OWNED_BY_FILE } from './draft-refusals.ts'
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
    const draft = await changeDraft(call, store, id, { kind, name })
    return isRefused(draft) ? draft : done(shownDraft(draft), { detail: { kind, name } })
  },
})
