// requestErasure: asks for personal fields to be erased; another person has to agree.
import { checked, object } from '../../../base/schema.ts'
import { requestErasure as ask } from '../../../trail/erasure-requests.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { ERASURE_REFUSALS, erasedFields, erasureSchema, erasureTag, reason, shownErasure } from './erasure-schema.ts'

export const requestErasure = defineOperation({
  name: 'requestErasure',
  resource: 'trail',
  method: 'POST',
  path: '/trail/erasures',
  summary: 'Asks for personal fields of the trail to be erased. Another person has to agree within a week.',
  permission: 'trail:erase',
  reach: 'all',
  body: object({
    fields: erasedFields,
    reason: checked(reason, (text) => (text.trim() === '' ? { code: 'bad-value', message: "'reason' says why" } : undefined)),
  }),
  output: erasureSchema,
  status: 201,
  refusals: {
    ...ERASURE_REFUSALS,
    'unknown-field': { status: 422, says: 'One of the fields stands in no entry.', mend: 'Look the entry up: it lists its personal fields.' },
  },
  act: 'erasure.request',
  recent: true,
  async run({ body, operator, nowMs, plane }, store) {
    const fields = body.fields.map(({ index, field }) => ({ index, name: field }))
    const made = await ask(store, { fields, reason: body.reason, by: operator.actor, nowMs }, plane.services.random)
    if ('refused' in made) {
      if (made.refused === 'people-only' || made.refused === 'unknown-field' || made.refused === 'already-erased') return refused(made.refused)
      throw new Error(`an erasure that its schema let through is refused: ${made.refused}`)
    }
    return done(shownErasure(made, nowMs), { etag: erasureTag(made), object: { kind: 'erasure', name: made.id }, detail: { fields: body.fields.length } })
  },
})
