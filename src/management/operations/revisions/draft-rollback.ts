// draftRollback: the same as a rollback, as a draft: for who wants to look first, or needs others to approve.
import { object, optional } from '../../../base/schema.ts'
import { openDraft } from '../../../catalog/revisions/drafts.ts'
import { rollbackTo } from '../../../catalog/revisions/rollback.ts'
import { messageText } from '../../catalog/shapes.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { TOO_MANY_DRAFTS } from '../drafts/create-draft.ts'
import { draftSchema, shownDraft } from '../drafts/draft-schema.ts'
import { noRevision, PRUNED, revisionParameter } from './revision-schema.ts'

export const draftRollback = defineOperation({
  name: 'draftRollback',
  resource: 'revisions',
  method: 'POST',
  path: '/revisions/{revision}/drafts',
  summary: 'Opens a draft that would make all that the console owns as it was at a revision.',
  permission: 'catalog:rollback',
  reach: 'all',
  parameters: revisionParameter,
  body: object({ message: optional(messageText) }),
  output: draftSchema,
  status: 201,
  refusals: { pruned: PRUNED, 'too-many-drafts': TOO_MANY_DRAFTS },
  act: 'draft.create',
  async run({ operator, plane, nowMs, parameters, body }, store) {
    const back = { to: parameters.revision, author: operator.actor, nowMs, ...(body.message !== undefined && { message: body.message }) }
    const proposal = await rollbackTo(store, back)
    if ('refused' in proposal) return noRevision(proposal)
    const id = `draft_${Buffer.from(plane.services.random(15)).toString('base64url')}`
    const { rollback, ...rest } = proposal
    const draft = await openDraft(store, { id, ...rest, nowMs, ...(rollback && { rollback }) })
    if ('refused' in draft) return refused('too-many-drafts')
    return done(shownDraft(draft), { etag: draft.digest, location: `/drafts/${id}`, object: { kind: 'draft', name: id }, detail: { rollsBackTo: back.to } })
  },
})
