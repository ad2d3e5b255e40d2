// getKey: one key, without its secret.
import { getKey as get } from '../../../directory/keys.ts'
import { lastUse } from '../../../directory/last-use.ts'
import { defineOperation, done, etagOf, refused } from '../../operation.ts'
import { filedKey, keyParameters, keySchema, shownFiledKey, shownKey } from './key-schema.ts'

export const getKey = defineOperation({
  name: 'getKey',
  resource: 'keys',
  method: 'GET',
  path: '/keys/{key}',
  summary: 'Tells of one key and its last use; never its secret.',
  permission: 'keys:read',
  reach: 'all',
  parameters: keyParameters,
  output: keySchema,
  refusals: {},
  async run({ parameters, plane: { services } }, store) {
    const key = await get(store, parameters.key)
    if (key) return done(shownKey(key, await lastUse(store, key.id)), { etag: etagOf(key) })
    const filed = filedKey(services.catalog.configuration.directory, parameters.key)
    return filed ? done(await shownFiledKey(store, services.directory.digests, filed)) : refused('unknown')
  },
})
