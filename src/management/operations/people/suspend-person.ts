// suspendPerson: sessions end, tokens are refused, links are void.
import { object } from '../../../base/schema.ts'
import { suspendPerson as suspend } from '../../../people/people.ts'
import { isRefused } from '../../../people/refusal.ts'
import { defineOperation, done, isRefused as isNo, refused } from '../../operation.ts'
import { guardedPerson, LAST_OWNER, MORE_THAN_YOU_HOLD, personEtag, personId, personSchema, shownPerson } from './person-schema.ts'

export const suspendPerson = defineOperation({
  name: 'suspendPerson',
  resource: 'people',
  method: 'POST',
  path: '/people/{person}/suspension',
  summary: 'Suspends a person.',
  permission: 'people:write',
  reach: 'all',
  parameters: object({ person: personId }),
  output: personSchema,
  refusals: { 'more-than-you-hold': MORE_THAN_YOU_HOLD, 'last-owner': LAST_OWNER },
  act: 'person.suspend',
  guarded: true,
  recent: true,
  object: ({ parameters }) => ({ kind: 'person', name: parameters.person }),
  async run(call, store) {
    const before = await guardedPerson(call, store, call.parameters.person)
    if (isNo(before)) return before
    const person = await suspend(store, call.operator, before.id)
    return isRefused(person) ? refused(person.refused) : done(shownPerson(person), { etag: personEtag(person) })
  },
})
