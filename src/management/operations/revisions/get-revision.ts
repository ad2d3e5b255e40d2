// getRevision: one revision, with what a rollback left as it was.
import { readRevision } from '../../../catalog/revisions/history.ts'
import { revisionSchema, shownRevision } from '../../catalog-publication.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { revisionParameter } from './revision-schema.ts'

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
  refusals: {},
  async run({ parameters }, store) {
    const revision = await readRevision(store, parameters.revision)
    return revision ? done(shownRevision(revision), { etag: String(revision.number) }) : refused('unknown')
  },
})
