// listConsumers: all consumers by name, those of the files among those of the store.
import { object, optional } from '../../../base/schema.ts'
import { listConsumers as list } from '../../../directory/consumers.ts'
import { defineOperation, done } from '../../operation.ts'
import { cursorOf, pageOf, pageParameters } from '../../pages.ts'
import { nameText } from '../../texts.ts'
import { consumerSchema, shownConsumer, shownFiled } from './consumer-schema.ts'

export const listConsumers = defineOperation({
  name: 'listConsumers',
  resource: 'consumers',
  method: 'GET',
  path: '/consumers',
  summary: 'Lists consumers by name, whoever defines them.',
  permission: 'consumers:read',
  reach: 'all',
  query: object({ ...pageParameters, team: optional(nameText('Only those that this team answers for: none of a file.')) }),
  output: pageOf(consumerSchema),
  refusals: {},
  async run({ query: { limit = 50, cursor, team }, plane }, store) {
    const page = { limit, ...(cursor !== undefined && { after: cursor }) }
    const stored = await list(store, page, team)
    const { consumers } = plane.services.catalog.configuration.directory
    const filed = team === undefined ? consumers.filter(({ name }) => cursor === undefined || name > cursor).slice(0, limit) : []
    const all = [...stored.items.map(shownConsumer), ...filed.map(shownFiled)].sort((a, b) => (a.name < b.name ? -1 : 1))
    const items = all.slice(0, limit)
    // A full page of either may have more behind it: an empty last page is better than one that is missing.
    const next = all.length >= limit && items.length > 0 ? items.at(-1)!.name : stored.next
    return done({ items, ...(next !== undefined && { next: cursorOf(next) }) })
  },
})
