// signInWithPassword: the first step for most people. One answer for everything that is wrong.
import { object } from '../../../base/schema.ts'
import { isRefused } from '../../../people/refusal.ts'
import { signInWithPassword as signIn } from '../../../people/sign-in.ts'
import { defineOperation } from '../../operation.ts'
import { line } from '../../texts.ts'
import { beginningVisit } from './own-session.ts'
import { BUSY, passwordText, refusedBy, SLOW_DOWN, signedIn, signInSchema, USE_PASSKEY } from './sign-in-schema.ts'

export const signInWithPassword = defineOperation({
  name: 'signInWithPassword',
  resource: 'session',
  method: 'POST',
  path: '/session/password',
  summary: 'Signs in with mail address and password.',
  permission: 'anyone',
  reach: 'all',
  commits: 'by-room',
  body: object({ mail: line(320, 'The mail address.'), password: passwordText('The password.') }),
  output: signInSchema,
  refusals: {
    'wrong-credentials': {
      status: 401,
      says: 'Mail address or password are wrong.',
      mend: 'Try again, or ask an owner for a recovery link. Unknown names, wrong passwords and suspended people are all answered alike.',
    },
    'use-passkey': USE_PASSKEY,
    'slow-down': SLOW_DOWN,
    busy: BUSY,
  },
  async prepare(call) {
    const { visit, cookies } = beginningVisit(call)
    const result = await signIn(call.plane.services.people, { ...call.body, visit })
    return isRefused(result) ? refusedBy(result.refused, result) : signedIn(call, result, cookies)
  },
  run: async (_call, _store, prepared) => prepared,
})
