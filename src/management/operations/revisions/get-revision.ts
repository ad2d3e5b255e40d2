// getRevision: one revision, with what a rollback left as it was.
import { findRevision } from '../../../catalog/revisions/history.ts'
import { revisionSchema, shownRevision } from '../../catalog/publication.ts'
import { defineOperation, done } from '../../operation.ts'
import { noRevision, PRUNED, revisionParameter } from './revision-schema.ts'

export const getRevision = defineOperation({
  name: 'getRevision',
  resource: 'revisions',
  method: 'GET',
  path: '/revisions/{revision}',
  summary: 'Tells a revision.',
  permission: 'catalog:read',
  reach: 'all',
  parameters: revisionParameter,
  output: revisionSchema,
  refusals: { pruned: PRUNED },
  async run({ parameters }, store) {
    const revision = await findRevision(store, parameters.revision)
    return 'refused' in revision ? noRevision(revision) : done(shownRevision(revision), { etag: String(revision.number) })
  },
})
