// confirmWithCode: proves once more who is signed in, with a code.
import { object } from '../../../base/schema.ts'
import { isRefused } from '../../../people/refusal.ts'
import { stepUpWithCode } from '../../../people/step-up.ts'
import { defineOperation, isRefused as isNo, refused } from '../../operation.ts'
import { ownSessionNow } from './own-session.ts'
import { codeText, refusedBy, renewed, renewedSchema, SLOW_DOWN } from './sign-in-schema.ts'

export const confirmWithCode = defineOperation({
  name: 'confirmWithCode',
  resource: 'session',
  method: 'POST',
  path: '/session/confirmation/code',
  summary: 'Confirms who you are with a code, for five minutes.',
  permission: 'signed-in',
  reach: 'all',
  commits: 'by-room',
  body: object({ code: codeText }),
  output: renewedSchema,
  refusals: {
    'wrong-code-now': {
      status: 403,
      says: 'The code is wrong, or was used already.',
      mend: 'Wait for the next code of the app. The session goes on as it was.',
    },
    'no-app': { status: 409, says: 'You have no authenticator app.', mend: 'Confirm with the password, a passkey or at the provider.' },
    'slow-down': SLOW_DOWN,
  },
  async prepare(call) {
    const live = await ownSessionNow(call)
    if (isNo(live)) return live
    const result = await stepUpWithCode(call.plane.services.people, live, call.body.code)
    if (!isRefused(result)) return renewed(call, result)
    if (result.refused === 'signed-out') return refused('unauthorized')
    if (result.refused === 'begin-again') return refused('no-app')
    return refusedBy(result.refused === 'wrong-code' ? 'wrong-code-now' : result.refused, result)
  },
  run: async (_call, _store, prepared) => prepared,
})
