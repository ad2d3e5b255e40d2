// updateTeam: puts other fields in the place of a team's; what is left out is gone.
import { object } from '../../../base/schema.ts'
import { isRefused } from '../../../directory/records.ts'
import { getTeam, updateTeam as update } from '../../../directory/teams.ts'
import { defineOperation, done, etagOf, refused } from '../../operation.ts'
import { contactsOf, shownTeam, teamFields, teamParameters, teamSchema } from './team-schema.ts'

export const updateTeam = defineOperation({
  name: 'updateTeam',
  resource: 'teams',
  method: 'PUT',
  path: '/teams/{team}',
  summary: 'Replaces a team’s title and contacts.',
  permission: 'teams:write',
  reach: 'all',
  parameters: teamParameters,
  body: object(teamFields),
  output: teamSchema,
  refusals: {},
  act: 'team.update',
  guarded: true,
  object: ({ parameters }) => ({ kind: 'team', name: parameters.team }),
  async run(call, store) {
    const { title = '', contacts = [] } = call.body
    const before = await getTeam(store, call.parameters.team)
    if (before === undefined) return refused('unknown')
    const stale = call.guard(etagOf(before))
    if (stale) return stale
    const after = await update(store, before.name, { title, contacts: contactsOf(contacts) })
    if (isRefused(after)) return refused(after.refused === 'invalid' ? 'invalid' : 'unknown', { detail: after.says })
    return done(shownTeam(after), { etag: etagOf(after), detail: { contacts: contacts.length } })
  },
})
