// grantSecret: says anew whose objects may refer to a secret. Its value is not touched.
import { object } from '../../../base/schema.ts'
import { grantSecret as grant, secretInfo } from '../../../secrets/named-secrets.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { grantsShape, secretParameters, secretSchema, secretTag, shownSecret } from './secret-schema.ts'

export const grantSecret = defineOperation({
  name: 'grantSecret',
  resource: 'secrets',
  method: 'PUT',
  path: '/secrets/{name}/grants',
  summary: 'Says whose objects of the console may refer to a secret.',
  permission: 'secrets:write',
  reach: 'all',
  parameters: secretParameters,
  body: object(grantsShape),
  bodyBytesMax: 512 * 1024,
  output: secretSchema,
  refusals: {},
  act: 'secret.grant',
  guarded: true,
  recent: true,
  object: ({ parameters }) => ({ kind: 'secret', name: parameters.name }),
  async run({ parameters, body, operator, nowMs, guard }, store) {
    const before = await secretInfo(store, parameters.name)
    if (before === undefined) return refused('unknown')
    const stale = guard(secretTag(before))
    if (stale) return stale
    const info = await grant(store, { name: parameters.name, granted: body, by: operator.actor.id, nowMs })
    if ('refused' in info) throw new Error(`grants that their schema let through are refused: ${info.refused}`)
    return done(shownSecret(info), { etag: secretTag(info), detail: { granted: info.granted } })
  },
})
