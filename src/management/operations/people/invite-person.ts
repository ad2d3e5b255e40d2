// invitePerson: a person who has not come yet, and the secret of the link that lets them in. It is told once.
import { object } from '../../../base/schema.ts'
import { invitePerson as invite } from '../../../people/people.ts'
import { isRefused } from '../../../people/refusal.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { momentOf } from '../../texts.ts'
import { invitedSchema, MAIL_TAKEN, MORE_THAN_YOU_HOLD, personEtag, personInput, shownPerson, UNKNOWN_ROLE } from './person-schema.ts'

export const invitePerson = defineOperation({
  name: 'invitePerson',
  resource: 'people',
  method: 'POST',
  path: '/people',
  summary: 'Invites a person. The link’s secret is told once.',
  permission: 'people:write',
  reach: 'all',
  body: object(personInput),
  output: invitedSchema,
  status: 201,
  refusals: { 'mail-taken': MAIL_TAKEN, 'unknown-role': UNKNOWN_ROLE, 'more-than-you-hold': MORE_THAN_YOU_HOLD },
  act: 'person.invite',
  secret: true,
  recent: true,
  async run({ operator, nowMs, body, plane }, store) {
    const invited = await invite(store, { nowMs, random: plane.services.random }, operator, body)
    if (isRefused(invited)) return refused(invited.refused)
    const { person, link } = invited
    return done(
      { person: shownPerson(person), secret: link.secret, expires: momentOf(link.expiresAtMs) },
      {
        etag: personEtag(person),
        location: `/people/${person.id}`,
        object: { kind: 'person', name: person.id },
        detail: { roles: person.roles, teams: person.teams },
      },
    )
  },
})
