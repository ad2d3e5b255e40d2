// getRole: one role, with the tag of its state.
import { object } from '../../../base/schema.ts'
import { findRole } from '../../../people/grants.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { roleName } from '../people/person-schema.ts'
import { roleEtag, roleSchema, shownRole } from './role-schema.ts'

export const getRole = defineOperation({
  name: 'getRole',
  resource: 'roles',
  method: 'GET',
  path: '/roles/{role}',
  summary: 'Tells about a role.',
  permission: 'roles:read',
  reach: 'all',
  parameters: object({ role: roleName }),
  output: roleSchema,
  refusals: {},
  async run({ parameters }, store) {
    const role = await findRole(store, parameters.role)
    return role === undefined ? refused('unknown') : done(shownRole(role), { etag: roleEtag(role) })
  },
})
