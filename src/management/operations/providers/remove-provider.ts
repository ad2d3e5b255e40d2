// removeProvider: nobody comes in through it any more.
import { object } from '../../../base/schema.ts'
import { isRefused } from '../../../people/refusal.ts'
import { findProvider, removeProvider as remove } from '../../../people/sso-provider.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { nameText } from '../../texts.ts'
import { LAST_OWNERS_WAY, OWNERS_ONLY, providerEtag } from './provider-schema.ts'

export const removeProvider = defineOperation({
  name: 'removeProvider',
  resource: 'providers',
  method: 'DELETE',
  path: '/providers/{provider}',
  summary: 'Removes a single sign-on provider.',
  permission: 'people:write',
  reach: 'all',
  parameters: object({ provider: nameText('The provider.') }),
  refusals: { 'owners-only': OWNERS_ONLY, 'last-owner': LAST_OWNERS_WAY },
  act: 'provider.remove',
  guarded: true,
  recent: true,
  object: ({ parameters }) => ({ kind: 'provider', name: parameters.provider }),
  async run({ operator, parameters, guard }, store) {
    const before = await findProvider(store, parameters.provider)
    if (before === undefined) return refused('unknown')
    const stale = guard(providerEtag(before))
    if (stale) return stale
    const removed = await remove(store, operator, parameters.provider)
    return isRefused(removed) ? refused(removed.refused) : done(undefined)
  },
})
