// putDraftObject: what an object shall be once the draft is published.
import { object } from '../../../base/schema.ts'
import { changeInDraft, objectInDraft } from '../../../catalog/revisions/drafts.ts'
import { keyOf } from '../../../catalog/revisions/kinds.ts'
import { DOCUMENT_CHARACTERS_MAX } from '../../../catalog/sections/document-schema.ts'
import { reachedDraft } from '../../catalog-drafts.ts'
import { ungrantedSecrets } from '../../catalog-rights.ts'
import { anyValue } from '../../catalog-shapes.ts'
import { defineOperation, done, isRefused, refused } from '../../operation.ts'
import { BEYOND_REACH, DRAFT_TOO_LARGE, NOT_GRANTED, OWNED_BY_FILE, refusedChange } from './draft-refusals.ts'
import { draftObjectParameters, draftSchema, shownDraft } from './draft-schema.ts'

export const putDraftObject = defineOperation({
  name: 'putDraftObject',
  resource: 'drafts',
  method: 'PUT',
  path: '/drafts/{draft}/objects/{kind}/{name}',
  summary: 'Puts an object into a draft. `If-Match: "absent"` creates it and overwrites nothing.',
  permission: 'apis:write',
  reach: 'filtered',
  parameters: draftObjectParameters,
  body: object({ value: anyValue('The object as in gatehouse.yaml; a document’s is its text.') }),
  // A text can take six octets for a character when all of it is escaped.
  bodyBytesMax: 2 * DOCUMENT_CHARACTERS_MAX,
  output: draftSchema,
  refusals: {
    'owned-by-file': OWNED_BY_FILE,
    'beyond-reach': BEYOND_REACH,
    'not-granted': NOT_GRANTED,
    'draft-too-large': DRAFT_TOO_LARGE,
    'bad-object': { status: 422, says: 'The object is nothing that can be kept.', mend: '`errors` says what is wrong, and where.' },
  },
  act: 'draft.put',
  guarded: true,
  object: ({ parameters }) => ({ kind: 'draft', name: parameters.draft }),
  async run(call, store) {
    const { draft: id, kind, name } = call.parameters
    const reached = await reachedDraft(call, store, id, 'write')
    if (isRefused(reached)) return reached
    const change = { kind, name, value: call.body.value }
    const others = reached.changes.filter((each) => keyOf(each) !== keyOf(change))
    const touch = reached.reach.touch('write', change, others, true)
    if (touch !== 'within') return refused(touch === 'hidden' ? 'unknown' : 'beyond-reach')
    const secrets = await ungrantedSecrets(store, call.operator, [change])
    if (secrets.length > 0) return refused('not-granted', { more: { secrets } })
    const { digest: expected } = await objectInDraft(store, id, keyOf(change))
    const stale = call.guard(expected)
    if (stale) return stale
    const draft = await changeInDraft(store, id, change, { by: call.operator.actor, nowMs: call.nowMs, expected })
    if ('refused' in draft) return refusedChange(draft)
    return done(shownDraft(draft), { etag: (await objectInDraft(store, id, keyOf(change))).digest, detail: { kind, name } })
  },
})
