// planApply: what applying a text would change, without changing it.
import { object } from '../../../base/schema.ts'
import { defineOperation, done } from '../../operation.ts'
import { appliedShape, planSchema, planUpon, readText, TEXT_BYTES_MAX, UNREADABLE } from './plan-schema.ts'

export const planApply = defineOperation({
  name: 'planApply',
  resource: 'catalog',
  method: 'POST',
  path: '/catalog/plan',
  summary: 'Says what applying a text would change, and changes nothing.',
  permission: 'catalog:read',
  reach: 'all',
  body: object(appliedShape),
  bodyBytesMax: TEXT_BYTES_MAX,
  status: 200,
  output: planSchema,
  refusals: { unreadable: UNREADABLE },
  prepare: async ({ body }) => readText(body.text),
  async run({ plane, body }, store, wanted) {
    const { plan, revision } = await planUpon(store, plane, wanted, body.prune)
    return done({ revision, ...plan })
  },
})
