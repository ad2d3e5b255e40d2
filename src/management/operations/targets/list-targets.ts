// listTargets: where an API's requests go, which of those places take some, and what is under way to each.
import { object } from '../../../base/schema.ts'
import { drainsOf } from '../../../lifecycle/drains.ts'
import { defineOperation, done } from '../../operation.ts'
import { nameText } from '../../texts.ts'
import { thisApi } from '../apis/api-reach.ts'
import { knownTargets, shownTargets, targetList } from './target-schema.ts'

export const listTargets = defineOperation({
  name: 'listTargets',
  resource: 'targets',
  method: 'GET',
  path: '/apis/{api}/targets',
  summary:
    'Lists the targets of an API, its versions and canaries: which of them take requests, which are drained, and what is under way to each on this node.',
  permission: 'apis:read',
  reach: thisApi,
  parameters: object({ api: nameText('The API.') }),
  output: object({ items: targetList }),
  refusals: {},
  prepare: ({ parameters, plane }) => knownTargets(plane, parameters.api),
  run: async ({ parameters: { api } }, store, known) => done({ items: shownTargets(known, await drainsOf(store, api), api) }),
})
