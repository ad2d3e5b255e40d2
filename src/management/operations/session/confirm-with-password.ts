// confirmWithPassword: proves once more who is signed in, for who has no second factor.
import { object } from '../../../base/schema.ts'
import { isRefused } from '../../../people/refusal.ts'
import { stepUpWithPassword } from '../../../people/step-up.ts'
import { defineOperation, isRefused as isNo, refused } from '../../operation.ts'
import { ownSessionNow } from './own-session.ts'
import { BUSY, passwordText, refusedBy, renewed, renewedSchema, SLOW_DOWN, USE_PASSKEY, WRONG_PASSWORD } from './sign-in-schema.ts'

export const confirmWithPassword = defineOperation({
  name: 'confirmWithPassword',
  resource: 'session',
  method: 'POST',
  path: '/session/confirmation/password',
  summary: 'Confirms who you are with your password, for five minutes.',
  permission: 'signed-in',
  reach: 'all',
  commits: 'by-room',
  body: object({ password: passwordText('The password.') }),
  output: renewedSchema,
  refusals: {
    'wrong-password': WRONG_PASSWORD,
    'code-needed': { status: 409, says: 'Confirm with a code.', mend: 'Who has an authenticator app confirms with a code of it.' },
    'use-passkey': USE_PASSKEY,
    'slow-down': SLOW_DOWN,
    busy: BUSY,
  },
  async prepare(call) {
    const live = await ownSessionNow(call)
    if (isNo(live)) return live
    const result = await stepUpWithPassword(call.plane.services.people, live, call.body.password)
    if (!isRefused(result)) return renewed(call, result)
    if (result.refused === 'signed-out') return refused('unauthorized')
    return refusedBy(result.refused === 'wrong-credentials' ? 'wrong-password' : result.refused, result)
  },
  run: async (_call, _store, prepared) => prepared,
})
