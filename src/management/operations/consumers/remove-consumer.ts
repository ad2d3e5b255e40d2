// removeConsumer: takes a consumer out; its keys are revoked for ever.
import { hashOf } from '../../../base/canonical-json.ts'
import { getConsumer, removeConsumer as remove } from '../../../directory/consumers.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { consumerParameters, OWNED_BY_FILE } from './consumer-schema.ts'

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
    const { file } = call.plane.services.directory
    const name = call.parameters.consumer
    if (file.hasConsumer(name)) return refused('owned-by-file')
    const consumer = await getConsumer(store, name)
    if (consumer === undefined) return refused('unknown')
    const stale = call.guard(hashOf(consumer).slice(0, 32))
    if (stale) return stale
    await remove(store, { by: call.operator.actor.id, nowMs: call.nowMs }, file, name)
    return done(undefined)
  },
})
