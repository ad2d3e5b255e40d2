// putDraftObject: what an object shall be once the draft is published.
import { object } from '../../../base/schema.ts'
import { objectInDraft } from '../../../catalog/revisions/drafts.ts'
import { keyOf } from '../../../catalog/revisions/kinds.ts'
import { DOCUMENT_CHARACTERS_MAX } from '../../../catalog/sections/document-schema.ts'
import { NOT_GRANTED } from '../../catalog/publication-refusals.ts'
import { secretsOfChanges, ungrantedSecrets } from '../../catalog/rights.ts'
import { anyValue } from '../../catalog/shapes.ts'
import { defineOperation, done, isRefused, refused } from '../../operation.ts'
import { changeDraft } from './draft-change.ts'
import { BEYOND_REACH, DRAFT_TOO_LARGE, OWNED_BY_FILE } from './draft-refusals.ts'
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
    const change = { kind, name, value: call.body.value }
    const secrets = await ungrantedSecrets(store, call, [secretsOfChanges(call.operator.actor, [change])])
    if (secrets.length > 0) return refused('not-granted', { more: { secrets } })
    const draft = await changeDraft(call, store, id, change)
    if (isRefused(draft)) return draft
    return done(shownDraft(draft), { etag: (await objectInDraft(store, id, keyOf(change))).digest, detail: { kind, name } })
  },
})
