// listWaitingMessages: how much waits for each destination.
import { destinationOf, destinations } from '../../../outbox/outbox.ts'
import { defineOperation, done } from '../../operation.ts'
import { page, pageOf, pageQuery } from '../../pages.ts'
import { waitingSchema } from './outbox-schema.ts'

export const listWaitingMessages = defineOperation({
  name: 'listWaitingMessages',
  resource: 'outbox',
  method: 'GET',
  path: '/outbox',
  summary: 'How many messages wait for each webhook, contact and mail server. One that takes none for about a day loses them: see dead letters.',
  permission: 'system:read',
  reach: 'all',
  query: pageQuery,
  output: pageOf(waitingSchema),
  refusals: {},
  run: async ({ query }, store) => done(await page(store, destinations, query, ({ key, value }) => ({ ...destinationOf(key), waiting: value.waiting }))),
})
