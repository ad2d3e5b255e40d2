// createDraft: opens an empty draft upon the newest revision.
import { object } from '../../../base/schema.ts'
import { openDraft } from '../../../catalog/revisions/drafts.ts'
import { messageText } from '../../catalog/shapes.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { draftSchema, shownDraft } from './draft-schema.ts'

export const TOO_MANY_DRAFTS = { status: 409, says: 'There are as many drafts as there may be.', mend: 'Publish or discard drafts that are there.' } as const

export const createDraft = defineOperation({
  name: 'createDraft',
  resource: 'drafts',
  method: 'POST',
  path: '/drafts',
  summary: 'Opens a draft: changes that touch nothing until they are published.',
  permission: 'apis:write',
  reach: 'filtered',
  body: object({ message: messageText }),
  output: draftSchema,
  status: 201,
  refusals: { 'too-many-drafts': TOO_MANY_DRAFTS },
  act: 'draft.create',
  async run({ operator, plane, nowMs, body }, store) {
    const id = `draft_${Buffer.from(plane.services.random(15)).toString('base64url')}`
    const draft = await openDraft(store, { id, author: operator.actor, message: body.message, nowMs })
    // An empty draft with a message that was read can be refused for nothing else.
    if ('refused' in draft) return refused('too-many-drafts')
    return done(shownDraft(draft), { etag: draft.digest, location: `/drafts/${id}`, object: { kind: 'draft', name: id } })
  },
})
