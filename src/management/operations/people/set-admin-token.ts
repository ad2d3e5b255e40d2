// setAdminToken: switches the admin token off once people can do without it, or on again.
import { isAdminTokenOn, switchAdminToken } from '../../../people/admin-token-switch.ts'
import { EVERYTHING, mayGrant } from '../../../people/grants.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { adminTokenEtag, adminTokenSchema } from './get-admin-token.ts'

export const setAdminToken = defineOperation({
  name: 'setAdminToken',
  resource: 'people',
  method: 'PUT',
  path: '/bootstrap-token',
  summary: 'Switches the admin token off or on. For owners.',
  permission: 'people:write',
  reach: 'all',
  body: adminTokenSchema,
  output: adminTokenSchema,
  refusals: {},
  act: 'admin-token.switch',
  guarded: true,
  recent: true,
  object: () => ({ kind: 'admin-token', name: 'admin-token' }),
  async run({ operator, body, nowMs, guard }, store) {
    // A person who holds everything: no token may make another, and the admin token decides nothing about itself.
    if (operator.actor.kind !== 'person' || !mayGrant(operator, EVERYTHING, [])) return refused('forbidden', { detail: 'This is for owners.' })
    const stale = guard(adminTokenEtag(await isAdminTokenOn(store)))
    if (stale) return stale
    switchAdminToken(store, nowMs, body.enabled)
    return done(body, { etag: adminTokenEtag(body.enabled), detail: { enabled: body.enabled } })
  },
})
