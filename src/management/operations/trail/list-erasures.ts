// listErasures: what was asked to be erased, newest first.
import { ERASURES } from '../../../trail/erasure-requests.ts'
import { defineOperation, done } from '../../operation.ts'
import { page, pageOf, pageQuery } from '../../pages.ts'
import { erasureSchema, shownErasure } from './erasure-schema.ts'

export const listErasures = defineOperation({
  name: 'listErasures',
  resource: 'trail',
  method: 'GET',
  path: '/trail/erasures',
  summary: 'Requests to erase, newest first.',
  permission: 'trail:read',
  reach: 'all',
  query: pageQuery,
  output: pageOf(erasureSchema),
  refusals: {},
  run: async ({ query, nowMs }, store) => done(await page(store, ERASURES, query, ({ value }) => shownErasure(value, nowMs), { reverse: true })),
})
