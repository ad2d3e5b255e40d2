// createTeam: a new team, to answer for APIs and consumers.
import { object } from '../../../base/schema.ts'
import { isRefused } from '../../../directory/records.ts'
import { createTeam as create } from '../../../directory/teams.ts'
import { defineOperation, done, etagOf, refused } from '../../operation.ts'
import { contactsOf, shownTeam, teamFields, teamName, teamSchema } from './team-schema.ts'

export const createTeam = defineOperation({
  name: 'createTeam',
  resource: 'teams',
  method: 'POST',
  path: '/teams',
  summary: 'Makes a team.',
  permission: 'teams:write',
  reach: 'all',
  body: object({ name: teamName, ...teamFields }),
  output: teamSchema,
  status: 201,
  refusals: { 'name-taken': { status: 409, says: 'There is a team of that name already.', mend: 'Choose another name, or change the one that is there.' } },
  act: 'team.create',
  object: ({ body }) => ({ kind: 'team', name: body.name }),
  async run({ body, operator, nowMs }, store) {
    const { name, title = '', contacts = [] } = body
    const made = await create(store, { by: operator.actor.id, nowMs }, name, { title, contacts: contactsOf(contacts) })
    if (isRefused(made)) return refused(made.refused, { detail: made.says })
    return done(shownTeam(made), { etag: etagOf(made), location: `/teams/${name}` })
  },
})
