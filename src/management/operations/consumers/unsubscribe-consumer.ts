// unsubscribeConsumer: ends a consumer's access to an API.
import { subscribe } from '../../../directory/consumers.ts'
import { defineOperation, done, isRefused, refused } from '../../operation.ts'
import { OWNED_BY_FILE, subscriptionParameters } from './consumer-schema.ts'
import { guardedConsumer } from './guarded-consumer.ts'

export const unsubscribeConsumer = defineOperation({
  name: 'unsubscribeConsumer',
  resource: 'consumers',
  method: 'DELETE',
  path: '/consumers/{consumer}/subscriptions/{api}',
  summary: 'Ends a consumer’s access to an API.',
  permission: 'consumers:write',
  reach: 'all',
  parameters: subscriptionParameters,
  refusals: { 'owned-by-file': OWNED_BY_FILE },
  act: 'consumer.unsubscribe',
  guarded: true,
  live: true,
  object: ({ parameters }) => ({ kind: 'consumer', name: parameters.consumer }),
  async run(call, store) {
    const { api } = call.parameters
    const before = await guardedConsumer(call, store)
    if (isRefused(before)) return before
    if (!Object.hasOwn(before.subscriptions, api)) return refused('unknown')
    await subscribe(store, call.plane.services.directory.file, before.name, api, null)
    return done(undefined, { detail: { api } })
  },
})
