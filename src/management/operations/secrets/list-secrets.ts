// listSecrets: names, times and grants; never a value.
import { listSecrets as list } from '../../../secrets/named-secrets.ts'
import { defineOperation, done } from '../../operation.ts'
import { cursorOf, pageOf, pageQuery } from '../../pages.ts'
import { secretSchema, shownSecret } from './secret-schema.ts'

export const listSecrets = defineOperation({
  name: 'listSecrets',
  resource: 'secrets',
  method: 'GET',
  path: '/secrets',
  summary: 'Named secrets without their values.',
  permission: 'secrets:read',
  reach: 'all',
  query: pageQuery,
  output: pageOf(secretSchema),
  refusals: {},
  async run({ query: { limit, cursor } }, store) {
    const found = await list(store, { limit: limit + 1, ...(cursor !== undefined && { after: cursor }) })
    const items = found.slice(0, limit)
    return done({ items: items.map(shownSecret), ...(found.length > limit && { next: cursorOf(items.at(-1)!.name) }) })
  },
})
