// revokeKey: ends a key at once and for ever.
import { object, optional } from '../../../base/schema.ts'
import { revokeKey as revoke } from '../../../directory/keys.ts'
import { isRefused } from '../../../directory/records.ts'
import { defineOperation, done, etagOf, isRefused as isNo } from '../../operation.ts'
import { line } from '../../texts.ts'
import { guardedKey, refusedKey } from './guarded-key.ts'
import { KEY_OF_FILE, keyParameters, keySchema, shownKey } from './key-schema.ts'

export const revokeKey = defineOperation({
  name: 'revokeKey',
  resource: 'keys',
  method: 'POST',
  path: '/keys/{key}/revoke',
  summary: 'Revokes a key: refused on every gateway thread when this is answered, and for ever.',
  permission: 'keys:write',
  reach: 'all',
  parameters: keyParameters,
  body: object({ why: optional(line(200, 'For those who ask later.'), '') }),
  output: keySchema,
  refusals: { 'owned-by-file': KEY_OF_FILE },
  act: 'key.revoke',
  guarded: true,
  live: true,
  object: ({ parameters }) => ({ kind: 'key', name: parameters.key }),
  async run(call, store) {
    const { body, operator, nowMs } = call
    const key = await guardedKey(call, store)
    if (isNo(key)) return key
    const revoked = await revoke(store, { by: operator.actor.id, nowMs }, key.id, body.why ?? '')
    if (isRefused(revoked)) return refusedKey(revoked)
    return done(shownKey(revoked), { etag: etagOf(revoked), detail: { consumer: key.consumer, hint: key.hint } })
  },
})
