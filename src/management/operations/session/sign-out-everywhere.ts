// signOutEverywhere: every session of the person is over, this one too, and no browser is known any more.
import { signOutEverywhere as endAll } from '../../../people/people.ts'
import { defineOperation, done, isRefused } from '../../operation.ts'
import { noSessionCookie, ownSession } from './own-session.ts'

export const signOutEverywhere = defineOperation({
  name: 'signOutEverywhere',
  resource: 'session',
  method: 'DELETE',
  path: '/own/sessions',
  summary: 'Ends all of your sessions, this one too.',
  permission: 'signed-in',
  reach: 'all',
  refusals: {},
  act: 'session.end-all',
  async run(call, store) {
    const live = await ownSession(call, store)
    if (isRefused(live)) return live
    const ended = await endAll(store, live.person.id)
    return done(undefined, { object: { kind: 'person', name: live.person.id }, detail: { ended }, cookies: [noSessionCookie(call)] })
  },
})
