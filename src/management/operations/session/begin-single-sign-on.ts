// beginSingleSignOn: where to send the browser. Also to come in by an invitation, and to confirm who one is.
import { boolean, object, optional, string } from '../../../base/schema.ts'
import { isRefused } from '../../../people/refusal.ts'
import { defineOperation, done, isRefused as isNo, refused } from '../../operation.ts'
import { line, nameText } from '../../texts.ts'
import { beginningVisit, ownSessionNow } from './own-session.ts'

export const beginSingleSignOn = defineOperation({
  name: 'beginSingleSignOn',
  resource: 'session',
  method: 'POST',
  path: '/session/single-sign-on',
  summary: 'Begins to sign in through a provider; the answer is where to send the browser.',
  permission: 'anyone',
  reach: 'all',
  body: object({
    provider: nameText('The provider.'),
    returnTo: optional(line(1024, 'The path of the console to go on with.')),
    link: optional(string({ pattern: /^[A-Za-z0-9_-]{43}$/, maxLength: 43, describe: 'The secret of an invitation.' })),
    confirm: optional(boolean('Confirms who is signed in, in place of signing in.'), false),
  }),
  output: object({ url: string({ pattern: /^https?:\/\/[!-~]+$/, maxLength: 16_384, describe: 'Where to send the browser.' }) }),
  refusals: {
    'unknown-provider': { status: 404, says: 'There is no provider of that name.', mend: 'Look at the providers that the sign-in page lists.' },
    'provider-unreachable': {
      status: 502,
      says: 'The provider does not answer as it must.',
      mend: 'Try again later; an owner sees its settings among the providers.',
    },
    'bad-return-path': {
      status: 422,
      says: 'The return path is not a path of this console.',
      mend: 'Give a path such as /apis, without host and without escapes.',
    },
    'proves-too-little': {
      status: 403,
      says: 'This provider does not prove a second factor, and you have one here.',
      mend: 'Confirm with a code or a passkey.',
    },
    'link-void': { status: 410, says: 'The invitation is void.', mend: 'It was used, ran out or was replaced. Ask for another.' },
  },
  async prepare(call) {
    const { provider, returnTo, link, confirm } = call.body
    const { visit, cookies } = beginningVisit(call)
    const live = confirm ? await ownSessionNow(call) : undefined
    if (isNo(live)) return live
    const given = { provider, visit, ...(returnTo !== undefined && { returnTo }), ...(link !== undefined && { link }), ...(live && { live }) }
    const begun = await call.plane.services.singleSignOn.begin(given)
    return isRefused(begun) ? refused(begun.refused) : done({ url: begun.url }, { cookies })
  },
  run: async (_call, _store, prepared) => prepared,
})
