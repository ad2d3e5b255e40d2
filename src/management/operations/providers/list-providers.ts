// listProviders: the single sign-on providers with their settings.
import { list, object } from '../../../base/schema.ts'
import { listProviders as all, PROVIDERS_MAX } from '../../../people/sso-provider.ts'
import { defineOperation, done } from '../../operation.ts'
import { providerSchema, shownProvider } from './provider-schema.ts'

export const listProviders = defineOperation({
  name: 'listProviders',
  resource: 'providers',
  method: 'GET',
  path: '/providers',
  summary: 'Lists the single sign-on providers.',
  permission: 'people:read',
  reach: 'all',
  output: object({ items: list(providerSchema, { max: PROVIDERS_MAX }) }),
  refusals: {},
  async run(_call, store) {
    return done({ items: (await all(store)).map(shownProvider) })
  },
})
