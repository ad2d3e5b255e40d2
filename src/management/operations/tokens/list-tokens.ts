// listTokens: everybody's tokens, for who watches over them.
import { TOKENS } from '../../../people/machine-tokens.ts'
import { defineOperation, done } from '../../operation.ts'
import { page, pageOf, pageQuery } from '../../pages.ts'
import { shownToken, tokenSchema } from './token-schema.ts'

export const listTokens = defineOperation({
  name: 'listTokens',
  resource: 'tokens',
  method: 'GET',
  path: '/tokens',
  summary: 'Lists the machine tokens of everybody.',
  permission: 'tokens:read',
  reach: 'all',
  query: pageQuery,
  output: pageOf(tokenSchema),
  refusals: {},
  async run({ query }, store) {
    return done(await page(store, TOKENS, query, ({ value }) => shownToken(value)))
  },
})
