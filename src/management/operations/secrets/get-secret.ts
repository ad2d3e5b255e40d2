// getSecret: what is known of a secret, without its value.
import { secretInfo } from '../../../secrets/named-secrets.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { secretParameters, secretSchema, secretTag, shownSecret } from './secret-schema.ts'

export const getSecret = defineOperation({
  name: 'getSecret',
  resource: 'secrets',
  method: 'GET',
  path: '/secrets/{name}',
  summary: 'A named secret without its value.',
  permission: 'secrets:read',
  reach: 'all',
  parameters: secretParameters,
  output: secretSchema,
  refusals: {},
  async run({ parameters }, store) {
    const info = await secretInfo(store, parameters.name)
    return info === undefined ? refused('unknown') : done(shownSecret(info), { etag: secretTag(info) })
  },
})
