// mintToken: a token for a machine, never worth more than the person who makes it. Its secret is in this answer and nowhere else.
import { object, optional, string } from '../../../base/schema.ts'
import { mintToken as mint } from '../../../people/machine-tokens.ts'
import { isRefused } from '../../../people/refusal.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { momentMs } from '../../texts.ts'
import { namedText } from '../account/account-schema.ts'
import { MORE_THAN_YOU_HOLD } from '../people/person-schema.ts'
import { shownToken, tokenApis, tokenPermissions, tokenSchema } from './token-schema.ts'

export const mintToken = defineOperation({
  name: 'mintToken',
  resource: 'tokens',
  method: 'POST',
  path: '/tokens',
  summary: 'Makes a machine token. The secret is told once.',
  permission: 'tokens:write',
  reach: 'all',
  body: object({
    name: namedText('What it is for.'),
    permissions: tokenPermissions,
    apis: optional(tokenApis),
    expires: momentMs('From then on it is refused: within 366 days.'),
  }),
  output: object({ secret: string({ pattern: /^gth_mgmt_[A-Za-z0-9_-]+$/, maxLength: 120, describe: 'The token itself.' }), token: tokenSchema }),
  status: 201,
  refusals: {
    'people-only': { status: 403, says: 'Only a signed-in person makes tokens.', mend: 'A token cannot make another, and the admin token is nobody: sign in.' },
    'not-for-tokens': {
      status: 422,
      says: 'Some of these permissions are for people only.',
      mend: 'Leave out `people:write` and `roles:write`: a token lets nobody in, and gives nobody rights.',
    },
    'more-than-you-hold': MORE_THAN_YOU_HOLD,
    'not-of-apis': { status: 422, says: 'Some of these permissions are not about APIs.', mend: 'Leave out `apis`, or give permissions over APIs only.' },
    'bad-expiry': { status: 422, says: 'The token would be over already, or live too long.', mend: 'Give a time within the next 366 days.' },
    'too-many-tokens': {
      status: 409,
      says: 'You have as many tokens as you may have.',
      mend: 'Tokens that are over go after ninety days. Make fewer, each for more.',
    },
  },
  act: 'token.mint',
  secret: true,
  recent: true,
  async run({ operator, nowMs, body, plane }, store) {
    const { people, random } = plane.services
    const { name, permissions, apis, expires } = body
    const made = await mint(store, { nowMs, random }, people.key, operator, { name, permissions, expiresAtMs: expires, ...(apis && { apis }) })
    if (isRefused(made)) {
      const named: Record<string, string> = {
        'permission-of-people': 'not-for-tokens',
        'permission-not-of-apis': 'not-of-apis',
        'expiry-needed': 'bad-expiry',
        'step-up-needed': 'recent-sign-in',
      }
      return refused(named[made.refused] ?? made.refused)
    }
    const { token, secret } = made
    const detail = { permissions: token.permissions, expires: token.expiresAtMs, ...(token.apis && { apis: token.apis }) }
    return done({ secret, token: shownToken(token) }, { location: `/tokens/${token.id}`, object: { kind: 'token', name: token.id }, detail })
  },
})
