// listRevisions: what was published, the newest first, and up to where it was pruned.
import { object, optional } from '../../../base/schema.ts'
import { REVISIONS } from '../../../catalog/revisions/records.ts'
import { readHorizon } from '../../../catalog/revisions/state.ts'
import { revisionSchema, shownRevision } from '../../catalog/publication.ts'
import { revisionNumber } from '../../catalog/shapes.ts'
import { defineOperation, done } from '../../operation.ts'
import { page, pageParameters, pageShape } from '../../pages.ts'
import { moment, momentOf } from '../../texts.ts'

export const listRevisions = defineOperation({
  name: 'listRevisions',
  resource: 'revisions',
  method: 'GET',
  path: '/revisions',
  summary: 'Lists the revisions of the catalog, the newest first. `pruned` says which older ones there were and are no more.',
  permission: 'catalog:read',
  reach: 'all',
  query: object(pageParameters),
  output: object({
    ...pageShape(revisionSchema),
    pruned: optional(
      object({ through: revisionNumber, at: moment('When the last of them was pruned.') }, 'Revisions that are no longer kept. Absent: all are.'),
    ),
  }),
  refusals: {},
  async run({ query }, store) {
    const { revision, prunedMs } = await readHorizon(store)
    const revisions = await page(store, REVISIONS, query, ({ value }) => shownRevision(value), { reverse: true })
    return done({ ...revisions, ...(prunedMs !== undefined && { pruned: { through: revision, at: momentOf(prunedMs) } }) })
  },
})
