// createKey: a new API key for a consumer. Its secret is in this answer and nowhere else.
import { object, optional, string } from '../../../base/schema.ts'
import { createKey as create } from '../../../directory/keys.ts'
import { isRefused } from '../../../directory/records.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { line, momentMs } from '../../texts.ts'
import { keySchema, keyShape, NEW_KEY_REFUSALS, shownKey } from './key-schema.ts'

export const createKey = defineOperation({
  name: 'createKey',
  resource: 'keys',
  method: 'POST',
  path: '/consumers/{consumer}/keys',
  summary: 'Makes an API key for a consumer. The secret is told once.',
  permission: 'keys:write',
  reach: 'all',
  parameters: object({ consumer: keyShape.consumer }),
  body: object({ label: optional(line(100, 'What it is for.'), ''), expires: optional(momentMs('From then on the key is refused.')) }),
  output: object({ secret: string({ pattern: /^gth_/, maxLength: 100, describe: 'The key itself.' }), key: keySchema }),
  status: 201,
  refusals: {
    'unknown-consumer': { status: 404, says: 'There is no consumer of that name.', mend: 'Create the consumer first, or check its name.' },
    ...NEW_KEY_REFUSALS,
  },
  act: 'key.create',
  secret: true,
  live: true,
  async run(call, store) {
    const { services, operator, nowMs, parameters, body } = { ...call, services: call.plane.services }
    if (body.expires !== undefined && body.expires <= nowMs) return refused('bad-expiry')
    const fields = { label: body.label, ...(body.expires !== undefined && { expiresMs: body.expires }) }
    const { digests, file } = services.directory
    const made = await create(store, { digests, random: services.random }, { by: operator.actor.id, nowMs }, file, parameters.consumer, fields)
    if (isRefused(made)) return refused(made.refused, { detail: made.says })
    const { secret, key } = made
    return done(
      { secret, key: shownKey(key) },
      { location: `/keys/${key.id}`, object: { kind: 'key', name: key.id }, detail: { consumer: key.consumer, hint: key.hint } },
    )
  },
})
