// getDraftDifferences and getDraftDifferencesText: what a draft would change in what is published now.
import { type Infer, object } from '../../../base/schema.ts'
import { differences, differenceText, type ObjectDifference } from '../../../catalog/revisions/difference.ts'
import { draftChanges, readDraft } from '../../../catalog/revisions/drafts.ts'
import { type CatalogObject, keyOf } from '../../../catalog/revisions/kinds.ts'
import { readObject, readValue } from '../../../catalog/revisions/state.ts'
import type { Reading } from '../../../ports/store.ts'
import { differenceList, shownDifference } from '../../catalog/shapes.ts'
import { type Call, defineOperation, done, isRefused, type Refused, refused } from '../../operation.ts'
import { draftNow } from './draft-examination.ts'
import { draftParameter } from './draft-schema.ts'

const shared = { resource: 'drafts', method: 'GET', permission: 'apis:read', reach: 'filtered', parameters: draftParameter, refusals: {} } as const

export const getDraftDifferences = defineOperation({
  ...shared,
  name: 'getDraftDifferences',
  path: '/drafts/{draft}/differences',
  summary: 'Tells what a draft would change, path by path.',
  output: object({ objects: differenceList }),
  prepare: differencesOf,
  run: async (_call, _store, { objects, etag }) => done({ objects: objects.map(shownDifference) }, { etag }),
})

export const getDraftDifferencesText = defineOperation({
  ...shared,
  name: 'getDraftDifferencesText',
  path: '/drafts/{draft}/differences/text',
  summary: 'Tells what a draft would change, for people.',
  media: 'text/plain; charset=utf-8',
  prepare: differencesOf,
  run: async (_call, _store, { objects, etag }) => done(`${differenceText(objects)}\n`, { etag }),
})

interface Differing {
  readonly objects: readonly ObjectDifference[]
  readonly etag: string
}

/** Whole documents are read for it. */
async function differencesOf({ operator, plane, parameters }: Call<Infer<typeof draftParameter>>): Promise<Differing | Refused> {
  const found = await draftNow({ operator, plane }, parameters.draft, 'read')
  if (isRefused(found)) return found
  return plane.services.resolving.ask<Differing | Refused>(operator, {
    key: `differences/${found.nameNow}`,
    isLarge: true,
    answer: () => plane.store.read((reading) => differing(reading, parameters.draft)),
  })
}

async function differing(reading: Reading, id: string): Promise<Differing | Refused> {
  const draft = await readDraft(reading, id)
  if (!draft) return refused('unknown')
  const before: CatalogObject[] = []
  const after: CatalogObject[] = []
  for (const { kind, name, value } of await draftChanges(reading, id)) {
    const known = await readObject(reading, 'console', keyOf({ kind, name }))
    if (known) before.push({ kind, name, value: await readValue(reading, known.stored) })
    if (value !== undefined) after.push({ kind, name, value })
  }
  return { objects: differences(before, after), etag: draft.digest }
}
