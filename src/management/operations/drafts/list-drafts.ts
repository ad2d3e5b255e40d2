// listDrafts: the drafts that an operator may see.
import { object } from '../../../base/schema.ts'
import { DRAFTS, type Draft } from '../../../catalog/revisions/records.ts'
import { everyEntry } from '../../../ports/store.ts'
import { draftOutline, isAuthorOf, isWithin } from '../../catalog-drafts.ts'
import { CatalogReach } from '../../catalog-reach.ts'
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
    const seen = new Set<Draft['id']>()
    for await (const { value: draft } of everyEntry(store, DRAFTS)) {
      const changes = reach.hasAll('read') ? [] : await draftOutline(store, draft.id)
      if (isWithin(reach, 'read', changes, isAuthorOf(draft, operator.actor))) seen.add(draft.id)
    }
    return done(await page(store, DRAFTS, query, ({ value }) => (seen.has(value.id) ? shownDraft(value) : undefined)))
  },
})
