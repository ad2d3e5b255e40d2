// subscribeConsumer: lets a consumer call an API, on a plan where the API offers plans, or changes how it may.
import { hashOf } from '../../../base/canonical-json.ts'
import { object } from '../../../base/schema.ts'
import { getConsumer, subscribe } from '../../../directory/consumers.ts'
import { isRefused } from '../../../directory/records.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { consumerSchema, kept, OWNED_BY_FILE, SUBSCRIPTION_REFUSALS, shownConsumer, subscriptionParameters, subscriptionShape } from './consumer-schema.ts'
import { subscriptionRefusal } from './offered.ts'

export const subscribeConsumer = defineOperation({
  name: 'subscribeConsumer',
  resource: 'consumers',
  method: 'PUT',
  path: '/consumers/{consumer}/subscriptions/{api}',
  summary: 'Lets a consumer call an API, or changes its plan or state there.',
  permission: 'consumers:write',
  reach: 'all',
  parameters: subscriptionParameters,
  body: object(subscriptionShape),
  output: consumerSchema,
  refusals: {
    'owned-by-file': OWNED_BY_FILE,
    'too-many-subscriptions': { status: 409, says: 'The consumer has as many subscriptions as it may have.', mend: 'End subscriptions that are not used.' },
    ...SUBSCRIPTION_REFUSALS,
  },
  act: 'consumer.subscribe',
  guarded: true,
  live: true,
  object: ({ parameters }) => ({ kind: 'consumer', name: parameters.consumer }),
  async run(call, store) {
    const { parameters, body, plane } = call
    const { file } = plane.services.directory
    if (file.hasConsumer(parameters.consumer)) return refused('owned-by-file')
    const before = await getConsumer(store, parameters.consumer)
    if (before === undefined) return refused('unknown')
    const stale = call.guard(hashOf(before).slice(0, 32))
    if (stale) return stale
    const wanted = kept([{ api: parameters.api, ...body }])
    const wrong = subscriptionRefusal(call, wanted, before.subscriptions)
    if (wrong) return wrong
    const after = await subscribe(store, file, before.name, parameters.api, wanted[parameters.api]!)
    if (isRefused(after)) return refused('too-many-subscriptions')
    const { plan, state } = wanted[parameters.api]!
    return done(shownConsumer(after), { etag: hashOf(after).slice(0, 32), detail: { api: parameters.api, state, ...(plan !== undefined && { plan }) } })
  },
})
