// listKeys: the keys of one consumer, those that are over too, and those that a file holds.
import { object } from '../../../base/schema.ts'
import { getConsumer } from '../../../directory/consumers.ts'
import { listKeys as list } from '../../../directory/keys.ts'
import { lastUse } from '../../../directory/last-use.ts'
import { fileKeyId } from '../../../model/directory.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { cursorOf, pageOf, pageQuery } from '../../pages.ts'
import { type KeyShown, keySchema, keyShape, shownFiledKey, shownKey } from './key-schema.ts'

export const listKeys = defineOperation({
  name: 'listKeys',
  resource: 'keys',
  method: 'GET',
  path: '/consumers/{consumer}/keys',
  summary: 'Lists the keys of a consumer by id, with their last use; revoked and expired ones too.',
  permission: 'keys:read',
  reach: 'all',
  parameters: object({ consumer: keyShape.consumer }),
  query: pageQuery,
  output: pageOf(keySchema),
  refusals: {},
  async run({ parameters: { consumer }, query: { limit = 50, cursor }, plane: { services } }, store) {
    const { digests, file } = services.directory
    if (!file.hasConsumer(consumer) && (await getConsumer(store, consumer)) === undefined) return refused('unknown')
    const { items: stored, next: more } = await list(store, consumer, { limit, ...(cursor !== undefined && { after: cursor }) })
    const filed = services.catalog.configuration.directory.keys
      .filter(({ consumer: owner, digest }) => owner === consumer && (cursor === undefined || fileKeyId(digest) > cursor))
      .slice(0, limit)
    const all: KeyShown[] = []
    for (const key of stored) all.push(shownKey(key, await lastUse(store, key.id)))
    // A key that the store took over from an earlier Gatehouse may stand in a file too: it is told once.
    for (const key of filed) if (!all.some(({ id }) => id === fileKeyId(key.digest))) all.push(await shownFiledKey(store, digests, key))
    const items = all.sort((a, b) => (a.id < b.id ? -1 : 1)).slice(0, limit)
    const next = all.length >= limit && items.length > 0 ? items.at(-1)!.id : more
    return done({ items, ...(next !== undefined && { next: cursorOf(next) }) })
  },
})
