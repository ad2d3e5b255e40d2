// listUnusedKeys: valid keys that nobody has shown for a while: what can be revoked without anybody missing it.
import { object, optional } from '../../../base/schema.ts'
import { unusedFor } from '../../../directory/last-use.ts'
import { defineOperation, done } from '../../operation.ts'
import { cursorOf, digits, pageOf, pageParameters } from '../../pages.ts'
import { momentOf } from '../../texts.ts'
import { keySchema, shownKey } from './key-schema.ts'

export const listUnusedKeys = defineOperation({
  name: 'listUnusedKeys',
  resource: 'keys',
  method: 'GET',
  path: '/unused-keys',
  summary: 'Lists valid keys that were not shown for so many days, longest unused first. Keys of files are not among them.',
  permission: 'keys:read',
  reach: 'all',
  query: object({ ...pageParameters, days: optional(digits({ min: 1, max: 3650, describe: 'For how many days. 90 when left out.' }), 90) }),
  output: pageOf(keySchema),
  refusals: {},
  async run({ query: { limit = 50, cursor, days = 90 }, nowMs }, store) {
    const found = await unusedFor(store, days, nowMs, { limit, ...(cursor !== undefined && { after: cursor }) })
    const items = found.items.map(({ key, lastMs }) => {
      const shown = shownKey(key)
      return lastMs === undefined ? shown : { ...shown, lastUsed: momentOf(lastMs) }
    })
    return done({ items, ...(found.next !== undefined && { next: cursorOf(found.next) }) })
  },
})
