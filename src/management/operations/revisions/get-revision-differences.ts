// getRevisionDifferences: what a revision changed, path by path.
import { list, object } from '../../../base/schema.ts'
import { findRevision } from '../../../catalog/revisions/history.ts'
import { revisionDifferences } from '../../../catalog/revisions/revision-differences.ts'
import { differenceShape, OBJECTS_TOLD_MAX, ownerWord, shownDifference } from '../../catalog-shapes.ts'
import { defineOperation, done } from '../../operation.ts'
import { noRevision, PRUNED, revisionParameter } from './revision-schema.ts'

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
  async run({ parameters }, store) {
    const revision = await findRevision(store, parameters.revision)
    if ('refused' in revision) return noRevision(revision)
    const objects = await revisionDifferences(store, parameters.revision)
    return done({ objects: objects.map((each) => ({ ...shownDifference(each), owner: each.owner })) }, { etag: String(parameters.revision) })
  },
})
