// unsubscribeConsumer: ends a consumer's access to an API.
import { hashOf } from '../../../base/canonical-json.ts'
import { getConsumer, subscribe } from '../../../directory/consumers.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { OWNED_BY_FILE, subscriptionParameters } from './consumer-schema.ts'

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
    const { consumer: name, api } = call.parameters
    const { file } = call.plane.services.directory
    if (file.hasConsumer(name)) return refused('owned-by-file')
    const before = await getConsumer(store, name)
    if (before === undefined || !Object.hasOwn(before.subscriptions, api)) return refused('unknown')
    const stale = call.guard(hashOf(before).slice(0, 32))
    if (stale) return stale
    await subscribe(store, file, name, api, null)
    return done(undefined, { detail: { api } })
  },
})
