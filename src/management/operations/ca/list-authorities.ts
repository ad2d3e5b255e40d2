// listAuthorities: the certificate authorities of this Gatehouse.
import { AUTHORITIES_MAX, listAuthorities as list } from '../../../authority/authorities.ts'
import { readCrl } from '../../../authority/crl.ts'
import { object, list as several } from '../../../base/schema.ts'
import { defineOperation, done } from '../../operation.ts'
import { authoritySchema, shownAuthority } from './ca-schema.ts'

export const listAuthorities = defineOperation({
  name: 'listAuthorities',
  resource: 'ca',
  method: 'GET',
  path: '/ca',
  summary: 'The certificate authorities, with their certificates.',
  permission: 'certificates:read',
  reach: 'all',
  output: object({ items: several(authoritySchema, { max: AUTHORITIES_MAX }) }),
  refusals: {},
  async run(_call, store) {
    const items = []
    for (const authority of await list(store)) items.push(shownAuthority(authority, await readCrl(store, authority.name)))
    return done({ items })
  },
})
