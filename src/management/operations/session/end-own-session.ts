// endOwnSession: ends one of one's own sessions somewhere else.
import { object } from '../../../base/schema.ts'
import { endSession, listSessions } from '../../../people/sessions.ts'
import { defineOperation, done, isRefused, refused } from '../../operation.ts'
import { idOf, sessionId } from './list-own-sessions.ts'
import { noSessionCookie, ownSession } from './own-session.ts'

export const endOwnSession = defineOperation({
  name: 'endOwnSession',
  resource: 'session',
  method: 'DELETE',
  path: '/own/sessions/{session}',
  summary: 'Ends one of your sessions.',
  permission: 'signed-in',
  reach: 'all',
  parameters: object({ session: sessionId }),
  refusals: {},
  act: 'session.end',
  async run(call, store) {
    const live = await ownSession(call, store)
    if (isRefused(live)) return live
    // Among one's own only: those of others are not there.
    const found = (await listSessions(store, live.person.id)).find(({ digest }) => idOf(digest) === call.parameters.session)
    if (!found) return refused('unknown')
    await endSession(store, found.digest)
    return done(undefined, {
      object: { kind: 'person', name: live.person.id },
      detail: { session: idOf(found.digest) },
      ...(found.digest === live.digest && { cookies: [noSessionCookie(call)] }),
    })
  },
})
