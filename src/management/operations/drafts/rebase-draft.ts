// rebaseDraft: sets a draft upon the newest revision, and says what it would overwrite.
import { list, object } from '../../../base/schema.ts'
import { rebaseDraft as rebase } from '../../../catalog/revisions/drafts.ts'
import { reachedDraft } from '../../catalog-drafts.ts'
import { OBJECTS_TOLD_MAX, shownKeys, toldObject } from '../../catalog-shapes.ts'
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
    const reached = await reachedDraft(call, store, call.parameters.draft, 'write')
    if (isRefused(reached)) return reached
    const { id, digest: expected } = reached.draft
    const stale = call.guard(expected)
    if (stale) return stale
    const made = await rebase(store, id, { by: call.operator.actor, nowMs: call.nowMs, expected })
    if ('refused' in made) throw new Error(`a draft that was just read is refused with ${made.refused}`)
    return done({ draft: shownDraft(made.draft), overwrites: shownKeys(made.overwrites) }, { etag: made.draft.digest })
  },
})
