// removeRole: removes a role that nobody has.
import { object } from '../../../base/schema.ts'
import { findRole } from '../../../people/grants.ts'
import { isRefused } from '../../../people/refusal.ts'
import { removeRole as remove } from '../../../people/roles.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { MORE_THAN_YOU_HOLD, roleName } from '../people/person-schema.ts'
import { BUILT_IN, roleEtag } from './role-schema.ts'

export const removeRole = defineOperation({
  name: 'removeRole',
  resource: 'roles',
  method: 'DELETE',
  path: '/roles/{role}',
  summary: 'Removes a role.',
  permission: 'roles:write',
  reach: 'all',
  parameters: object({ role: roleName }),
  refusals: {
    'built-in': BUILT_IN,
    'in-use': { status: 409, says: 'Somebody has this role, or a provider’s rule gives it.', mend: 'Take it away from them first.' },
    'more-than-you-hold': MORE_THAN_YOU_HOLD,
  },
  act: 'role.remove',
  guarded: true,
  recent: true,
  object: ({ parameters }) => ({ kind: 'role', name: parameters.role }),
  async run({ operator, parameters, guard }, store) {
    const before = await findRole(store, parameters.role)
    if (before === undefined) return refused('unknown')
    const stale = guard(roleEtag(before))
    if (stale) return stale
    const removed = await remove(store, operator, parameters.role)
    if (!isRefused(removed)) return done(undefined)
    const named: Record<string, string> = { 'built-in-role': 'built-in', 'role-in-use': 'in-use' }
    return refused(named[removed.refused] ?? removed.refused)
  },
})
