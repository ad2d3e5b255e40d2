// listOwnSessions: where one is signed in, to see what is not oneself.
import { boolean, list, object, oneOf, string } from '../../../base/schema.ts'
import { listSessions, SESSIONS_MAX } from '../../../people/sessions.ts'
import { defineOperation, done, isRefused } from '../../operation.ts'
import { moment, momentOf } from '../../texts.ts'
import { ownSession } from './own-session.ts'
import { agentText } from './sign-in-schema.ts'

/** Names a session without being what leads to it: the beginning of its digest. */
export const sessionId = string({ pattern: /^[0-9a-f]{32}$/, maxLength: 32, means: 'the id of a session', describe: 'The session.' })
export const idOf = (digest: string): string => digest.slice(0, 32)

export const listOwnSessions = defineOperation({
  name: 'listOwnSessions',
  resource: 'session',
  method: 'GET',
  path: '/own/sessions',
  summary: 'Where you are signed in.',
  permission: 'signed-in',
  reach: 'all',
  output: object({
    items: list(
      object({
        id: sessionId,
        current: boolean('Whether it is the one that asks.'),
        methods: list(oneOf(['password', 'totp', 'recovery-code', 'passkey', 'single-sign-on', 'link'], 'How it was signed in.'), { max: 6 }),
        created: moment('When it began.'),
        seen: moment('When it was last used, to within a minute.'),
        address: string({ pattern: /^[0-9a-fA-F:.%a-z]{0,64}$/, maxLength: 64, describe: 'Where it was signed in from.' }),
        agent: agentText,
      }),
      { max: SESSIONS_MAX },
    ),
  }),
  refusals: {},
  async run(call, store) {
    const live = await ownSession(call, store)
    if (isRefused(live)) return live
    const items = (await listSessions(store, live.person.id)).map(({ digest, session }) => ({
      id: idOf(digest),
      current: digest === live.digest,
      methods: [...session.methods],
      created: momentOf(session.createdAtMs),
      seen: momentOf(session.seenAtMs),
      address: session.address,
      agent: session.agent.replaceAll(/[^\x20-\x7e]/g, '?'),
    }))
    return done({ items })
  },
})
