// beginTotp: a seed for an authenticator app. It counts when a code of it has been shown.
import { object, string } from '../../../base/schema.ts'
import { isRefused } from '../../../people/refusal.ts'
import { beginTotp as begin } from '../../../people/second-factor.ts'
import { defineOperation, done, isRefused as isNo } from '../../operation.ts'
import { ownSession } from '../session/own-session.ts'
import { ownRefusal } from './account-schema.ts'

export const beginTotp = defineOperation({
  name: 'beginTotp',
  resource: 'account',
  method: 'POST',
  path: '/own/totp',
  summary: 'Begins to enrol an authenticator app. The seed is told once.',
  permission: 'signed-in',
  reach: 'all',
  recent: 'by-room',
  output: object({
    seed: string({ pattern: /^[A-Z2-7]{32}$/, maxLength: 32, describe: 'To be typed into the app.' }),
    uri: string({ pattern: /^otpauth:\/\/totp\/[!-~]+$/, maxLength: 4096, describe: 'The same, for a QR code.' }),
  }),
  refusals: {
    'password-first': {
      status: 409,
      says: 'Set a password first.',
      mend: 'A code is a second factor: it is asked for after a password. A passkey needs none.',
    },
  },
  act: 'totp.begin',
  secret: true,
  async run(call, store) {
    const live = await ownSession(call, store, { enrolling: true })
    if (isNo(live)) return live
    const { people, random } = call.plane.services
    const begun = await begin(store, { nowMs: call.nowMs, random }, people, live)
    if (!isRefused(begun)) return done(begun, { object: { kind: 'person', name: live.person.id } })
    return begun.refused === 'password-needed' ? { refused: 'password-first' } : ownRefusal(begun)
  },
})
