// rotateKey: a new key in the place of an old one, which lives on for a while so that its holder can change over.
import { hashOf } from '../../../base/canonical-json.ts'
import { integer, object, optional, string } from '../../../base/schema.ts'
import { getKey, OVERLAP_MS_MAX, rotateKey as rotate } from '../../../directory/keys.ts'
import { isRefused } from '../../../directory/records.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { line, momentMs } from '../../texts.ts'
import { filedKey, KEY_NOT_VALID, KEY_OF_FILE, keyParameters, keySchema, shownKey } from './key-schema.ts'

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
    'too-many-keys': { status: 409, says: 'The consumer has as many keys as it may have.', mend: 'Revoke keys that are not used any more.' },
    'bad-expiry': { status: 422, says: 'The key would have expired already.', mend: 'Give a time in the future, or none.' },
  },
  act: 'key.rotate',
  guarded: true,
  secret: true,
  live: true,
  object: ({ parameters }) => ({ kind: 'key', name: parameters.key }),
  async run(call, store) {
    const { parameters, body, operator, nowMs, plane } = call
    const { directory, random, catalog } = plane.services
    const old = await getKey(store, parameters.key)
    if (old === undefined) return refused(filedKey(catalog.configuration.directory, parameters.key) ? 'owned-by-file' : 'unknown')
    const stale = call.guard(hashOf(old).slice(0, 32))
    if (stale) return stale
    if (body.expires !== undefined && body.expires <= nowMs) return refused('bad-expiry')
    const fields = { ...(body.label !== undefined && { label: body.label }), ...(body.expires !== undefined && { expiresMs: body.expires }) }
    const act = { by: operator.actor.id, nowMs }
    const made = await rotate(store, { digests: directory.digests, random }, act, old.id, { overlapMs: body.overlapSeconds * 1000, ...fields })
    if (isRefused(made)) return refused(made.refused === 'unknown-key' ? 'unknown' : made.refused, { detail: made.says })
    const { secret, key, replaced } = made
    return done(
      { secret, key: shownKey(key), replaced: shownKey(replaced) },
      { etag: hashOf(key).slice(0, 32), location: `/keys/${key.id}`, detail: { consumer: key.consumer, by: key.id, overlapSeconds: body.overlapSeconds } },
    )
  },
})
