// getRevisionDifferences: what a revision changed, path by path.
import { list, object } from '../../../base/schema.ts'
import { readRevision } from '../../../catalog/revisions/history.ts'
import { revisionDifferences } from '../../../catalog/revisions/revision-differences.ts'
import { differenceShape, OBJECTS_TOLD_MAX, ownerWord, shownDifference } from '../../catalog-shapes.ts'
import { defineOperation, done, type Refused, refused } from '../../operation.ts'
import { revisionParameter } from './revision-schema.ts'

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
  refusals: {},
  // Whole documents are read for it. What a revision changed is the same for ever.
  prepare: ({ operator, plane, parameters: { revision } }) =>
    plane.services.resolving.ask<Found | Refused>(operator, {
      key: `revision/${revision}`,
      isLarge: true,
      answer: () =>
        plane.store.read(async (reading) =>
          (await readRevision(reading, revision)) ? { objects: await revisionDifferences(reading, revision) } : refused('unknown'),
        ),
    }),
  run: async ({ parameters }, _store, { objects }) =>
    done({ objects: objects.map((each) => ({ ...shownDifference(each), owner: each.owner })) }, { etag: String(parameters.revision) }),
})
