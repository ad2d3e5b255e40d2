// getCertificate: what is known of a certificate that an authority issued.
import { getCertificate as get } from '../../../authority/certificates.ts'
import { defineOperation, done, etagOf, refused } from '../../operation.ts'
import { certificateParameters, certificateSchema, shownCertificate } from './ca-schema.ts'

export const getCertificate = defineOperation({
  name: 'getCertificate',
  resource: 'ca',
  method: 'GET',
  path: '/ca/{ca}/certificates/{serial}',
  summary: 'A certificate by its serial number.',
  permission: 'certificates:read',
  reach: 'all',
  parameters: certificateParameters,
  output: certificateSchema,
  refusals: {},
  async run({ parameters: { ca, serial }, nowMs }, store) {
    const record = await get(store, ca, serial)
    return record === undefined ? refused('unknown') : done(shownCertificate(record, nowMs), { etag: etagOf(record) })
  },
})
