// changePerson: another name, address, other roles or teams. What they were signed in for is over when it is not what they hold now.
import { object, optional } from '../../../base/schema.ts'
import { changePerson as change } from '../../../people/people.ts'
import { isRefused } from '../../../people/refusal.ts'
import { defineOperation, done, isRefused as isNo, refused } from '../../operation.ts'
import {
  guardedPerson,
  LAST_OWNER,
  MAIL_TAKEN,
  MORE_THAN_YOU_HOLD,
  personEtag,
  personId,
  personInput,
  personSchema,
  shownPerson,
  UNKNOWN_ROLE,
} from './person-schema.ts'

export const changePerson = defineOperation({
  name: 'changePerson',
  resource: 'people',
  method: 'PATCH',
  path: '/people/{person}',
  summary: 'Changes a person’s name, address, roles or teams: what is given.',
  permission: 'people:write',
  reach: 'all',
  parameters: object({ person: personId }),
  body: object({
    name: optional(personInput.name),
    mail: optional(personInput.mail),
    roles: optional(personInput.roles),
    teams: optional(personInput.teams),
  }),
  output: personSchema,
  refusals: {
    'mail-taken': MAIL_TAKEN,
    'unknown-role': UNKNOWN_ROLE,
    'more-than-you-hold': MORE_THAN_YOU_HOLD,
    'last-owner': LAST_OWNER,
    'roles-from-provider': {
      status: 409,
      says: 'A provider’s claims say which roles this person has.',
      mend: 'Change their groups there, or the provider’s rules here.',
    },
  },
  act: 'person.change',
  guarded: true,
  recent: true,
  object: ({ parameters }) => ({ kind: 'person', name: parameters.person }),
  async run(call, store) {
    const before = await guardedPerson(call, store, call.parameters.person)
    if (isNo(before)) return before
    const { name, mail, roles, teams } = call.body
    const given = { ...(name !== undefined && { name }), ...(mail !== undefined && { mail }), ...(roles && { roles }), ...(teams && { teams }) }
    const person = await change(store, call.operator, before.id, given)
    if (isRefused(person)) return refused(person.refused)
    // Which of the personal members changed, never to what.
    const detail = { changed: Object.keys(given), roles: person.roles, teams: person.teams }
    return done(shownPerson(person), { etag: personEtag(person), detail })
  },
})
