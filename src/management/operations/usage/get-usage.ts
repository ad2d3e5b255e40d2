// getUsage: how often each API and version is called, as far as one may see them.
import { object, optional } from '../../../base/schema.ts'
import { calledApis, usageOf } from '../../../directory/usage-book.ts'
import { apiOf } from '../../../model/names.ts'
import { defineOperation, done } from '../../operation.ts'
import { page, pageOf, pageParameters } from '../../pages.ts'
import { momentMs, momentOf } from '../../texts.ts'
import { apiUsageSchema, sinceOf } from './usage-schema.ts'

export const getUsage = defineOperation({
  name: 'getUsage',
  resource: 'usage',
  method: 'GET',
  path: '/usage',
  summary: 'Tells how often each API and version was called since a time.',
  permission: 'usage:read',
  reach: 'filtered',
  query: object({ ...pageParameters, since: optional(momentMs('Days count whole. Left out: as long as it is kept.')) }),
  output: pageOf(apiUsageSchema),
  refusals: {},
  async run({ query: { since, ...query }, plane, nowMs, reaches }, store) {
    const sinceMs = sinceOf(since, plane, nowMs)
    const shown = await page(store, calledApis, query, ({ key, value }) => {
      const record = reaches(apiOf(key)) ? usageOf(key, value, sinceMs) : undefined
      return record && { api: record.api, calls: record.calls, lastCall: momentOf(record.lastCallMs) }
    })
    return done(shown)
  },
})
