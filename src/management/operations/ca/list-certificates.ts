// listCertificates: what an authority issued, with who has it and whether it counts.
import { certificates, stateOf } from '../../../authority/records.ts'
import { object, oneOf, optional } from '../../../base/schema.ts'
import { defineOperation, done, isRefused } from '../../operation.ts'
import { page, pageOf, pageParameters } from '../../pages.ts'
import { nameText } from '../../texts.ts'
import { authorityParameters, certificateSchema, namedAuthority, shownCertificate } from './ca-schema.ts'

export const listCertificates = defineOperation({
  name: 'listCertificates',
  resource: 'ca',
  method: 'GET',
  path: '/ca/{ca}/certificates',
  summary: 'The certificates of an authority. Those that ended are kept for a week.',
  permission: 'certificates:read',
  reach: 'all',
  parameters: authorityParameters,
  query: object({
    ...pageParameters,
    consumer: optional(nameText('Of this consumer alone.')),
    state: optional(oneOf(['valid', 'expired', 'revoked'], 'In this state alone.')),
  }),
  output: pageOf(certificateSchema),
  refusals: {},
  async run(call, store) {
    const authority = await namedAuthority(call, store)
    if (isRefused(authority)) return authority
    const { query, nowMs } = call
    return done(
      await page(
        store,
        certificates,
        query,
        ({ value }) => {
          const isOther =
            (query.consumer !== undefined && value.consumer !== query.consumer) || (query.state !== undefined && stateOf(value, nowMs) !== query.state)
          return isOther ? undefined : shownCertificate(value, nowMs)
        },
        { prefix: `${authority.name}/` },
      ),
    )
  },
})
