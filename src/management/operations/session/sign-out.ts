// signOut: this session is over, here and in the store.
import { endSession } from '../../../people/sessions.ts'
import { defineOperation, done, isRefused } from '../../operation.ts'
import { noSessionCookie, ownSession } from './own-session.ts'

export const signOut = defineOperation({
  name: 'signOut',
  resource: 'session',
  method: 'DELETE',
  path: '/session',
  summary: 'Signs out.',
  permission: 'signed-in',
  reach: 'all',
  refusals: {},
  act: 'session.sign-out',
  async run(call, store) {
    const live = await ownSession(call, store, { enrolling: true })
    if (isRefused(live)) return live
    await endSession(store, live.digest)
    return done(undefined, { object: { kind: 'person', name: live.person.id }, cookies: [noSessionCookie(call)] })
  },
})
