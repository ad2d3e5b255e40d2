// getDrift: everything that is not as one of its owners says.
import { list, object, oneOf, optional, string } from '../../../base/schema.ts'
import { defineOperation, done } from '../../operation.ts'
import { line, moment, momentOf } from '../../texts.ts'

const DRIFT_TOLD_MAX = 10_000

const driftSchema = object({
  what: oneOf(['file-refused', 'owned-twice', 'console-refused', 'closed', 'not-rolled-back', 'ended', 'nodes-differ', 'not-whole']),
  kind: optional(line(100, 'The kind of object; absent when it is about the whole.')),
  name: optional(line(200, 'Its name.')),
  since: moment('Since when.'),
  says: string({ maxLength: 100_000 }),
  mend: string({ maxLength: 1000, describe: 'What to do about it.' }),
})

export const getDrift = defineOperation({
  name: 'getDrift',
  resource: 'drift',
  method: 'GET',
  path: '/drift',
  summary: 'Tells everything that is not as the file, or the console, says: on this node, and of what all nodes share.',
  permission: 'catalog:read',
  reach: 'all',
  output: object({ items: list(driftSchema, { max: DRIFT_TOLD_MAX }) }),
  refusals: {},
  async run({ plane }, store) {
    const items = await plane.services.catalog.drift(store)
    return done({ items: items.slice(0, DRIFT_TOLD_MAX).map(({ sinceMs, ...item }) => ({ ...item, since: momentOf(sinceMs) })) })
  },
})
