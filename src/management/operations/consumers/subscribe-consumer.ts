// subscribeConsumer: lets a consumer call an API, on a plan where the API offers plans, or changes how it may.
import { object } from '../../../base/schema.ts'
import { subscribe } from '../../../directory/consumers.ts'
import { isRefused } from '../../../directory/records.ts'
import { defineOperation, done, etagOf, isRefused as isNo, refused } from '../../operation.ts'
import { consumerSchema, kept, OWNED_BY_FILE, SUBSCRIPTION_REFUSALS, shownConsumer, subscriptionParameters, subscriptionShape } from './consumer-schema.ts'
import { guardedConsumer } from './guarded-consumer.ts'
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
    const before = await guardedConsumer(call, store)
    if (isNo(before)) return before
    const wanted = kept([{ api: parameters.api, ...body }])
    const wrong = subscriptionRefusal(call, wanted, before.subscriptions)
    if (wrong) return wrong
    const after = await subscribe(store, plane.services.directory.file, before.name, parameters.api, wanted[parameters.api]!)
    if (isRefused(after)) return refused('too-many-subscriptions')
    const { plan, state } = wanted[parameters.api]!
    return done(shownConsumer(after), { etag: etagOf(after), detail: { api: parameters.api, state, ...(plan !== undefined && { plan }) } })
  },
})
