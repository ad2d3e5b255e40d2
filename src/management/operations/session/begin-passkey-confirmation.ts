// beginPasskeyConfirmation: what the browser asks one of the person's own authenticators to sign.
import { passkeyStepUp } from '../../../people/passkeys.ts'
import { defineOperation, done, isRefused } from '../../operation.ts'
import { ownSessionNow } from './own-session.ts'
import { requestOptionsSchema, shownRequest } from './passkey-schema.ts'

export const beginPasskeyConfirmation = defineOperation({
  name: 'beginPasskeyConfirmation',
  resource: 'session',
  method: 'POST',
  path: '/session/confirmation/passkey-challenge',
  summary: 'What navigator.credentials.get is called with to confirm who you are.',
  permission: 'signed-in',
  reach: 'all',
  output: requestOptionsSchema,
  refusals: {},
  async prepare(call) {
    const live = await ownSessionNow(call)
    return isRefused(live) ? live : done(shownRequest(await passkeyStepUp(call.plane.services.people, live)))
  },
  run: async (_call, _store, prepared) => prepared,
})
