// revokeAcmeCertificate: the key of a certificate may be known to others: another one is ordered at once, and this one revoked as soon as that is shown.
import { certificates, nameStates } from '../../../acme/records.ts'
import { compromised } from '../../../acme/revocation.ts'
import { object } from '../../../base/schema.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { acmeCertificateSchema, acmeName, isUnderWay, shownName } from './acme-schema.ts'

export const revokeAcmeCertificate = defineOperation({
  name: 'revokeAcmeCertificate',
  resource: 'acme',
  method: 'POST',
  path: '/acme/certificates/{name}/revoke',
  summary: 'Replaces the certificate of a name, with another key, and has its authority revoke it as soon as the other one is shown.',
  permission: 'system:write',
  reach: 'all',
  parameters: object({ name: acmeName }),
  status: 202,
  output: acmeCertificateSchema,
  refusals: {
    'under-way': { status: 409, says: 'The authority is being asked for this name already.', mend: 'Look again in a minute, and revoke then.' },
    none: { status: 409, says: 'There is no certificate for this name.', mend: 'There is nothing to revoke.' },
    begun: {
      status: 409,
      says: 'Another certificate of this name is waiting to be revoked.',
      mend: 'The log says why it waits: the authority is asked again by itself.',
    },
  },
  act: 'certificate.request-revocation',
  recent: true,
  object: ({ parameters }) => ({ kind: 'certificate', name: parameters.name }),
  async run({ parameters: { name }, nowMs }, store) {
    const before = await store.get(nameStates, name)
    if (before && isUnderWay(before, nowMs)) return refused('under-way')
    const state = await compromised(store, name)
    if (state === undefined) return refused('unknown')
    if (typeof state === 'string') return refused(state)
    return done(shownName(state, await store.get(certificates, name), nowMs))
  },
})
