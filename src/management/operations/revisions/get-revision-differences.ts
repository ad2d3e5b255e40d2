// getRevisionDifferences: what a revision changed, path by path.
import { list, object } from '../../../base/schema.ts'
import { findRevision } from '../../../catalog/revisions/history.ts'
import { revisionDifferences } from '../../../catalog/revisions/revision-differences.ts'
import { differenceShape, OBJECTS_TOLD_MAX, ownerWord, shownDifference } from '../../catalog/shapes.ts'
import { defineOperation, done, type Refused } from '../../operation.ts'
import { noRevision, PRUNED, revisionParameter } from './revision-schema.ts'

interface Found {
  readonly objects: Awaited<ReturnType<typeof revisionDifferences>>
}

export const getRevisionDifferences = defineOperation({
  name: 'getRevisionDifferences',
  resource: 'revisions',
  method: 'GET',
  path: '/revisions/{revision}/differences',
  summary: 'Tells what a revision changed, path by path.',
  permission: 'catalog:read',
  reach: 'all',
  parameters: revisionParameter,
  output: object({ objects: list(object({ ...differenceShape, owner: ownerWord }), { max: 10 * OBJECTS_TOLD_MAX }) }),
  refusals: { pruned: PRUNED },
  // Whole documents are read for it. What a revision changed is the same for ever.
  prepare: ({ operator, plane, parameters: { revision } }) =>
    plane.services.resolving.ask<Found | Refused>(operator, {
      key: `revision/${revision}`,
      isLarge: true,
      answer: () =>
        plane.store.read(async (reading) => {
          const found = await findRevision(reading, revision)
          return 'refused' in found ? noRevision(found) : { objects: await revisionDifferences(reading, revision) }
        }),
    }),
  run: async ({ parameters }, _store, { objects }) =>
    done({ objects: objects.map((each) => ({ ...shownDifference(each), owner: each.owner })) }, { etag: String(parameters.revision) }),
})
