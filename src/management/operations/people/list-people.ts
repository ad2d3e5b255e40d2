// listPeople: who runs this Gatehouse. The erased are not people any more.
import { PEOPLE } from '../../../people/person.ts'
import { defineOperation, done } from '../../operation.ts'
import { page, pageOf, pageQuery } from '../../pages.ts'
import { personSchema, shownPerson } from './person-schema.ts'

export const listPeople = defineOperation({
  name: 'listPeople',
  resource: 'people',
  method: 'GET',
  path: '/people',
  summary: 'Lists the people who run this Gatehouse.',
  permission: 'people:read',
  reach: 'all',
  query: pageQuery,
  output: pageOf(personSchema),
  refusals: {},
  async run({ query }, store) {
    return done(await page(store, PEOPLE, query, ({ value }) => (value.state === 'erased' ? undefined : shownPerson(value))))
  },
})
