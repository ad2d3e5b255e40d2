// validateDraft: everything that stands between a draft and its publication, at once.
import { boolean, described, integer, list, object } from '../../../base/schema.ts'
import { breakingSchema, FINDINGS_TOLD_MAX } from '../../catalog/breaking-changes.ts'
import { secretsOfDraft, ungrantedSecrets } from '../../catalog/rights.ts'
import { faultList, OBJECTS_TOLD_MAX, toldObject } from '../../catalog/shapes.ts'
import { defineOperation, done } from '../../operation.ts'
import { nameText } from '../../texts.ts'
import { secretName } from '../secrets/secret-schema.ts'
import { examinedDraft } from './draft-examination.ts'
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
    notices: described('What is worth knowing and no reason to refuse: an upstream that nobody verifies, a certificate that has expired.', faultList),
    conflicts: list(toldObject, { max: OBJECTS_TOLD_MAX, describe: 'Objects that others changed since.' }),
    approvals: object({
      needed: integer({ min: 0, max: 1000 }),
      given: integer({ min: 0, max: 1000, describe: 'Of the draft as it is; who may not approve any more does not count at the publication.' }),
      apis: list(nameText('An API that asks for approvals.'), { max: 100_000 }),
    }),
    secrets: list(secretName, { max: 100_000, describe: 'Secrets that objects refer to and that are not granted to whoever wrote these.' }),
    breaking: list(breakingSchema, { max: FINDINGS_TOLD_MAX, describe: 'What would break clients, as it is published only when that is accepted.' }),
  }),
  refusals: {},
  prepare: (call) => examinedDraft(call, call.parameters.draft, 'read'),
  async run(call, store, { examination: { faults, notices, conflicts, demand, breaking }, draft }) {
    const approvals = { needed: demand.approvals, given: (await shownApprovals(store, draft)).length, apis: demand.apis }
    const secrets = await ungrantedSecrets(store, call, await secretsOfDraft(store, draft))
    return done({ valid: faults.length === 0, faults, notices, conflicts, approvals, secrets, breaking }, { etag: draft.digest })
  },
})
