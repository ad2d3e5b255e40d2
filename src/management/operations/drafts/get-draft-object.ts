// getDraftObject: an object as a draft has it, with the tag to change it by.
import { object } from '../../../base/schema.ts'
import { objectInDraft } from '../../../catalog/revisions/drafts.ts'
import { keyOf } from '../../../catalog/revisions/kinds.ts'
import { reachedDraft } from '../../catalog/drafts.ts'
import { Together } from '../../catalog/reach.ts'
import { anyValue, objectParameters } from '../../catalog/shapes.ts'
import { defineOperation, done, isRefused, refused } from '../../operation.ts'
import { draftObjectParameters } from './draft-schema.ts'

export const getDraftObject = defineOperation({
  name: 'getDraftObject',
  resource: 'drafts',
  method: 'GET',
  path: '/drafts/{draft}/objects/{kind}/{name}',
  summary: 'Tells an object as a draft has it: changed by it, or as the console owns it now.',
  permission: 'apis:read',
  reach: 'filtered',
  parameters: draftObjectParameters,
  output: object({ ...objectParameters, value: anyValue('The object as in gatehouse.yaml; a document’s is its text.') }),
  refusals: {},
  async run(call, store) {
    const { draft: id, kind, name } = call.parameters
    const reached = await reachedDraft(call, store, id, 'read')
    if (isRefused(reached)) return reached
    const { digest, object: found } = await objectInDraft(store, id, keyOf({ kind, name }))
    if (!found || reached.reach.touch('read', found, new Together([...reached.changes, found]), reached.isMine) !== 'within') return refused('unknown')
    return done({ kind: found.kind as typeof kind, name, value: found.value }, { etag: digest })
  },
})
