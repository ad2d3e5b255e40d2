// listCallers: who still calls an API or one of its versions.
import { object, optional } from '../../../base/schema.ts'
import { callers, usageOf } from '../../../directory/usage-book.ts'
import { apiOf } from '../../../model/names.ts'
import { defineOperation, done } from '../../operation.ts'
import { page, pageOf, pageParameters } from '../../pages.ts'
import { momentMs } from '../../texts.ts'
import { apiName, callerSchema, shownCaller, sinceOf } from './usage-schema.ts'

export const listCallers = defineOperation({
  name: 'listCallers',
  resource: 'usage',
  method: 'GET',
  path: '/apis/{api}/callers',
  summary: 'Lists the consumers that called an API since a time, by version and name. Of an API that is told by its own name, all versions.',
  permission: 'usage:read',
  reach: ({ parameters, plane }) => {
    const { snapshot } = plane.services.catalog.configuration
    // Who called a version is known for longer than the version is there.
    const api = apiOf(parameters.api)
    return snapshot.apis.some(({ name }) => apiOf(name) === api) ? [api] : undefined
  },
  parameters: object({ api: apiName }),
  query: object({ ...pageParameters, since: optional(momentMs('Days count whole. Left out: as long as it is kept.')) }),
  output: pageOf(callerSchema),
  refusals: {},
  async run({ parameters: { api }, query: { since, ...query }, plane, nowMs }, store) {
    const sinceMs = sinceOf(since, plane, nowMs)
    const shown = await page(
      store,
      callers,
      query,
      ({ key, value }) => {
        const record = usageOf(key, value, sinceMs)
        return record && (record.api === api || apiOf(record.api) === api) ? shownCaller(record) : undefined
      },
      { prefix: api },
    )
    return done(shown)
  },
})
