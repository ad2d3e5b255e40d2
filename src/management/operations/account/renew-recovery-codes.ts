// renewRecoveryCodes: ten new codes for the day the app is lost; those of before are void.
import { object } from '../../../base/schema.ts'
import { isRefused } from '../../../people/refusal.ts'
import { renewRecoveryCodes as renew } from '../../../people/second-factor.ts'
import { defineOperation, done, isRefused as isNo } from '../../operation.ts'
import { ownSession } from '../session/own-session.ts'
import { NO_SECOND_FACTOR, ownRefusal, recoveryCodes } from './account-schema.ts'

export const renewRecoveryCodes = defineOperation({
  name: 'renewRecoveryCodes',
  resource: 'account',
  method: 'POST',
  path: '/own/recovery-codes',
  summary: 'Makes new recovery codes. They are told once.',
  permission: 'signed-in',
  reach: 'all',
  recent: 'by-room',
  output: object({ recoveryCodes }),
  refusals: { 'no-second-factor': NO_SECOND_FACTOR },
  act: 'recovery-codes.renew',
  secret: true,
  async run(call, store) {
    const live = await ownSession(call, store)
    if (isNo(live)) return live
    const renewed = await renew(store, { nowMs: call.nowMs, random: call.plane.services.random }, live)
    if (isRefused(renewed)) return ownRefusal(renewed)
    return done({ recoveryCodes: [...renewed.recoveryCodes] }, { object: { kind: 'person', name: live.person.id } })
  },
})
