// undoDraftChange: an object is in the draft as it is in the catalog again.
import { undoInDraft } from '../../../catalog/revisions/drafts.ts'
import { keyOf } from '../../../catalog/revisions/kinds.ts'
import { guardedDraft } from '../../catalog/drafts.ts'
import { defineOperation, done, isRefused, refused } from '../../operation.ts'
import { draftObjectParameters, draftSchema, shownDraft } from './draft-schema.ts'

export const undoDraftChange = defineOperation({
  name: 'undoDraftChange',
  resource: 'drafts',
  method: 'DELETE',
  path: '/drafts/{draft}/changes/{kind}/{name}',
  summary: 'Takes the change of an object out of a draft again. `If-Match` names the draft.',
  permission: 'apis:write',
  reach: 'filtered',
  parameters: draftObjectParameters,
  status: 200,
  output: draftSchema,
  refusals: {},
  act: 'draft.undo',
  guarded: true,
  object: ({ parameters }) => ({ kind: 'draft', name: parameters.draft }),
  async run(call, store) {
    const { draft: id, kind, name } = call.parameters
    const found = await guardedDraft(call, store, id, 'write')
    if (isRefused(found)) return found
    const draft = await undoInDraft(store, id, keyOf({ kind, name }), { by: call.operator.actor, nowMs: call.nowMs, expected: found.digest })
    return 'refused' in draft ? refused('unknown') : done(shownDraft(draft), { etag: draft.digest, detail: { kind, name } })
  },
})
