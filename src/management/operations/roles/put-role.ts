// putRole: makes a role of one's own, or changes it. What people hold by it changes with their next request, and their open links are void.
import { object } from '../../../base/schema.ts'
import { findRole } from '../../../people/grants.ts'
import { isRefused } from '../../../people/refusal.ts'
import { putRole as put } from '../../../people/roles.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { MORE_THAN_YOU_HOLD, roleName } from '../people/person-schema.ts'
import { BUILT_IN, roleEtag, roleInput, roleSchema, shownRole } from './role-schema.ts'

export const putRole = defineOperation({
  name: 'putRole',
  resource: 'roles',
  method: 'PUT',
  path: '/roles/{role}',
  summary: 'Makes or changes a role. `If-Match: "none"` makes one.',
  permission: 'roles:write',
  reach: 'all',
  parameters: object({ role: roleName }),
  body: object(roleInput),
  output: roleSchema,
  refusals: {
    'built-in': BUILT_IN,
    'no-own-reach': {
      status: 422,
      says: 'Some of these permissions are not about APIs.',
      mend: 'With the reach `own` a role holds permissions over APIs only.',
    },
    'more-than-you-hold': MORE_THAN_YOU_HOLD,
    'too-many-roles': { status: 409, says: 'There are as many roles as there may be.', mend: 'Remove roles that nobody has.' },
  },
  act: 'role.put',
  guarded: true,
  makes: true,
  recent: true,
  object: ({ parameters }) => ({ kind: 'role', name: parameters.role }),
  async run({ operator, parameters, body, guard }, store) {
    const stale = guard(roleEtag(await findRole(store, parameters.role)))
    if (stale) return stale
    const role = await put(store, operator, { name: parameters.role, ...body })
    if (isRefused(role)) return refused(role.refused === 'built-in-role' ? 'built-in' : role.refused)
    return done(shownRole(role), { etag: roleEtag(role), detail: { reach: role.reach, permissions: role.permissions } })
  },
})
