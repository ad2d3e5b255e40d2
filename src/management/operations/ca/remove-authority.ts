// removeAuthority: forgets an authority and its key for ever.
import { removeAuthority as remove } from '../../../authority/authorities.ts'
import { defineOperation, done, isRefused, refused } from '../../operation.ts'
import { authorityParameters, authorityTag, namedAuthority } from './ca-schema.ts'

export const removeAuthority = defineOperation({
  name: 'removeAuthority',
  resource: 'ca',
  method: 'DELETE',
  path: '/ca/{ca}',
  summary: 'Forgets an authority, its key and its certificates, none of which counts any more.',
  permission: 'certificates:write',
  reach: 'all',
  parameters: authorityParameters,
  refusals: {
    'in-use': {
      status: 409,
      says: 'A certificate of this authority still counts.',
      mend: 'Revoke what it issued, or wait for its end. With the key gone, no list could tell any more what is revoked.',
    },
  },
  act: 'ca.remove',
  guarded: true,
  recent: true,
  object: ({ parameters }) => ({ kind: 'ca', name: parameters.ca }),
  async run(call, store) {
    const authority = await namedAuthority(call, store)
    if (isRefused(authority)) return authority
    const stale = call.guard(authorityTag(authority))
    if (stale) return stale
    const kept = await remove(store, authority.name, call.nowMs)
    if (kept) return refused(kept.refused)
    return done(undefined, { detail: { thumbprint: authority.thumbprint } })
  },
})
