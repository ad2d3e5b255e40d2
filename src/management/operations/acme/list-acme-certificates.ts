// listAcmeCertificates: every name that a certificate is got for by ACME, and where it stands.
import { certificates, nameStates } from '../../../acme/records.ts'
import { defineOperation, done } from '../../operation.ts'
import { page, pageOf, pageQuery } from '../../pages.ts'
import { acmeCertificateSchema, shownName } from './acme-schema.ts'

export const listAcmeCertificates = defineOperation({
  name: 'listAcmeCertificates',
  resource: 'acme',
  method: 'GET',
  path: '/acme/certificates',
  summary: 'Names that listeners have certificates got for by ACME: valid until when, what failed last, what comes next.',
  permission: 'system:read',
  reach: 'all',
  query: pageQuery,
  output: pageOf(acmeCertificateSchema),
  refusals: {},
  run: async ({ query, nowMs }, store) =>
    done(await page(store, nameStates, query, async ({ key, value }) => shownName(value, await store.get(certificates, key), nowMs))),
})
