// getPerson: one person, with the tag of their state.
import { object } from '../../../base/schema.ts'
import { getPerson as find } from '../../../people/person.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { personEtag, personId, personSchema, shownPerson } from './person-schema.ts'

export const getPerson = defineOperation({
  name: 'getPerson',
  resource: 'people',
  method: 'GET',
  path: '/people/{person}',
  summary: 'Tells about a person.',
  permission: 'people:read',
  reach: 'all',
  parameters: object({ person: personId }),
  output: personSchema,
  refusals: {},
  async run({ parameters }, store) {
    const person = await find(store, parameters.person)
    return !person || person.state === 'erased' ? refused('unknown') : done(shownPerson(person), { etag: personEtag(person) })
  },
})
