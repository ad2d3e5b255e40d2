// tellContactKey: the key that a team's webhooks check signatures with.
import { object, string } from '../../../base/schema.ts'
import { getTeam } from '../../../directory/teams.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { teamParameters } from './team-schema.ts'

export const tellContactKey = defineOperation({
  name: 'tellContactKey',
  resource: 'teams',
  method: 'POST',
  path: '/teams/{team}/contact-key',
  summary: 'Tells the key that signs what the team’s webhook contacts are sent, by Standard Webhooks.',
  permission: 'teams:write',
  reach: 'all',
  parameters: teamParameters,
  output: object({ key: string({ pattern: /^whsec_/, maxLength: 100, describe: 'The key, as Standard Webhooks writes it.' }) }),
  refusals: {},
  act: 'team.contact-key',
  secret: true,
  recent: true,
  object: ({ parameters }) => ({ kind: 'team', name: parameters.team }),
  async run({ parameters, plane }, store) {
    const team = await getTeam(store, parameters.team)
    return team ? done({ key: plane.services.directory.contactKeys.of(team).reveal() }) : refused('unknown')
  },
})
