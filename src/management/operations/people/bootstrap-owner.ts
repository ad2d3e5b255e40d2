// bootstrapOwner: the first owner, invited by whoever holds the admin token. Over as soon as an owner can sign in.
import { object } from '../../../base/schema.ts'
import { bootstrapOwner as bootstrap } from '../../../people/people.ts'
import { isRefused } from '../../../people/refusal.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { momentOf } from '../../texts.ts'
import { invitedSchema, MAIL_TAKEN, personInput, shownPerson } from './person-schema.ts'

export const bootstrapOwner = defineOperation({
  name: 'bootstrapOwner',
  resource: 'people',
  method: 'POST',
  path: '/owner',
  summary: 'Invites the first owner, with the admin token. The link’s secret is told once.',
  permission: 'people:write',
  reach: 'all',
  body: object({ name: personInput.name, mail: personInput.mail }),
  output: invitedSchema,
  status: 201,
  refusals: {
    'mail-taken': MAIL_TAKEN,
    'owner-exists': { status: 409, says: 'There is an owner who can sign in already.', mend: 'Owners invite further ones.' },
  },
  act: 'person.bootstrap',
  secret: true,
  async run({ operator, nowMs, body, plane }, store) {
    if (operator.actor.kind !== 'admin-token') return refused('forbidden', { detail: 'This is for the admin token alone.' })
    const invited = await bootstrap(store, { nowMs, random: plane.services.random }, body)
    if (isRefused(invited)) return refused(invited.refused)
    const { person, link } = invited
    return done(
      { person: shownPerson(person), secret: link.secret, expires: momentOf(link.expiresAtMs) },
      { location: `/people/${person.id}`, object: { kind: 'person', name: person.id } },
    )
  },
})
