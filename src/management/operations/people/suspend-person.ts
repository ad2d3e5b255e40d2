// suspendPerson: sessions end, tokens are refused, links are void.
import { object } from '../../../base/schema.ts'
import { suspendPerson as suspend } from '../../../people/people.ts'
import { defineOperation } from '../../operation.ts'
import { LAST_OWNER, MORE_THAN_YOU_HOLD, personId, personSchema, toPerson } from './person-schema.ts'

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
  run: toPerson(suspend),
})
