// revokeOwnToken: one of one's own tokens is worth nothing from the next request on.
import { object } from '../../../base/schema.ts'
import { listTokens, revokeToken } from '../../../people/machine-tokens.ts'
import { isRefused } from '../../../people/refusal.ts'
import { defineOperation, done, isRefused as isNo, refused } from '../../operation.ts'
import { ownSession } from '../session/own-session.ts'
import { ALREADY_REVOKED, tokenId } from './token-schema.ts'

export const revokeOwnToken = defineOperation({
  name: 'revokeOwnToken',
  resource: 'tokens',
  method: 'DELETE',
  path: '/own/tokens/{id}',
  summary: 'Revokes one of your machine tokens.',
  permission: 'signed-in',
  reach: 'all',
  parameters: object({ id: tokenId }),
  refusals: { 'already-revoked': ALREADY_REVOKED },
  act: 'token.revoke',
  object: ({ parameters }) => ({ kind: 'token', name: parameters.id }),
  async run(call, store) {
    const live = await ownSession(call, store)
    if (isNo(live)) return live
    const { id: token } = call.parameters
    // Among one's own only: those of others are not there.
    if (!(await listTokens(store, live.person.id)).some(({ id }) => id === token)) return refused('unknown')
    const revoked = await revokeToken(store, call.nowMs, token)
    return isRefused(revoked) ? refused(revoked.refused) : done(undefined)
  },
})
