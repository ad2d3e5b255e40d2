// issueRecoveryLink: lets somebody in who lost what they sign in with, or whose invitation ran out. It makes its bearer that person.
import { list, object, oneOf } from '../../../base/schema.ts'
import { issueRecovery } from '../../../people/people.ts'
import { isRefused } from '../../../people/refusal.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { momentOf } from '../../texts.ts'
import { invitedSchema, MORE_THAN_YOU_HOLD, personId, shownPerson } from './person-schema.ts'

export const issueRecoveryLink = defineOperation({
  name: 'issueRecoveryLink',
  resource: 'people',
  method: 'POST',
  path: '/people/{person}/links',
  summary: 'Issues a recovery link, or the invitation anew. Its secret is told once; the link before is void.',
  permission: 'people:write',
  reach: 'all',
  parameters: object({ person: personId }),
  body: object({
    resets: list(oneOf(['password', 'second-factor'], 'What was lost.'), {
      max: 2,
      describe: 'What the person loses and sets anew; empty for who was invited and never came.',
    }),
  }),
  output: invitedSchema,
  refusals: {
    'more-than-you-hold': MORE_THAN_YOU_HOLD,
    suspended: { status: 409, says: 'This person is suspended.', mend: 'Reinstate them first.' },
    'nothing-to-reset': { status: 422, says: 'Say what the link resets.', mend: 'Name the password, the second factor, or both.' },
  },
  act: 'person.issue-link',
  secret: true,
  recent: true,
  object: ({ parameters }) => ({ kind: 'person', name: parameters.person }),
  async run({ operator, nowMs, parameters, body, plane }, store) {
    const issued = await issueRecovery(store, { nowMs, random: plane.services.random }, operator, parameters.person, [...new Set(body.resets)])
    if (isRefused(issued)) return refused(issued.refused === 'unknown-person' ? 'unknown' : issued.refused)
    const { person, link } = issued
    return done({ person: shownPerson(person), secret: link.secret, expires: momentOf(link.expiresAtMs) }, { detail: { resets: body.resets } })
  },
})
