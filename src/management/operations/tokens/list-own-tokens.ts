// listOwnTokens: the tokens that one has made.
import { list, object } from '../../../base/schema.ts'
import { listTokens, TOKENS_OF_PERSON_MAX } from '../../../people/machine-tokens.ts'
import { defineOperation, done, isRefused } from '../../operation.ts'
import { ownSession } from '../session/own-session.ts'
import { shownToken, tokenSchema } from './token-schema.ts'

export const listOwnTokens = defineOperation({
  name: 'listOwnTokens',
  resource: 'tokens',
  method: 'GET',
  path: '/own/tokens',
  summary: 'Lists your machine tokens.',
  permission: 'signed-in',
  reach: 'all',
  output: object({ items: list(tokenSchema, { max: TOKENS_OF_PERSON_MAX }) }),
  refusals: {},
  async run(call, store) {
    const live = await ownSession(call, store)
    if (isRefused(live)) return live
    return done({ items: (await listTokens(store, live.person.id)).map(shownToken) })
  },
})
