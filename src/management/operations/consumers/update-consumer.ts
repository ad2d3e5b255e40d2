// updateConsumer: puts other fields in the place of a consumer's; what is left out is gone.
import { object } from '../../../base/schema.ts'
import { updateConsumer as update } from '../../../directory/consumers.ts'
import { isRefused } from '../../../directory/records.ts'
import { defineOperation, done, etagOf, isRefused as isNo, refused } from '../../operation.ts'
import {
  consumerFields,
  consumerParameters,
  consumerSchema,
  kept,
  OWNED_BY_FILE,
  SUBSCRIPTION_REFUSALS,
  shownConsumer,
  UNKNOWN_TEAM,
} from './consumer-schema.ts'
import { guardedConsumer } from './guarded-consumer.ts'
import { subscriptionRefusal } from './offered.ts'

export const updateConsumer = defineOperation({
  name: 'updateConsumer',
  resource: 'consumers',
  method: 'PUT',
  path: '/consumers/{consumer}',
  summary: 'Replaces a consumer’s title, team and subscriptions.',
  permission: 'consumers:write',
  reach: 'all',
  parameters: consumerParameters,
  body: object(consumerFields),
  output: consumerSchema,
  refusals: { 'owned-by-file': OWNED_BY_FILE, 'unknown-team': UNKNOWN_TEAM, ...SUBSCRIPTION_REFUSALS },
  act: 'consumer.update',
  guarded: true,
  live: true,
  object: ({ parameters }) => ({ kind: 'consumer', name: parameters.consumer }),
  async run(call, store) {
    const { body, plane } = call
    const before = await guardedConsumer(call, store)
    if (isNo(before)) return before
    const subscriptions = kept(body.subscriptions ?? [])
    const wrong = subscriptionRefusal(call, subscriptions, before.subscriptions)
    if (wrong) return wrong
    const after = await update(store, plane.services.directory.file, before.name, { title: body.title ?? '', team: body.team ?? null, subscriptions })
    if (isRefused(after)) return refused(after.refused === 'unknown-consumer' ? 'unknown' : after.refused, { detail: after.says })
    return done(shownConsumer(after), { etag: etagOf(after), detail: { apis: Object.keys(subscriptions) } })
  },
})
