// removeTotp: the app is not asked for any more.
import { isRefused } from '../../../people/refusal.ts'
import { removeTotp as remove } from '../../../people/second-factor.ts'
import { defineOperation, done, isRefused as isNo } from '../../operation.ts'
import { ownSession } from '../session/own-session.ts'
import { DEMANDED, NO_SECOND_FACTOR, ownRefusal } from './account-schema.ts'

export const removeTotp = defineOperation({
  name: 'removeTotp',
  resource: 'account',
  method: 'DELETE',
  path: '/own/totp',
  summary: 'Removes your authenticator app.',
  permission: 'signed-in',
  reach: 'all',
  recent: 'by-room',
  refusals: { 'no-second-factor': NO_SECOND_FACTOR, 'second-factor-demanded': DEMANDED },
  act: 'totp.remove',
  async run(call, store) {
    const live = await ownSession(call, store)
    if (isNo(live)) return live
    const { people, random } = call.plane.services
    const removed = await remove(store, { nowMs: call.nowMs, random }, people, live)
    return isRefused(removed) ? ownRefusal(removed) : done(undefined, { object: { kind: 'person', name: live.person.id } })
  },
})
