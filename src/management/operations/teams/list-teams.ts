// listTeams: the teams by name, as far as one may see them.
import { teams } from '../../../directory/records.ts'
import { defineOperation, done } from '../../operation.ts'
import { page, pageOf, pageQuery } from '../../pages.ts'
import { maySee, shownTeam, teamSchema } from './team-schema.ts'

export const listTeams = defineOperation({
  name: 'listTeams',
  resource: 'teams',
  method: 'GET',
  path: '/teams',
  summary: 'Lists teams by name.',
  permission: 'teams:read',
  reach: 'filtered',
  query: pageQuery,
  output: pageOf(teamSchema),
  refusals: {},
  run: async ({ query, operator }, store) =>
    done(await page(store, teams, query, ({ value }) => (maySee(operator, value.name) ? shownTeam(value) : undefined))),
})
