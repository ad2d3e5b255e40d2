// publishDraft: a draft becomes a revision, and is live when this is answered.
import { object } from '../../../base/schema.ts'
import { proposalOf } from '../../../catalog/revisions/publish.ts'
import { guardedDraft } from '../../catalog/drafts.ts'
import { acceptBreaking, answeredRevision, publishAs, revisionSchema } from '../../catalog/publication.ts'
import { PUBLISHING_WRITTEN } from '../../catalog/publication-refusals.ts'
import { defineOperation, isRefused, refused } from '../../operation.ts'
import { draftParameter } from './draft-schema.ts'

export const publishDraft = defineOperation({
  name: 'publishDraft',
  resource: 'drafts',
  method: 'POST',
  path: '/drafts/{draft}/publish',
  summary: 'Publishes a draft: live when this is answered. What APIs share needs `catalog:write` besides.',
  permission: 'apis:publish',
  reach: 'filtered',
  parameters: draftParameter,
  body: object({ acceptBreaking }),
  output: revisionSchema,
  refusals: PUBLISHING_WRITTEN,
  act: 'draft.publish',
  guarded: true,
  live: true,
  object: ({ parameters }) => ({ kind: 'draft', name: parameters.draft }),
  commit: (call, within) =>
    publishAs(
      call,
      async (reading) => {
        const found = await guardedDraft(call, reading, call.parameters.draft, 'publish')
        if (isRefused(found)) return found
        const proposal = await proposalOf(reading, found.id, found.digest)
        return 'refused' in proposal ? refused('unknown') : proposal
      },
      within,
      answeredRevision,
      call.body,
    ),
})
