// A second identify policy, for tests of what stands beside another: who shows `X-Key: NAME` is that consumer.
import { object } from '../../src/base/schema.ts'
import { fieldName } from '../../src/http/field-names.ts'
import { definePolicy } from '../../src/pipeline/contract.ts'
import { Principal } from '../../src/pipeline/slots.ts'

export const keyed = definePolicy<object, never, 'missing' | 'invalid'>({
  name: 'keyed',
  stage: 'identify',
  summary: 'Knows a caller by a word.',
  when: 'In this test.',
  config: object({}),
  uses: [],
  writes: [Principal],
  denials: {
    missing: { status: 401, says: 'No.', ref: 'RFC 9110 15.5.2', mend: 'Say it.', absent: true },
    invalid: { status: 401, says: 'No.', ref: 'RFC 9110 15.5.2', mend: 'Say another.' },
  },
  examples: [{ title: 'Without', config: {}, send: {}, expect: { status: 401, code: 'keyed.missing' } }],
  compile: (_, { deny }) => ({
    request(x) {
      const at = x.head.find(fieldName('x-key'))
      if (at < 0) return deny('missing')
      const consumer = x.head.value(at)
      if (consumer === 'wrong') return deny('invalid')
      x.set(Principal, { consumer, credential: 'word', by: 'keyed' })
      return undefined
    },
  }),
})
