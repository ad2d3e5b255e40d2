// expireKey: says when a key ends, or that it does not.
import { hashOf } from '../../../base/canonical-json.ts'
import { object, optional } from '../../../base/schema.ts'
import { expireKey as expire, getKey } from '../../../directory/keys.ts'
import { isRefused } from '../../../directory/records.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { momentMs } from '../../texts.ts'
import { filedKey, KEY_NOT_VALID, KEY_OF_FILE, keyParameters, keySchema, shownKey } from './key-schema.ts'

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
    const { parameters, body, operator, nowMs, plane } = call
    const key = await getKey(store, parameters.key)
    if (key === undefined) return refused(filedKey(plane.services.catalog.configuration.directory, parameters.key) ? 'owned-by-file' : 'unknown')
    const stale = call.guard(hashOf(key).slice(0, 32))
    if (stale) return stale
    const changed = await expire(store, { by: operator.actor.id, nowMs }, key.id, body.expires ?? null)
    if (isRefused(changed)) return refused(changed.refused === 'unknown-key' ? 'unknown' : changed.refused, { detail: changed.says })
    const shown = shownKey(changed)
    return done(shown, { etag: hashOf(changed).slice(0, 32), detail: { consumer: key.consumer, expires: shown.expires ?? 'never' } })
  },
})
