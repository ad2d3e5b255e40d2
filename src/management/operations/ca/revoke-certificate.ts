// revokeCertificate: ends a certificate at once and for ever, and signs the authority's list anew.
import { getCertificate, revokeCertificate as revoke } from '../../../authority/certificates.ts'
import { REASONS } from '../../../authority/records.ts'
import { object, oneOf, optional } from '../../../base/schema.ts'
import { defineOperation, done, etagOf, refused } from '../../operation.ts'
import { line } from '../../texts.ts'
import { certificateParameters, certificateSchema, shownCertificate } from './ca-schema.ts'

export const revokeCertificate = defineOperation({
  name: 'revokeCertificate',
  resource: 'ca',
  method: 'POST',
  path: '/ca/{ca}/certificates/{serial}/revoke',
  summary: 'Revokes a certificate, for ever. The list that says so is signed when this is answered.',
  permission: 'certificates:issue',
  reach: 'all',
  parameters: certificateParameters,
  body: object({
    reason: optional(
      oneOf(REASONS, 'As the list says it. `keyCompromise`: all certificates of the key go along, and it is never certified again.'),
      'unspecified',
    ),
    why: optional(line(200, 'For those who ask later.'), ''),
  }),
  output: certificateSchema,
  refusals: {},
  act: 'certificate.revoke',
  guarded: true,
  live: true,
  object: ({ parameters: { ca, serial } }) => ({ kind: 'certificate', name: `${ca}/${serial}` }),
  async run({ parameters: { ca, serial }, body, operator, nowMs, plane, guard }, store) {
    const record = await getCertificate(store, ca, serial)
    if (record === undefined) return refused('unknown')
    const stale = guard(etagOf(record))
    if (stale) return stale
    const { record: revoked, also } = await revoke(store, plane.services.envelope, record, {
      atMs: nowMs,
      by: operator.actor.id,
      reason: body.reason,
      why: body.why,
    })
    return done(shownCertificate(revoked, nowMs), { etag: etagOf(revoked), detail: { consumer: record.consumer, reason: body.reason, also } })
  },
})
