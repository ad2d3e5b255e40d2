// createConsumer: a new calling application.
import { object } from '../../../base/schema.ts'
import { createConsumer as create } from '../../../directory/consumers.ts'
import { isRefused } from '../../../directory/records.ts'
import { isOfCatalog } from '../../catalog/taken-consumers.ts'
import { defineOperation, done, etagOf, refused } from '../../operation.ts'
import { consumerFields, consumerName, consumerSchema, kept, OWNED_BY_FILE, SUBSCRIPTION_REFUSALS, shownConsumer, UNKNOWN_TEAM } from './consumer-schema.ts'
import { subscriptionRefusal } from './offered.ts'

export const createConsumer = defineOperation({
  name: 'createConsumer',
  resource: 'consumers',
  method: 'POST',
  path: '/consumers',
  summary: 'Makes a consumer, and says what it may call.',
  permission: 'consumers:write',
  reach: 'all',
  body: object({ name: consumerName, ...consumerFields }),
  output: consumerSchema,
  status: 201,
  refusals: {
    'owned-by-file': OWNED_BY_FILE,
    'name-taken': { status: 409, says: 'There is a consumer of that name already.', mend: 'Choose another name, or change the one that is there.' },
    'unknown-team': UNKNOWN_TEAM,
    ...SUBSCRIPTION_REFUSALS,
  },
  act: 'consumer.create',
  live: true,
  object: ({ body }) => ({ kind: 'consumer', name: body.name }),
  async run(call, store) {
    const { name, title, team, subscriptions: given } = call.body
    const subscriptions = kept(given ?? [])
    const wrong = subscriptionRefusal(call, subscriptions)
    if (wrong) return wrong
    if (await isOfCatalog(store, name)) return refused('owned-by-file', { detail: `The catalog has the consumer '${name}'.` })
    const act = { by: call.operator.actor.id, nowMs: call.nowMs }
    const made = await create(store, act, call.plane.services.directory.file, name, { title: title ?? '', team: team ?? null, subscriptions })
    if (isRefused(made)) return refused(made.refused, { detail: made.says })
    return done(shownConsumer(made), { etag: etagOf(made), location: `/consumers/${name}`, detail: { apis: Object.keys(subscriptions) } })
  },
})
