// listPasskeys: one's own passkeys, and whether there is an authenticator app and a password beside them.
import { boolean, list, object } from '../../../base/schema.ts'
import { factorsOf, passkeysOf } from '../../../people/factors.ts'
import { PASSKEYS_MAX } from '../../../people/passkeys.ts'
import { defineOperation, done, isRefused } from '../../operation.ts'
import { ownSession } from '../session/own-session.ts'
import { passkeySchema, shownPasskey } from './passkey-list.ts'

export const listPasskeys = defineOperation({
  name: 'listPasskeys',
  resource: 'account',
  method: 'GET',
  path: '/own/passkeys',
  summary: 'Your passkeys, and what else you sign in with.',
  permission: 'signed-in',
  reach: 'all',
  output: object({
    items: list(passkeySchema, { max: PASSKEYS_MAX }),
    hasPassword: boolean('Whether you have a password.'),
    hasTotp: boolean('Whether you have an authenticator app.'),
  }),
  refusals: {},
  async run(call, store) {
    const live = await ownSession(call, store, { enrolling: true })
    if (isRefused(live)) return live
    const { hasPassword, hasTotp } = await factorsOf(store, live.person.id)
    const items = (await passkeysOf(store, live.person.id)).map(({ digest, passkey }) => shownPasskey(digest, passkey))
    return done({ items, hasPassword, hasTotp })
  },
})
