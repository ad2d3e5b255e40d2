// listRoles: the roles that come with the house, and those of one's own.
import { list, object } from '../../../base/schema.ts'
import { ROLES } from '../../../model/permissions.ts'
import { listRoles as all, CUSTOM_ROLES_MAX } from '../../../people/roles.ts'
import { defineOperation, done } from '../../operation.ts'
import { roleSchema, shownRole } from './role-schema.ts'

export const listRoles = defineOperation({
  name: 'listRoles',
  resource: 'roles',
  method: 'GET',
  path: '/roles',
  summary: 'Lists the roles.',
  permission: 'roles:read',
  reach: 'all',
  output: object({ items: list(roleSchema, { max: ROLES.length + CUSTOM_ROLES_MAX }) }),
  refusals: {},
  async run(_call, store) {
    return done({ items: (await all(store)).map(shownRole) })
  },
})
