// getAuthority: one certificate authority, with the certificate that those who trust it need.
import { readCrl } from '../../../authority/crl.ts'
import { defineOperation, done, isRefused } from '../../operation.ts'
import { authorityParameters, authoritySchema, authorityTag, namedAuthority, shownAuthority } from './ca-schema.ts'

export const getAuthority = defineOperation({
  name: 'getAuthority',
  resource: 'ca',
  method: 'GET',
  path: '/ca/{ca}',
  summary: 'A certificate authority, and its certificate.',
  permission: 'certificates:read',
  reach: 'all',
  parameters: authorityParameters,
  output: authoritySchema,
  refusals: {},
  async run(call, store) {
    const authority = await namedAuthority(call, store)
    if (isRefused(authority)) return authority
    return done(shownAuthority(authority, await readCrl(store, authority.name)), { etag: authorityTag(authority) })
  },
})
