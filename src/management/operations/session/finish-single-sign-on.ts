// finishSingleSignOn: the browser is back from the provider, and who they say it is comes in or does not.
import { type Infer, object, oneOf, string } from '../../../base/schema.ts'
import { isRefused } from '../../../people/refusal.ts'
import { type Call, defineOperation, done, type Outcome } from '../../operation.ts'
import { line, nameText } from '../../texts.ts'
import { ownSessionNow, sessionCookie, visitOf } from './own-session.ts'
import { BEGIN_AGAIN, refusedBy, SLOW_DOWN, signedIn, signInShape, USE_PASSKEY } from './sign-in-schema.ts'

/** What the provider's word is worth here is told no closer: which accounts there are is nobody's to try out. */
const ALIKE: Readonly<Record<string, string>> = {
  'unknown-provider': 'begin-again',
  'not-invited': 'not-let-in',
  'no-role-by-claims': 'not-let-in',
  'not-active': 'not-let-in',
  'already-bound': 'not-let-in',
  'other-person': 'not-let-in',
  'signed-out': 'not-let-in',
  // Refused when it was begun, unless the factor was enrolled meanwhile.
  'proves-too-little': 'not-let-in',
}

const output = object({
  ...signInShape,
  outcome: oneOf(['signed-in', 'second-factor', 'enrol', 'proved'], 'As with a password; `proved`: who was signed in is confirmed.'),
  returnTo: line(1024, 'The path of the console to go on with.'),
})

export const finishSingleSignOn = defineOperation({
  name: 'finishSingleSignOn',
  resource: 'session',
  method: 'POST',
  path: '/session/single-sign-on/callback',
  summary: 'Signs in with what the provider sent the browser back with.',
  permission: 'anyone',
  reach: 'all',
  commits: 'by-room',
  body: object({
    provider: nameText('The provider, as the callback’s path names it.'),
    query: string({
      pattern: /^[!-~]+$/,
      maxLength: 16_384,
      means: 'what stands behind the ? of the callback',
      describe: 'What stands behind the `?` of the callback.',
    }),
  }),
  output,
  refusals: {
    'begin-again': BEGIN_AGAIN,
    'provider-unreachable': {
      status: 502,
      says: 'The provider does not answer as it must.',
      mend: 'Try again later; an owner sees its settings among the providers.',
    },
    'not-confirmed': {
      status: 401,
      says: 'The provider did not confirm who you are.',
      mend: 'Begin again. If it goes on, the provider’s settings are wrong here or there.',
    },
    'not-let-in': {
      status: 403,
      says: 'You are not let in here through this provider.',
      mend: 'Ask an owner to invite you, or sign in as the person who is signed in here.',
    },
    'use-passkey': USE_PASSKEY,
    'slow-down': SLOW_DOWN,
  },
  prepare: finish,
  run: async (_call, _store, prepared) => prepared,
})

async function finish(call: Call<unknown, unknown, { readonly provider: string; readonly query: string }>): Promise<Outcome<Infer<typeof output>>> {
  const live = call.operator.session === undefined ? undefined : await ownSessionNow(call, { enrolling: true })
  const given = { ...call.body, visit: visitOf(call), ...(live && !('refused' in live) && { live }) }
  const result = await call.plane.services.singleSignOn.finish(given)
  if (isRefused(result)) return refusedBy(ALIKE[result.refused] ?? result.refused, result)
  const { returnTo } = result
  if (result.outcome === 'proved') return done({ outcome: 'proved', returnTo, csrf: result.session.csrf }, { cookies: [sessionCookie(call, result.session)] })
  const { value, ...more } = signedIn(call, result)
  return { value: { ...value, returnTo }, ...more }
}
