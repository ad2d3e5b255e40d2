// listSignInProviders: the providers that a sign-in page offers: their names, and nothing of their settings.
import { list, object } from '../../../base/schema.ts'
import { listProviders, PROVIDERS_MAX } from '../../../people/sso-provider.ts'
import { defineOperation, done } from '../../operation.ts'
import { line, nameText } from '../../texts.ts'

export const listSignInProviders = defineOperation({
  name: 'listSignInProviders',
  resource: 'session',
  method: 'GET',
  path: '/session/single-sign-on',
  summary: 'The providers that one can sign in through.',
  permission: 'anyone',
  reach: 'all',
  output: object({ items: list(object({ name: nameText('The provider.'), says: line(100, 'What the button says.') }), { max: PROVIDERS_MAX }) }),
  refusals: {},
  async run(_call, store) {
    return done({ items: (await listProviders(store)).map(({ name, says }) => ({ name, says })) })
  },
})
