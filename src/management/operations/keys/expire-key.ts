// expireKey: says when a key ends, or that it does not.
import { object, optional } from '../../../base/schema.ts'
import { expireKey as expire } from '../../../directory/keys.ts'
import { isRefused } from '../../../directory/records.ts'
import { defineOperation, done, etagOf, isRefused as isNo } from '../../operation.ts'
import { momentMs } from '../../texts.ts'
import { guardedKey, refusedKey } from './guarded-key.ts'
import { KEY_NOT_VALID, KEY_OF_FILE, keyParameters, keySchema, shownKey } from './key-schema.ts'

export const expireKey = defineOperation({
  name: 'expireKey',
  resource: 'keys',
  method: 'PUT',
  path: '/keys/{key}/expiry',
  summary: 'Sets when a key ends; without a time it does not. What has ended does not begin again.',
  permission: 'keys:write',
  reach: 'all',
  parameters: keyParameters,
  body: object({ expires: optional(momentMs('From then on the key is refused. A time that is past ends it now.')) }),
  output: keySchema,
  refusals: { 'owned-by-file': KEY_OF_FILE, 'key-not-valid': KEY_NOT_VALID },
  act: 'key.expire',
  guarded: true,
  live: true,
  object: ({ parameters }) => ({ kind: 'key', name: parameters.key }),
  async run(call, store) {
    const { body, operator, nowMs } = call
    const key = await guardedKey(call, store)
    if (isNo(key)) return key
    const changed = await expire(store, { by: operator.actor.id, nowMs }, key.id, body.expires ?? null)
    if (isRefused(changed)) return refusedKey(changed)
    const shown = shownKey(changed)
    return done(shown, { etag: etagOf(changed), detail: { consumer: key.consumer, expires: shown.expires ?? 'never' } })
  },
})
