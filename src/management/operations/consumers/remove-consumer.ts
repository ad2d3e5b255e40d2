// removeConsumer: takes a consumer out; its keys are revoked for ever.
import { revokeCertificatesOf } from '../../../authority/certificates.ts'
import { removeConsumer as remove } from '../../../directory/consumers.ts'
import { defineOperation, done, isRefused } from '../../operation.ts'
import { consumerParameters, OWNED_BY_FILE } from './consumer-schema.ts'
import { guardedConsumer } from './guarded-consumer.ts'

export const removeConsumer = defineOperation({
  name: 'removeConsumer',
  resource: 'consumers',
  method: 'DELETE',
  path: '/consumers/{consumer}',
  summary: 'Removes a consumer. Its keys and certificates are revoked, and no consumer of the same name brings them back.',
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
    const { operator, nowMs, plane } = call
    const by = operator.actor.id
    await remove(store, { by, nowMs }, plane.services.directory.file, consumer.name)
    const revocation = { atMs: nowMs, by, reason: 'cessationOfOperation', why: 'its consumer was removed' } as const
    const certificates = await revokeCertificatesOf(store, plane.services.envelope, consumer.name, revocation)
    return done(undefined, certificates === 0 ? {} : { detail: { certificates } })
  },
})
