// renewAcmeCertificate: has another certificate ordered for a name at once, whatever the one there is and however the last try ended.
import { certificates, hurry, nameStates } from '../../../acme/records.ts'
import { object } from '../../../base/schema.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { acmeCertificateSchema, acmeName, isUnderWay, shownName } from './acme-schema.ts'

export const renewAcmeCertificate = defineOperation({
  name: 'renewAcmeCertificate',
  resource: 'acme',
  method: 'POST',
  path: '/acme/certificates/{name}/renew',
  summary: 'Orders another certificate for a name now. The one that is shown stays until the other one is there.',
  permission: 'system:write',
  reach: 'all',
  parameters: object({ name: acmeName }),
  status: 202,
  output: acmeCertificateSchema,
  refusals: {
    'under-way': { status: 409, says: 'The authority is being asked for this name already.', mend: 'Look again in a minute: the state says what came of it.' },
    held: {
      status: 409,
      says: 'The authority asked to be left alone for this name for a time.',
      mend: 'Wait until `heldUntil`: what is asked before is refused, and some authorities count it.',
    },
  },
  act: 'certificate.request',
  object: ({ parameters }) => ({ kind: 'certificate', name: parameters.name }),
  async run({ parameters: { name }, nowMs }, store) {
    const state = await store.get(nameStates, name)
    if (state === undefined) return refused('unknown')
    if (isUnderWay(state, nowMs)) return refused('under-way')
    const { heldUntilMs = 0 } = state
    if (heldUntilMs > nowMs) return { ...refused('held'), retryAfterMs: heldUntilMs - nowMs }
    const hurried = (await hurry(store, name))!
    return done(shownName(hurried, await store.get(certificates, name), nowMs))
  },
})
