// rotateKey: a new key in the place of an old one, which lives on for a while so that its holder can change over.
import { integer, object, optional, string } from '../../../base/schema.ts'
import { OVERLAP_MS_MAX, rotateKey as rotate } from '../../../directory/keys.ts'
import { isRefused } from '../../../directory/records.ts'
import { defineOperation, done, etagOf, isRefused as isNo, refused } from '../../operation.ts'
import { line, momentMs } from '../../texts.ts'
import { guardedKey, refusedKey } from './guarded-key.ts'
import { KEY_NOT_VALID, KEY_OF_FILE, keyParameters, keySchema, NEW_KEY_REFUSALS, shownKey } from './key-schema.ts'

const overlapSeconds = integer({
  min: 0,
  max: OVERLAP_MS_MAX / 1000,
  describe: 'For how long the old key is still taken. 0: not at all. It never lives longer than it would have.',
})

export const rotateKey = defineOperation({
  name: 'rotateKey',
  resource: 'keys',
  method: 'POST',
  path: '/keys/{key}/rotate',
  summary: 'Makes a key that takes over from another; the secret is told once. Both are taken until the overlap ends.',
  permission: 'keys:write',
  reach: 'all',
  parameters: keyParameters,
  body: object({
    overlapSeconds,
    label: optional(line(100, 'What it is for; left out: as the old one.')),
    expires: optional(momentMs('From then on the new key is refused.')),
  }),
  output: object({ secret: string({ pattern: /^gth_/, maxLength: 100, describe: 'The new key itself.' }), key: keySchema, replaced: keySchema }),
  status: 201,
  refusals: {
    'owned-by-file': KEY_OF_FILE,
    'key-not-valid': KEY_NOT_VALID,
    'key-replaced': { status: 409, says: 'The key has been replaced already.', mend: 'Rotate the key that took over: `replacedBy` names it.' },
    ...NEW_KEY_REFUSALS,
  },
  act: 'key.rotate',
  guarded: true,
  secret: true,
  live: true,
  object: ({ parameters }) => ({ kind: 'key', name: parameters.key }),
  async run(call, store) {
    const { body, operator, nowMs, plane } = call
    const { directory, random } = plane.services
    const old = await guardedKey(call, store)
    if (isNo(old)) return old
    if (body.expires !== undefined && body.expires <= nowMs) return refused('bad-expiry')
    const fields = { ...(body.label !== undefined && { label: body.label }), ...(body.expires !== undefined && { expiresMs: body.expires }) }
    const act = { by: operator.actor.id, nowMs }
    const made = await rotate(store, { digests: directory.digests, random }, act, old.id, { overlapMs: body.overlapSeconds * 1000, ...fields })
    if (isRefused(made)) return refusedKey(made)
    const { secret, key, replaced } = made
    return done(
      { secret, key: shownKey(key), replaced: shownKey(replaced) },
      { etag: etagOf(key), location: `/keys/${key.id}`, detail: { consumer: key.consumer, by: key.id, overlapSeconds: body.overlapSeconds } },
    )
  },
})
