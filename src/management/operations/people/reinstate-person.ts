// reinstatePerson: lets a suspended person sign in again, with what they had.
import { object } from '../../../base/schema.ts'
import { reinstatePerson as reinstate } from '../../../people/people.ts'
import { isRefused } from '../../../people/refusal.ts'
import { defineOperation, done, isRefused as isNo, refused } from '../../operation.ts'
import { guardedPerson, MORE_THAN_YOU_HOLD, personEtag, personId, personSchema, shownPerson } from './person-schema.ts'

export const reinstatePerson = defineOperation({
  name: 'reinstatePerson',
  resource: 'people',
  method: 'POST',
  path: '/people/{person}/reinstatement',
  summary: 'Reinstates a suspended person. Who has nothing to sign in with is invited again: issue them a link.',
  permission: 'people:write',
  reach: 'all',
  parameters: object({ person: personId }),
  output: personSchema,
  refusals: {
    'more-than-you-hold': MORE_THAN_YOU_HOLD,
    'not-suspended': { status: 409, says: 'This person is not suspended.', mend: 'Who never came, or lost what they sign in with, is helped in by a link.' },
  },
  act: 'person.reinstate',
  guarded: true,
  recent: true,
  object: ({ parameters }) => ({ kind: 'person', name: parameters.person }),
  async run(call, store) {
    const before = await guardedPerson(call, store, call.parameters.person)
    if (isNo(before)) return before
    const person = await reinstate(store, call.operator, before.id)
    return isRefused(person) ? refused(person.refused) : done(shownPerson(person), { etag: personEtag(person) })
  },
})
