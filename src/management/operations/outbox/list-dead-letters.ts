// listDeadLetters: messages that were given up, and why.
import { deadLetters, letterOf } from '../../../outbox/dead-letters.ts'
import { defineOperation, done } from '../../operation.ts'
import { page, pageOf, pageQuery } from '../../pages.ts'
import { letterSchema, shownLetter } from './outbox-schema.ts'

export const listDeadLetters = defineOperation({
  name: 'listDeadLetters',
  resource: 'outbox',
  method: 'GET',
  path: '/outbox/dead-letters',
  summary: 'Messages that could not be delivered in all their tries, the latest first. The last thousand are kept.',
  permission: 'system:read',
  reach: 'all',
  query: pageQuery,
  output: pageOf(letterSchema),
  refusals: {},
  run: async ({ query }, store) => done(await page(store, deadLetters, query, ({ key, value }) => shownLetter(letterOf(key, value)), { reverse: true })),
})
