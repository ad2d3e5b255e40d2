// getConsumer: one consumer, whoever defines it.
import { getConsumer as get } from '../../../directory/consumers.ts'
import { defineOperation, done, etagOf, refused } from '../../operation.ts'
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
    if (filed) return done(shownFiled(filed), { etag: etagOf(filed) })
    const consumer = await get(store, name)
    return consumer ? done(shownConsumer(consumer), { etag: etagOf(consumer) }) : refused('unknown')
  },
})
