// getSession: who is asking, what they may do, and what a page needs to act for them.
import { boolean, list, object, oneOf, optional, string } from '../../../base/schema.ts'
import { PERMISSIONS } from '../../../model/permissions.ts'
import { liveSession } from '../../../people/sessions.ts'
import { defineOperation, done } from '../../operation.ts'
import { line, nameText } from '../../texts.ts'
import { csrfText } from './sign-in-schema.ts'

export const getSession = defineOperation({
  name: 'getSession',
  resource: 'session',
  method: 'GET',
  path: '/session',
  summary: 'Who you are here, and what you may do.',
  permission: 'signed-in',
  forTokens: true,
  reach: 'all',
  output: object({
    kind: oneOf(['person', 'token', 'admin-token'], 'What you showed.'),
    id: string({ pattern: /^[A-Za-z0-9_-]{1,64}$/, maxLength: 64, describe: 'The pseudonym that the trail names you by.' }),
    name: optional(line(100, 'What you are called.')),
    level: optional(oneOf(['full', 'enrol-only'], '`enrol-only`: this session can do nothing but enrol a second factor.')),
    permissions: list(object({ permission: oneOf(PERMISSIONS, 'What you may do.'), reach: oneOf(['all', 'own'], '`own`: the APIs of your teams.') }), {
      max: PERMISSIONS.length,
    }),
    teams: list(nameText('A team of yours.'), { max: 100 }),
    apis: optional(list(nameText('Nothing but these is reached.'), { max: 1000 })),
    recent: boolean('Whether you proved who you are within the last five minutes: what is dangerous asks for it.'),
    csrf: optional(csrfText),
  }),
  refusals: {},
  async run({ operator, nowMs }, store) {
    const { actor, permissions, ownTeams, apis, recentAuth, session } = operator
    const live = session && (await liveSession(store, nowMs, session.digest))
    return done({
      kind: actor.kind as 'person' | 'token' | 'admin-token',
      id: actor.id,
      ...(live && { name: live.person.name, level: live.session.level }),
      permissions: [...permissions].map(([permission, reach]) => ({ permission, reach })),
      teams: [...ownTeams],
      ...(apis && { apis: [...apis] }),
      recent: recentAuth,
      ...(session && { csrf: session.csrf }),
    })
  },
})
