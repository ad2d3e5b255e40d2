// putProvider: whom this installation believes about who somebody is, and what a claim of theirs is worth here.
import { object, optional, string } from '../../../base/schema.ts'
import { isRefused } from '../../../people/refusal.ts'
import { findProvider, putProvider as put } from '../../../people/sso-provider.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { nameText } from '../../texts.ts'
import { UNKNOWN_ROLE } from '../people/person-schema.ts'
import { LAST_OWNERS_WAY, OWNERS_ONLY, providerEtag, providerInput, providerSchema, shownProvider } from './provider-schema.ts'

export const putProvider = defineOperation({
  name: 'putProvider',
  resource: 'providers',
  method: 'PUT',
  path: '/providers/{provider}',
  summary: 'Makes or changes a single sign-on provider. `If-Match: "none"` makes one.',
  permission: 'people:write',
  reach: 'all',
  parameters: object({ provider: nameText('The provider.') }),
  body: object({
    ...providerInput,
    clientSecret: optional(
      string({ pattern: /^[!-~]+$/, maxLength: 1024, means: 'a secret', describe: 'Kept sealed, never told. Absent: the one that is kept stays.' }),
    ),
  }),
  output: providerSchema,
  refusals: {
    'owners-only': OWNERS_ONLY,
    'last-owner': LAST_OWNERS_WAY,
    'too-many-providers': { status: 409, says: 'There are as many providers as there may be.', mend: 'Remove providers that nobody comes through.' },
    'issuer-not-https': {
      status: 422,
      says: 'The issuer must be reached by https.',
      mend: 'Give the issuer as its discovery document names it; plain http only on this machine.',
    },
    'secret-needed': { status: 422, says: 'Give the client secret.', mend: 'A new provider, another issuer and another client need their own.' },
    'unknown-role': UNKNOWN_ROLE,
    'owner-not-by-claim': { status: 422, says: 'No claim makes an owner.', mend: 'Owners are made by owners: invite them.' },
  },
  act: 'provider.put',
  guarded: true,
  makes: true,
  recent: true,
  object: ({ parameters }) => ({ kind: 'provider', name: parameters.provider }),
  async run({ operator, parameters, body, guard, plane }, store) {
    const stale = guard(providerEtag(await findProvider(store, parameters.provider)))
    if (stale) return stale
    const { mapping, clientSecret, ...rest } = body
    const input = { name: parameters.provider, ...rest, ...(mapping && { mapping }), ...(clientSecret !== undefined && { clientSecret }) }
    const provider = await put(store, plane.services.envelope, operator, input)
    if (isRefused(provider)) return refused(provider.refused)
    const { issuer, clientId, provesSecondFactor } = provider
    return done(shownProvider(provider), {
      etag: providerEtag(provider),
      detail: { issuer, clientId, provesSecondFactor, newSecret: clientSecret !== undefined },
    })
  },
})
