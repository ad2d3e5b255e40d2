// getTeam: one team.
import { getTeam as get } from '../../../directory/teams.ts'
import { defineOperation, done, etagOf, refused } from '../../operation.ts'
import { maySee, shownTeam, teamParameters, teamSchema } from './team-schema.ts'

export const getTeam = defineOperation({
  name: 'getTeam',
  resource: 'teams',
  method: 'GET',
  path: '/teams/{team}',
  summary: 'Tells of one team, and where it wants to be told.',
  permission: 'teams:read',
  reach: 'filtered',
  parameters: teamParameters,
  output: teamSchema,
  refusals: {},
  async run({ parameters, operator }, store) {
    const team = maySee(operator, parameters.team) ? await get(store, parameters.team) : undefined
    return team ? done(shownTeam(team), { etag: etagOf(team) }) : refused('unknown')
  },
})
