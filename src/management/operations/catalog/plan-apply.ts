// planApply: what applying a text would change, without changing it.
import { hash } from 'node:crypto'
import { type Infer, object } from '../../../base/schema.ts'
import { readHead } from '../../../catalog/revisions/state.ts'
import { defineOperation, done, isRefused, type Refused } from '../../operation.ts'
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
  async prepare({ operator, plane, body: { text, prune } }) {
    const { revision } = await plane.store.read(readHead)
    return plane.services.resolving.ask<{ readonly told: Infer<typeof planSchema> } | Refused>(operator, {
      key: `plan/${prune}/${hash('sha256', text)}/${revision}`,
      isLarge: true,
      async answer() {
        const wanted = readText(text)
        if (isRefused(wanted)) return wanted
        const upon = await plane.store.read((reading) => planUpon(reading, plane, wanted, prune))
        return { told: { revision: upon.revision, ...upon.plan } }
      },
    })
  },
  run: async (_call, _store, { told }) => done(told),
})
