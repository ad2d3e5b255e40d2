// getDraftDifferences and getDraftDifferencesText: what a draft would change in what is published now.
import { object } from '../../../base/schema.ts'
import { differences, differenceText, type ObjectDifference } from '../../../catalog/revisions/difference.ts'
import { draftChanges } from '../../../catalog/revisions/drafts.ts'
import { type CatalogObject, keyOf } from '../../../catalog/revisions/kinds.ts'
import { readObject, readValue } from '../../../catalog/revisions/state.ts'
import type { Reading } from '../../../ports/store.ts'
import { reachedDraft } from '../../catalog-drafts.ts'
import { differenceList, shownDifference } from '../../catalog-shapes.ts'
import { type Call, defineOperation, done, isRefused, type Refused } from '../../operation.ts'
import { draftParameter } from './draft-schema.ts'

const shared = { resource: 'drafts', method: 'GET', permission: 'apis:read', reach: 'filtered', parameters: draftParameter, refusals: {} } as const

export const getDraftDifferences = defineOperation({
  ...shared,
  name: 'getDraftDifferences',
  path: '/drafts/{draft}/differences',
  summary: 'Tells what a draft would change, path by path.',
  output: object({ objects: differenceList }),
  async run(call, store) {
    const found = await differencesOf(call, store, call.parameters.draft)
    return isRefused(found) ? found : done({ objects: found.objects.map(shownDifference) }, { etag: found.etag })
  },
})

export const getDraftDifferencesText = defineOperation({
  ...shared,
  name: 'getDraftDifferencesText',
  path: '/drafts/{draft}/differences/text',
  summary: 'Tells what a draft would change, for people.',
  media: 'text/plain; charset=utf-8',
  async run(call, store) {
    const found = await differencesOf(call, store, call.parameters.draft)
    return isRefused(found) ? found : done(`${differenceText(found.objects)}\n`, { etag: found.etag })
  },
})

async function differencesOf(
  call: Pick<Call, 'operator'>,
  reading: Reading,
  id: string,
): Promise<{ readonly objects: readonly ObjectDifference[]; readonly etag: string } | Refused> {
  const reached = await reachedDraft(call, reading, id, 'read')
  if (isRefused(reached)) return reached
  const before: CatalogObject[] = []
  const after: CatalogObject[] = []
  for (const { kind, name, value } of await draftChanges(reading, id)) {
    const known = await readObject(reading, 'console', keyOf({ kind, name }))
    if (known) before.push({ kind, name, value: await readValue(reading, known.stored) })
    if (value !== undefined) after.push({ kind, name, value })
  }
  return { objects: differences(before, after), etag: reached.draft.digest }
}
