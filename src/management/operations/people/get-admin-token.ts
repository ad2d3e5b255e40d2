// getAdminToken: whether the admin token counts.
import { boolean, object } from '../../../base/schema.ts'
import { isAdminTokenOn } from '../../../people/admin-token-switch.ts'
import { defineOperation, done } from '../../operation.ts'

export const adminTokenSchema = object({ enabled: boolean('Whether the admin token counts.') })
export const adminTokenEtag = (isOn: boolean): string => (isOn ? 'on' : 'off')

export const getAdminToken = defineOperation({
  name: 'getAdminToken',
  resource: 'people',
  method: 'GET',
  path: '/bootstrap-token',
  summary: 'Whether the admin token counts. It always does while no owner can sign in.',
  permission: 'people:read',
  reach: 'all',
  output: adminTokenSchema,
  refusals: {},
  async run(_call, store) {
    const enabled = await isAdminTokenOn(store)
    return done({ enabled }, { etag: adminTokenEtag(enabled) })
  },
})
