// listPatches: the virtual patches of an API, of both owners, those that have ended marked.
import { object } from '../../../base/schema.ts'
import { defineOperation, done } from '../../operation.ts'
import { nameText } from '../../texts.ts'
import { thisApi } from './api-reach.ts'
import { patchesOf, patchList } from './patch-schema.ts'

export const listPatches = defineOperation({
  name: 'listPatches',
  resource: 'apis',
  method: 'GET',
  path: '/apis/{api}/patches',
  summary: 'Lists the virtual patches of an API, whether the file or the console owns them. Those that have ended are marked.',
  permission: 'apis:read',
  reach: thisApi,
  parameters: object({ api: nameText('The API.') }),
  output: object({ items: patchList }),
  refusals: {},
  run: async ({ parameters, nowMs }, store) => done({ items: await patchesOf(store, parameters.api, nowMs) }),
})
