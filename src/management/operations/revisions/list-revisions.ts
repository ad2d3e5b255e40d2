// listRevisions: what was published, the newest first.
import { object } from '../../../base/schema.ts'
import { REVISIONS } from '../../../catalog/revisions/records.ts'
import { revisionSchema, shownRevision } from '../../catalog-publication.ts'
import { defineOperation, done } from '../../operation.ts'
import { page, pageOf, pageParameters } from '../../pages.ts'

export const listRevisions = defineOperation({
  name: 'listRevisions',
  resource: 'revisions',
  method: 'GET',
  path: '/revisions',
  summary: 'Lists the revisions of the catalog, the newest first.',
  permission: 'catalog:read',
  reach: 'all',
  query: object(pageParameters),
  output: pageOf(revisionSchema),
  refusals: {},
  run: async ({ query }, store) => done(await page(store, REVISIONS, query, ({ value }) => shownRevision(value), { reverse: true })),
})
