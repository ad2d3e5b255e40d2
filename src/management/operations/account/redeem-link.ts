// redeemLink: how somebody comes in for the first time, or again after losing what they signed in with.
import { type Infer, object, oneOf, optional, string } from '../../../base/schema.ts'
import { redeemLink as redeem } from '../../../people/passwords.ts'
import { isRefused } from '../../../people/refusal.ts'
import { type Call, defineOperation, done, type Outcome } from '../../operation.ts'
import { beginningVisit } from '../session/own-session.ts'
import { BUSY, passwordText, refusedBy, signedIn, signInShape } from '../session/sign-in-schema.ts'
import { PASSWORD_REFUSALS } from './account-schema.ts'

const output = object({
  ...signInShape,
  outcome: oneOf(['signed-in', 'second-factor', 'enrol', 'reset'], 'As with a password; `reset`: the second factor is gone, sign in with the password.'),
})

export const redeemLink = defineOperation({
  name: 'redeemLink',
  resource: 'account',
  method: 'POST',
  path: '/links/redemption',
  summary: 'Uses up an invitation or a recovery link.',
  permission: 'anyone',
  reach: 'all',
  commits: 'by-room',
  body: object({
    secret: string({ pattern: /^[A-Za-z0-9_-]{43}$/, maxLength: 43, means: 'the secret of a link', describe: 'What stands behind the `#` of the link.' }),
    password: optional(passwordText('The password from now on; absent to enrol a passkey next.')),
  }),
  output,
  refusals: {
    ...PASSWORD_REFUSALS,
    'link-void': {
      status: 410,
      says: 'This link is void.',
      mend: 'It was used, ran out or was replaced; or its person holds something else by now, or who issued it is gone. Ask for a new one.',
    },
    'password-needed': {
      status: 422,
      says: 'Give a new password.',
      mend: 'The link was issued to reset the password, or you are the last owner, who must not be left without one.',
    },
    'use-passkey': { status: 403, says: 'The password is set. Sign in with your passkey.', mend: 'A password alone is not enough for who has a passkey.' },
    busy: BUSY,
  },
  prepare: redeemed,
  run: async (_call, _store, prepared) => prepared,
})

async function redeemed(
  call: Call<unknown, unknown, { readonly secret: string; readonly password?: string | undefined }>,
): Promise<Outcome<Infer<typeof output>>> {
  const { secret, password } = call.body
  const { visit, cookies } = beginningVisit(call)
  const result = await redeem(call.plane.services.people, { secret, visit, ...(password !== undefined && { password }) })
  if (isRefused(result)) return refusedBy(result.refused, result)
  return result.outcome === 'reset' ? done({ outcome: 'reset' }, { cookies }) : signedIn(call, result, cookies)
}
