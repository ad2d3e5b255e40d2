// revokeToken: the secret is worth nothing from the next request on.
import { object } from '../../../base/schema.ts'
import { revokeToken as revoke } from '../../../people/machine-tokens.ts'
import { isRefused } from '../../../people/refusal.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { ALREADY_REVOKED, tokenId } from './token-schema.ts'

export const revokeToken = defineOperation({
  name: 'revokeToken',
  resource: 'tokens',
  method: 'DELETE',
  path: '/tokens/{id}',
  summary: 'Revokes a machine token, whoever made it.',
  permission: 'tokens:write',
  reach: 'all',
  parameters: object({ id: tokenId }),
  refusals: { 'already-revoked': ALREADY_REVOKED },
  act: 'token.revoke',
  // Neither a tag nor a fresh proof is asked for: a leaked token goes at once, and revoking gives nobody anything.
  object: ({ parameters }) => ({ kind: 'token', name: parameters.id }),
  async run({ nowMs, parameters }, store) {
    const revoked = await revoke(store, nowMs, parameters.id)
    if (!isRefused(revoked)) return done(undefined)
    return refused(revoked.refused === 'unknown-token' ? 'unknown' : revoked.refused)
  },
})
