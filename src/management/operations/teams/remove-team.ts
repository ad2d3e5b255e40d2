// removeTeam: takes a team out that answers for nothing any more.
import { isRefused } from '../../../directory/records.ts'
import { getTeam, removeTeam as remove } from '../../../directory/teams.ts'
import { defineOperation, done, etagOf, refused } from '../../operation.ts'
import { teamParameters } from './team-schema.ts'

export const removeTeam = defineOperation({
  name: 'removeTeam',
  resource: 'teams',
  method: 'DELETE',
  path: '/teams/{team}',
  summary: 'Removes a team that answers for no consumer and owns no API.',
  permission: 'teams:write',
  reach: 'all',
  parameters: teamParameters,
  refusals: {
    'team-in-use': {
      status: 409,
      says: 'The team answers for consumers: give them another first.',
      mend: 'List the consumers of the team, and change their team.',
    },
    'owns-apis': { status: 409, says: 'The team owns APIs: give them another owner first.', mend: 'Change `owner` of the APIs that name the team.' },
  },
  act: 'team.remove',
  guarded: true,
  object: ({ parameters }) => ({ kind: 'team', name: parameters.team }),
  async run(call, store) {
    const name = call.parameters.team
    const team = await getTeam(store, name)
    if (team === undefined) return refused('unknown')
    const stale = call.guard(etagOf(team))
    if (stale) return stale
    if ([...call.plane.services.catalog.configuration.owners.values()].includes(name)) return refused('owns-apis')
    const removed = await remove(store, name)
    return isRefused(removed) ? refused('team-in-use') : done(undefined)
  },
})
