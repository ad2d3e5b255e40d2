// removeConsumer: takes a consumer out; its keys are revoked for ever.
import { removeConsumer as remove } from '../../../directory/consumers.ts'
import { defineOperation, done, isRefused } from '../../operation.ts'
import { consumerParameters, OWNED_BY_FILE } from './consumer-schema.ts'
import { guardedConsumer } from './guarded-consumer.ts'

export const removeConsumer = defineOperation({
  name: 'removeConsumer',
  resource: 'consumers',
  method: 'DELETE',
  path: '/consumers/{consumer}',
  summary: 'Removes a consumer. Its keys are revoked, and no consumer of the same name brings them back.',
  permission: 'consumers:write',
  reach: 'all',
  parameters: consumerParameters,
  refusals: { 'owned-by-file': OWNED_BY_FILE },
  act: 'consumer.remove',
  guarded: true,
  live: true,
  object: ({ parameters }) => ({ kind: 'consumer', name: parameters.consumer }),
  async run(call, store) {
    const consumer = await guardedConsumer(call, store)
    if (isRefused(consumer)) return consumer
    await remove(store, { by: call.operator.actor.id, nowMs: call.nowMs }, call.plane.services.directory.file, consumer.name)
    return done(undefined)
  },
})
