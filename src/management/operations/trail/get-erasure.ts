// getErasure: one request to erase, with the tag that agreeing needs.
import { object } from '../../../base/schema.ts'
import { findErasure } from '../../../trail/erasure-requests.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { erasureId, erasureSchema, erasureTag, shownErasure } from './erasure-schema.ts'

export const getErasure = defineOperation({
  name: 'getErasure',
  resource: 'trail',
  method: 'GET',
  path: '/trail/erasures/{erasure}',
  summary: 'A request to erase.',
  permission: 'trail:read',
  reach: 'all',
  parameters: object({ erasure: erasureId }),
  output: erasureSchema,
  refusals: {},
  async run({ parameters, nowMs }, store) {
    const found = await findErasure(store, parameters.erasure)
    return found === undefined ? refused('unknown') : done(shownErasure(found, nowMs), { etag: erasureTag(found) })
  },
})
