// validateDraft: everything that stands between a draft and its publication, at once.
import { boolean, integer, list, object } from '../../../base/schema.ts'
import { proposalOf } from '../../../catalog/revisions/publish.ts'
import { reachedDraft } from '../../catalog-drafts.ts'
import { faultList, OBJECTS_TOLD_MAX, shownFaults, shownKeys, toldObject } from '../../catalog-shapes.ts'
import { defineOperation, done, isRefused, refused } from '../../operation.ts'
import { nameText } from '../../texts.ts'
import { draftParameter, shownApprovals } from './draft-schema.ts'

export const validateDraft = defineOperation({
  name: 'validateDraft',
  resource: 'drafts',
  method: 'GET',
  path: '/drafts/{draft}/validation',
  summary: 'Says everything that stands between a draft and its publication.',
  permission: 'apis:read',
  reach: 'filtered',
  parameters: draftParameter,
  output: object({
    valid: boolean('The catalog would have no fault.'),
    faults: faultList,
    conflicts: list(toldObject, { max: OBJECTS_TOLD_MAX, describe: 'Objects that others changed since.' }),
    approvals: object({
      needed: integer({ min: 0, max: 1000 }),
      given: integer({ min: 0, max: 1000, describe: 'Of the draft as it is; who may not approve any more does not count at the publication.' }),
      apis: list(nameText('An API that asks for approvals.'), { max: 100_000 }),
    }),
  }),
  refusals: {},
  async prepare(call) {
    const { plane } = call
    const found = await plane.store.read(async (reading) => {
      const reached = await reachedDraft(call, reading, call.parameters.draft, 'read')
      if (isRefused(reached)) return reached
      const { draft } = reached
      const proposal = await proposalOf(reading, draft.id, draft.digest)
      if ('refused' in proposal) return refused('unknown')
      return { proposal, given: (await shownApprovals(reading, draft)).length, etag: draft.digest }
    })
    return 'proposal' in found ? { ...found, examination: await plane.services.catalog.examine(found.proposal) } : found
  },
  async run(_call, _store, { examination, given, etag }) {
    const { faults, conflicts, demand } = examination
    const approvals = { needed: demand.approvals, given, apis: demand.apis }
    return done({ valid: faults.length === 0, faults: shownFaults(faults), conflicts: shownKeys(conflicts), approvals }, { etag })
  },
})
