// getProvider: one provider, with the tag of its state.
import { object } from '../../../base/schema.ts'
import { findProvider } from '../../../people/sso-provider.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { nameText } from '../../texts.ts'
import { providerEtag, providerSchema, shownProvider } from './provider-schema.ts'

export const getProvider = defineOperation({
  name: 'getProvider',
  resource: 'providers',
  method: 'GET',
  path: '/providers/{provider}',
  summary: 'Tells about a single sign-on provider.',
  permission: 'people:read',
  reach: 'all',
  parameters: object({ provider: nameText('The provider.') }),
  output: providerSchema,
  refusals: {},
  async run({ parameters }, store) {
    const provider = await findProvider(store, parameters.provider)
    return provider === undefined ? refused('unknown') : done(shownProvider(provider), { etag: providerEtag(provider) })
  },
})
