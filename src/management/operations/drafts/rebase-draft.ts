// rebaseDraft: sets a draft upon the newest revision, and says what it would overwrite.
import { list, object } from '../../../base/schema.ts'
import { rebaseDraft as rebase } from '../../../catalog/revisions/drafts.ts'
import { guardedDraft } from '../../catalog/drafts.ts'
import { OBJECTS_TOLD_MAX, shownKeys, toldObject } from '../../catalog/shapes.ts'
import { defineOperation, done, isRefused } from '../../operation.ts'
import { draftParameter, draftSchema, shownDraft } from './draft-schema.ts'

export const rebaseDraft = defineOperation({
  name: 'rebaseDraft',
  resource: 'drafts',
  method: 'POST',
  path: '/drafts/{draft}/rebase',
  summary: 'Sets a draft upon the newest revision, knowing that it overwrites what others did since. Its approvals are void.',
  permission: 'apis:write',
  reach: 'filtered',
  parameters: draftParameter,
  body: object({}),
  output: object({
    draft: draftSchema,
    overwrites: list(toldObject, { max: OBJECTS_TOLD_MAX, describe: 'Objects that others changed since the base it had.' }),
  }),
  refusals: {},
  act: 'draft.rebase',
  guarded: true,
  object: ({ parameters }) => ({ kind: 'draft', name: parameters.draft }),
  async run(call, store) {
    const found = await guardedDraft(call, store, call.parameters.draft, 'write')
    if (isRefused(found)) return found
    const made = await rebase(store, found.id, { by: call.operator.actor, nowMs: call.nowMs, expected: found.digest })
    if ('refused' in made) throw new Error(`a draft that was just read is refused with ${made.refused}`)
    return done({ draft: shownDraft(made.draft), overwrites: shownKeys(made.overwrites) }, { etag: made.draft.digest })
  },
})
