// listVersions: the versions of an API with the life each leads, and who still calls them.
import { integer, list, object, oneOf, optional, string } from '../../../base/schema.ts'
import { VERSION, VERSION_MEANS } from '../../../catalog/sections/version-name.ts'
import { callersOf } from '../../../directory/usage-book.ts'
import { CALLER_FOR_MS } from '../../../lifecycle/announcements.ts'
import { nextChangeMs, STATES, stateAt } from '../../../lifecycle/schedule.ts'
import { defineOperation, done } from '../../operation.ts'
import { line, moment, momentOf, nameText } from '../../texts.ts'
import { thisApi } from './api-reach.ts'

const versionText = (describe: string) => string({ pattern: VERSION, maxLength: 32, means: VERSION_MEANS, describe })
const versionSchema = object({
  version: versionText('The version’s name.'),
  state: oneOf(STATES, 'Now, as declared and as the dates carry it.'),
  deprecated: optional(moment('Since when callers are advised to move.')),
  sunset: optional(moment('From when on it answers 410.')),
  nextChange: optional(moment('When its state, or whether it serves, changes next.')),
  successor: optional(versionText('The version to move to.')),
  docs: optional(line(2100, 'Its documentation.')),
  callers: integer({ min: 0, max: 1_000_000, describe: 'How many consumers called it in the last 30 days.' }),
  lastCall: optional(moment('The last call in the last 30 days, to within some seconds.')),
})

export const listVersions = defineOperation({
  name: 'listVersions',
  resource: 'apis',
  method: 'GET',
  path: '/apis/{api}/versions',
  summary: 'Lists the versions of an API: the state of each, its dates, what it is followed by, and how many still call it.',
  permission: 'apis:read',
  reach: thisApi,
  parameters: object({ api: nameText('The API.') }),
  output: object({ items: list(versionSchema, { max: 1000 }) }),
  refusals: {},
  async run({ parameters, plane, nowMs }, store) {
    const prefix = `${parameters.api}@`
    const items = []
    for (const { api, schedule, successor, docs } of plane.services.catalog.configuration.versions) {
      if (!api.startsWith(prefix)) continue
      const { deprecatedMs, sunsetMs } = schedule
      const next = nextChangeMs(schedule, nowMs)
      const callers = await callersOf(store, api, nowMs - CALLER_FOR_MS)
      items.push({
        version: api.slice(prefix.length),
        state: stateAt(schedule, nowMs),
        ...(deprecatedMs !== undefined && { deprecated: momentOf(deprecatedMs) }),
        ...(sunsetMs !== undefined && { sunset: momentOf(sunsetMs) }),
        ...(next !== Number.POSITIVE_INFINITY && { nextChange: momentOf(next) }),
        ...(successor !== undefined && { successor }),
        ...(docs !== undefined && { docs }),
        callers: callers.length,
        ...(callers.length > 0 && { lastCall: momentOf(callers.reduce((latest, { lastCallMs }) => Math.max(latest, lastCallMs), 0)) }),
      })
    }
    return done({ items: items.sort((a, b) => (a.version < b.version ? -1 : 1)) })
  },
})
