// getTrailEntry: one entry, with those of its personal fields that are not erased.
import { object } from '../../../base/schema.ts'
import { readEntry } from '../../../trail/records.ts'
import { readOpenings } from '../../../trail/search.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { entryShape, indexDigits, personalSchema, shownEntry, shownPersonal } from './trail-schema.ts'

export const getTrailEntry = defineOperation({
  name: 'getTrailEntry',
  resource: 'trail',
  method: 'GET',
  path: '/trail/entries/{index}',
  summary: 'An entry of the trail with its personal fields.',
  permission: 'trail:read',
  reach: 'all',
  parameters: object({ index: indexDigits('The entry’s place.') }),
  output: object({ ...entryShape, personal: personalSchema }),
  refusals: {},
  async run({ parameters }, store) {
    const entry = await readEntry(store, parameters.index)
    if (entry === undefined) return refused('unknown')
    return done({ ...shownEntry(entry), personal: shownPersonal(entry, await readOpenings(store, entry.index)) })
  },
})
