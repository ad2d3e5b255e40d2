// erasePerson: forgets who somebody is. Their pseudonym stays in the trail, and is given to nobody else.
import { object } from '../../../base/schema.ts'
import { erasePerson as erase } from '../../../people/people.ts'
import { defineOperation, done, isRefused } from '../../operation.ts'
import { LAST_OWNER, MORE_THAN_YOU_HOLD, personId, toPerson } from './person-schema.ts'

export const erasePerson = defineOperation({
  name: 'erasePerson',
  resource: 'people',
  method: 'DELETE',
  path: '/people/{person}',
  summary: 'Erases a person: name, address, sessions, tokens and factors.',
  permission: 'people:write',
  reach: 'all',
  parameters: object({ person: personId }),
  refusals: { 'more-than-you-hold': MORE_THAN_YOU_HOLD, 'last-owner': LAST_OWNER },
  act: 'person.erase',
  guarded: true,
  recent: true,
  object: ({ parameters }) => ({ kind: 'person', name: parameters.person }),
  async run(call, store) {
    const erased = await toPerson(erase)(call, store)
    return isRefused(erased) ? erased : done(undefined)
  },
})
