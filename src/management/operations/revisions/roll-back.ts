// rollBack: the console owns again what it owned at an earlier revision, in one go.
import { object, optional } from '../../../base/schema.ts'
import { rollbackTo } from '../../../catalog/revisions/rollback.ts'
import { acceptBreaking, answeredRevision, publishAs, revisionSchema } from '../../catalog/publication.ts'
import { PUBLISHING } from '../../catalog/publication-refusals.ts'
import { messageText } from '../../catalog/shapes.ts'
import { defineOperation } from '../../operation.ts'
import { noRevision, PRUNED, revisionParameter } from './revision-schema.ts'

export const rollBack = defineOperation({
  name: 'rollBack',
  resource: 'revisions',
  method: 'POST',
  path: '/revisions/{revision}/roll-back',
  summary: 'Makes all that the console owns as it was at a revision. What cannot be brought back is told in `left`.',
  permission: 'catalog:rollback',
  reach: 'all',
  parameters: revisionParameter,
  body: object({ message: optional(messageText), acceptBreaking }),
  output: revisionSchema,
  refusals: { ...PUBLISHING, pruned: PRUNED },
  act: 'catalog.roll-back',
  live: true,
  object: ({ parameters }) => ({ kind: 'revision', name: String(parameters.revision) }),
  commit: (call, within) =>
    publishAs(
      call,
      async (reading) => {
        const { message } = call.body
        const back = { to: call.parameters.revision, author: call.operator.actor, nowMs: call.nowMs, ...(message !== undefined && { message }) }
        const proposal = await rollbackTo(reading, back)
        return 'refused' in proposal ? noRevision(proposal) : proposal
      },
      within,
      answeredRevision,
      call.body,
    ),
})
