// signInWithPasskey: one step that is two factors.
import { object } from '../../../base/schema.ts'
import { signInWithPasskey as signIn } from '../../../people/passkeys.ts'
import { isRefused } from '../../../people/refusal.ts'
import { defineOperation, refused } from '../../operation.ts'
import { visitOf } from './own-session.ts'
import { assertionOf, assertionSchema } from './passkey-schema.ts'
import { signedIn, signInSchema } from './sign-in-schema.ts'

export const signInWithPasskey = defineOperation({
  name: 'signInWithPasskey',
  resource: 'session',
  method: 'POST',
  path: '/session/passkey',
  summary: 'Signs in with a passkey.',
  permission: 'anyone',
  reach: 'all',
  commits: 'by-room',
  body: object({ response: assertionSchema }),
  output: signInSchema,
  refusals: {
    'not-verified': {
      status: 401,
      says: 'The passkey was not accepted.',
      mend: 'Begin again in this browser, at the address that the passkey was made for. Unknown passkeys and suspended people are answered alike.',
    },
  },
  async prepare(call) {
    const result = await signIn(call.plane.services.people, { response: assertionOf(call.body.response), visit: visitOf(call) })
    return isRefused(result) ? refused(result.refused) : signedIn(call, result)
  },
  run: async (_call, _store, prepared) => prepared,
})
