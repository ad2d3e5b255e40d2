// beginPasskey: what the browser asks an authenticator to make.
import { passkeyRegistration } from '../../../people/passkeys.ts'
import { isRefused } from '../../../people/refusal.ts'
import { defineOperation, done, isRefused as isNo } from '../../operation.ts'
import { ownSessionNow } from '../session/own-session.ts'
import { creationOptionsSchema, shownCreation } from '../session/passkey-schema.ts'
import { ownRefusal } from './account-schema.ts'

export const beginPasskey = defineOperation({
  name: 'beginPasskey',
  resource: 'account',
  method: 'POST',
  path: '/own/passkey-challenge',
  summary: 'What navigator.credentials.create is called with.',
  permission: 'signed-in',
  reach: 'all',
  recent: 'by-room',
  output: creationOptionsSchema,
  refusals: { 'too-many-passkeys': { status: 409, says: 'You have as many passkeys as you may have.', mend: 'Remove one that you do not use.' } },
  async prepare(call) {
    const live = await ownSessionNow(call, { enrolling: true })
    if (isNo(live)) return live
    const options = await passkeyRegistration(call.plane.services.people, live)
    return isRefused(options) ? ownRefusal(options) : done(shownCreation(options))
  },
  run: async (_call, _store, prepared) => prepared,
})
