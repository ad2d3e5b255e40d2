// listBackUps: what stands in the folder of back-ups, newest first.
import { list, object } from '../../../base/schema.ts'
import { defineOperation, done } from '../../operation.ts'
import { backUpSchema, shownBackUp } from './backup-schema.ts'

export const listBackUps = defineOperation({
  name: 'listBackUps',
  resource: 'backups',
  method: 'GET',
  path: '/backups',
  summary: 'Back-ups that stand beside the store, newest first.',
  permission: 'backup:write',
  reach: 'all',
  output: object({ items: list(backUpSchema, { max: 1000, describe: 'Newest first.' }) }),
  refusals: {},
  prepare: ({ plane }) => plane.services.backUps.list(),
  run: async (_call, _store, found) => done({ items: found.slice(0, 1000).map(shownBackUp) }),
})
