// removePasskey: one of one's own passkeys is worth nothing any more.
import { object } from '../../../base/schema.ts'
import { removePasskey as remove } from '../../../people/passkeys.ts'
import { isRefused } from '../../../people/refusal.ts'
import { defineOperation, done, isRefused as isNo, refused } from '../../operation.ts'
import { ownSession } from '../session/own-session.ts'
import { DEMANDED, ownRefusal } from './account-schema.ts'
import { passkeyId } from './passkey-list.ts'

export const removePasskey = defineOperation({
  name: 'removePasskey',
  resource: 'account',
  method: 'DELETE',
  path: '/own/passkeys/{passkey}',
  summary: 'Removes one of your passkeys.',
  permission: 'signed-in',
  reach: 'all',
  recent: 'by-room',
  parameters: object({ passkey: passkeyId }),
  refusals: {
    'second-factor-demanded': DEMANDED,
    'last-way-in': { status: 409, says: 'You could not sign in without this passkey.', mend: 'Add another passkey or set a password first.' },
  },
  act: 'passkey.remove',
  object: ({ parameters }) => ({ kind: 'passkey', name: parameters.passkey.slice(0, 16) }),
  async run(call, store) {
    const live = await ownSession(call, store)
    if (isNo(live)) return live
    const removed = await remove(store, call.plane.services.people, live, call.parameters.passkey)
    if (!isRefused(removed)) return done(undefined)
    return removed.refused === 'unknown-passkey' ? refused('unknown') : ownRefusal(removed)
  },
})
