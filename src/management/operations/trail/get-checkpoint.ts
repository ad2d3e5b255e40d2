// getCheckpoint: the signed note of where the trail stands, or stood.
import { object, optional } from '../../../base/schema.ts'
import { readCheckpoint } from '../../../trail/checkpoints.ts'
import { formatNote } from '../../../trail/note.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { indexDigits } from './trail-schema.ts'

export const getCheckpoint = defineOperation({
  name: 'getCheckpoint',
  resource: 'trail',
  method: 'GET',
  path: '/trail/checkpoint',
  summary: 'The signed checkpoint of the trail (c2sp.org/tlog-checkpoint): of all entries so far, or one that is kept.',
  permission: 'trail:read',
  reach: 'all',
  query: object({ size: optional(indexDigits('Of how many entries; left out: of all.')) }),
  media: 'text/plain; charset=utf-8',
  refusals: {
    'no-checkpoint': { status: 404, says: 'No checkpoint of that size is kept.', mend: 'Leave `size` out for a checkpoint of all entries so far.' },
  },
  async run({ query, plane }, store) {
    const found = query.size === undefined ? await plane.services.trail.signedHead(store) : await readCheckpoint(store, query.size)
    return found === undefined ? refused('no-checkpoint') : done(formatNote(found.note))
  },
})
