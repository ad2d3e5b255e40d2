// beginPasskeySignIn: what the browser asks an authenticator to sign. Nothing is stored for it.
import { passkeySignIn } from '../../../people/passkeys.ts'
import { defineOperation, done } from '../../operation.ts'
import { beginningVisit } from './own-session.ts'
import { requestOptionsSchema, shownRequest } from './passkey-schema.ts'

export const beginPasskeySignIn = defineOperation({
  name: 'beginPasskeySignIn',
  resource: 'session',
  method: 'POST',
  path: '/session/passkey-challenge',
  summary: 'What navigator.credentials.get is called with to sign in.',
  permission: 'anyone',
  reach: 'all',
  output: requestOptionsSchema,
  refusals: {},
  async prepare(call) {
    const { visit, cookies } = beginningVisit(call)
    return done(shownRequest(await passkeySignIn(call.plane.services.people, visit)), { cookies })
  },
  run: async (_call, _store, prepared) => prepared,
})
