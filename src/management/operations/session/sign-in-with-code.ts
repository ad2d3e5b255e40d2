// signInWithCode: the second step, from the browser that took the first.
import { object } from '../../../base/schema.ts'
import { isRefused } from '../../../people/refusal.ts'
import { signInWithCode as signIn } from '../../../people/sign-in.ts'
import { defineOperation } from '../../operation.ts'
import { visitOf } from './own-session.ts'
import { BEGIN_AGAIN, codeText, refusedBy, SLOW_DOWN, signedIn, signInSchema, ticketText } from './sign-in-schema.ts'

export const signInWithCode = defineOperation({
  name: 'signInWithCode',
  resource: 'session',
  method: 'POST',
  path: '/session/code',
  summary: 'Signs in with a code, after the password.',
  permission: 'anyone',
  reach: 'all',
  commits: 'by-room',
  body: object({ ticket: ticketText('What the password was answered with.'), code: codeText }),
  output: signInSchema,
  refusals: {
    'wrong-code': { status: 401, says: 'The code is wrong, or was used already.', mend: 'Wait for the next code of the app, or use a recovery code.' },
    'begin-again': BEGIN_AGAIN,
    'slow-down': SLOW_DOWN,
  },
  async prepare(call) {
    const result = await signIn(call.plane.services.people, { ...call.body, visit: visitOf(call) })
    return isRefused(result) ? refusedBy(result.refused, result) : signedIn(call, result)
  },
  run: async (_call, _store, prepared) => prepared,
})
