// getConsumer: one consumer, whoever defines it.
import { hashOf } from '../../../base/canonical-json.ts'
import { getConsumer as get } from '../../../directory/consumers.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { consumerParameters, consumerSchema, shownConsumer, shownFiled } from './consumer-schema.ts'

export const getConsumer = defineOperation({
  name: 'getConsumer',
  resource: 'consumers',
  method: 'GET',
  path: '/consumers/{consumer}',
  summary: 'Tells of one consumer and what it may call.',
  permission: 'consumers:read',
  reach: 'all',
  parameters: consumerParameters,
  output: consumerSchema,
  refusals: {},
  async run({ parameters: { consumer: name }, plane }, store) {
    const filed = plane.services.catalog.configuration.directory.consumers.find((each) => each.name === name)
    if (filed) return done(shownFiled(filed), { etag: hashOf(filed).slice(0, 32) })
    const consumer = await get(store, name)
    return consumer ? done(shownConsumer(consumer), { etag: hashOf(consumer).slice(0, 32) }) : refused('unknown')
  },
})
