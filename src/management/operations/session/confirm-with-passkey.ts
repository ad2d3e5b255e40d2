// confirmWithPasskey: proves once more who is signed in, with one of their passkeys.
import { object } from '../../../base/schema.ts'
import { stepUpWithPasskey } from '../../../people/passkeys.ts'
import { isRefused } from '../../../people/refusal.ts'
import { defineOperation, isRefused as isNo, refused } from '../../operation.ts'
import { ownSessionNow } from './own-session.ts'
import { assertionOf, assertionSchema } from './passkey-schema.ts'
import { renewed, renewedSchema } from './sign-in-schema.ts'

export const confirmWithPasskey = defineOperation({
  name: 'confirmWithPasskey',
  resource: 'session',
  method: 'POST',
  path: '/session/confirmation/passkey',
  summary: 'Confirms who you are with a passkey, for five minutes.',
  permission: 'signed-in',
  reach: 'all',
  commits: 'by-room',
  body: object({ response: assertionSchema }),
  output: renewedSchema,
  refusals: {
    'passkey-refused': { status: 403, says: 'The passkey was not accepted.', mend: 'Begin again, with a passkey of yours. The session goes on as it was.' },
  },
  async prepare(call) {
    const live = await ownSessionNow(call)
    if (isNo(live)) return live
    const result = await stepUpWithPasskey(call.plane.services.people, live, assertionOf(call.body.response))
    if (!isRefused(result)) return renewed(call, result)
    return refused(result.refused === 'signed-out' ? 'unauthorized' : 'passkey-refused')
  },
  run: async (_call, _store, prepared) => prepared,
})
