// putSecret: keeps a value under a name, sealed. It is never told again.
import { checked, object, optional, string } from '../../../base/schema.ts'
import { Secret } from '../../../base/secret.ts'
import { putSecret as put, SECRET_VALUE_MAX, secretInfo } from '../../../secrets/named-secrets.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { grantsShape, secretParameters, secretSchema, secretTag, shownSecret } from './secret-schema.ts'

export const putSecret = defineOperation({
  name: 'putSecret',
  resource: 'secrets',
  method: 'PUT',
  path: '/secrets/{name}',
  summary: 'Makes a named secret (`If-Match: "absent"`), or gives it another value. No answer ever holds the value.',
  permission: 'secrets:write',
  reach: 'all',
  parameters: secretParameters,
  body: object({
    value: checked(string({ pattern: /^[\s\S]+$/, maxLength: SECRET_VALUE_MAX, means: 'the value', describe: 'The value.' }), (text) =>
      text.isWellFormed() ? undefined : { code: 'bad-value', message: 'the value holds half a character' },
    ),
    granted: optional(object(grantsShape, 'Who may refer to it; left out: as before, and nobody for a new one.')),
  }),
  bodyBytesMax: 8 * SECRET_VALUE_MAX,
  output: secretSchema,
  refusals: {
    'too-long': {
      status: 422,
      says: `The value has more than ${SECRET_VALUE_MAX} octets.`,
      mend: 'Keep what is larger in a file, and refer to it from the configuration.',
    },
  },
  act: 'secret.put',
  guarded: true,
  makes: true,
  recent: true,
  object: ({ parameters }) => ({ kind: 'secret', name: parameters.name }),
  async run({ parameters, body, operator, nowMs, plane, guard }, store) {
    const before = await secretInfo(store, parameters.name)
    const stale = guard(secretTag(before))
    if (stale) return stale
    const given = { name: parameters.name, value: new Secret(body.value), by: operator.actor.id, nowMs, ...(body.granted && { granted: body.granted }) }
    const info = await put(store, plane.services.envelope, given)
    if ('refused' in info) {
      if (info.refused === 'secret.too-long') return refused('too-long')
      throw new Error(`a secret that its schema let through is refused: ${info.refused}`)
    }
    return done(shownSecret(info), { etag: secretTag(info), detail: { made: before === undefined, rotated: info.rotatedMs === nowMs, granted: info.granted } })
  },
})
