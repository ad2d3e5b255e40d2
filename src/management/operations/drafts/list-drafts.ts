// listDrafts: the drafts that an operator may see.
import { object } from '../../../base/schema.ts'
import { DRAFTS } from '../../../catalog/revisions/records.ts'
import { draftOutline, isAuthorOf, isWithin } from '../../catalog/drafts.ts'
import { CatalogReach } from '../../catalog/reach.ts'
import { defineOperation, done } from '../../operation.ts'
import { page, pageOf, pageParameters } from '../../pages.ts'
import { draftSchema, shownDraft } from './draft-schema.ts'

export const listDrafts = defineOperation({
  name: 'listDrafts',
  resource: 'drafts',
  method: 'GET',
  path: '/drafts',
  summary: 'Lists drafts.',
  permission: 'apis:read',
  reach: 'filtered',
  query: object(pageParameters),
  output: pageOf(draftSchema),
  refusals: {},
  async run({ operator, query }, store) {
    const reach = await CatalogReach.of(operator, store)
    return done(
      await page(store, DRAFTS, query, async ({ value: draft }) => {
        const changes = reach.hasAll('read') ? [] : await draftOutline(store, draft.id)
        return isWithin(reach, 'read', changes, isAuthorOf(draft, operator.actor)) ? shownDraft(draft) : undefined
      }),
    )
  },
})
