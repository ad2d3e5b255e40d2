// reinstatePerson: lets a suspended person sign in again, with what they had.
import { object } from '../../../base/schema.ts'
import { reinstatePerson as reinstate } from '../../../people/people.ts'
import { defineOperation } from '../../operation.ts'
import { MORE_THAN_YOU_HOLD, personId, personSchema, toPerson } from './person-schema.ts'

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
  run: toPerson(reinstate),
})
