// confirmTotp: the app shows codes of the seed, and is asked for from now on.
import { object } from '../../../base/schema.ts'
import { isRefused } from '../../../people/refusal.ts'
import { confirmTotp as confirm } from '../../../people/second-factor.ts'
import { defineOperation, done, isRefused as isNo } from '../../operation.ts'
import { ownSession, sessionCookie } from '../session/own-session.ts'
import { codeText, csrfText } from '../session/sign-in-schema.ts'
import { ownRefusal, recoveryCodes } from './account-schema.ts'

export const confirmTotp = defineOperation({
  name: 'confirmTotp',
  resource: 'account',
  method: 'POST',
  path: '/own/totp/confirmation',
  summary: 'Enrols the authenticator app. The recovery codes are told once.',
  permission: 'signed-in',
  reach: 'all',
  recent: 'by-room',
  body: object({ code: codeText }),
  output: object({ csrf: csrfText, recoveryCodes }),
  refusals: {
    'nothing-begun': { status: 409, says: 'No app is being enrolled.', mend: 'Begin again; a seed that was shown counts for fifteen minutes.' },
    'wrong-code': { status: 422, says: 'The code is not of that seed.', mend: 'Check the clock of the device, and take the code that it shows now.' },
  },
  act: 'totp.add',
  secret: true,
  async run(call, store) {
    const live = await ownSession(call, store, { enrolling: true })
    if (isNo(live)) return live
    const { people, random } = call.plane.services
    const enrolled = await confirm(store, { nowMs: call.nowMs, random }, people, live, call.body.code)
    if (isRefused(enrolled)) return ownRefusal(enrolled)
    const { session, recoveryCodes: codes } = enrolled
    return done(
      { csrf: session.csrf, recoveryCodes: [...codes] },
      { object: { kind: 'person', name: live.person.id }, cookies: [sessionCookie(call, session)] },
    )
  },
})
