// getRevisionDifferences: what a revision changed, path by path.
import { list, object } from '../../../base/schema.ts'
import { readRevision } from '../../../catalog/revisions/history.ts'
import { revisionDifferences } from '../../../catalog/revisions/revision-differences.ts'
import { differenceShape, OBJECTS_TOLD_MAX, ownerWord, shownDifference } from '../../catalog-shapes.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { revisionParameter } from './revision-schema.ts'

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
  async run({ parameters }, store) {
    if (!(await readRevision(store, parameters.revision))) return refused('unknown')
    const objects = await revisionDifferences(store, parameters.revision)
    return done({ objects: objects.map((each) => ({ ...shownDifference(each), owner: each.owner })) }, { etag: String(parameters.revision) })
  },
})
