// registerPasskey: keeps the passkey that the browser made.
import { object } from '../../../base/schema.ts'
import { registerPasskey as register } from '../../../people/passkeys.ts'
import { isRefused } from '../../../people/refusal.ts'
import { digestOf } from '../../../people/secret-text.ts'
import { defineOperation, done, isRefused as isNo } from '../../operation.ts'
import { ownSessionNow, sessionCookie } from '../session/own-session.ts'
import { attestationOf, attestationSchema } from '../session/passkey-schema.ts'
import { csrfText } from '../session/sign-in-schema.ts'
import { namedText, ownRefusal } from './account-schema.ts'
import { passkeySchema, shownPasskey } from './passkey-list.ts'

export const registerPasskey = defineOperation({
  name: 'registerPasskey',
  resource: 'account',
  method: 'POST',
  path: '/own/passkeys',
  summary: 'Keeps a new passkey.',
  permission: 'signed-in',
  reach: 'all',
  commits: 'by-room',
  recent: 'by-room',
  body: object({ name: namedText('What you call it.'), response: attestationSchema }),
  output: object({ csrf: csrfText, passkey: passkeySchema }),
  status: 201,
  refusals: {
    'not-verified': {
      status: 422,
      says: 'The passkey was not accepted.',
      mend: 'Begin again in this browser. An authenticator that has a passkey of yours already makes no second one.',
    },
  },
  async prepare(call) {
    const live = await ownSessionNow(call, { enrolling: true })
    if (isNo(live)) return live
    const { name, response } = call.body
    const made = await register(call.plane.services.people, live, { name, response: attestationOf(response) })
    if (isRefused(made)) return ownRefusal(made)
    const { session, passkey } = made
    const id = digestOf(passkey.credentialId)
    return done({ csrf: session.csrf, passkey: shownPasskey(id, passkey) }, { location: `/own/passkeys/${id}`, cookies: [sessionCookie(call, session)] })
  },
  run: async (_call, _store, prepared) => prepared,
})
