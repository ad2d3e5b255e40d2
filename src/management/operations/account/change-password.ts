// changePassword: another password, for who knows the one that counts. All other sessions end.
import { object, optional } from '../../../base/schema.ts'
import { changePassword as change } from '../../../people/passwords.ts'
import { isRefused } from '../../../people/refusal.ts'
import { defineOperation, isRefused as isNo, refused } from '../../operation.ts'
import { ownSessionNow } from '../session/own-session.ts'
import { BUSY, passwordText, renewed, renewedSchema, SLOW_DOWN, WRONG_PASSWORD } from '../session/sign-in-schema.ts'
import { ownRefusal, PASSWORD_REFUSALS } from './account-schema.ts'

export const changePassword = defineOperation({
  name: 'changePassword',
  resource: 'account',
  method: 'PUT',
  path: '/own/password',
  summary: 'Sets your password, and ends your other sessions.',
  permission: 'signed-in',
  reach: 'all',
  commits: 'by-room',
  recent: 'by-room',
  body: object({ current: optional(passwordText('The password until now; absent when there is none.')), password: passwordText('The password from now on.') }),
  output: renewedSchema,
  refusals: { ...PASSWORD_REFUSALS, 'wrong-password': WRONG_PASSWORD, 'slow-down': SLOW_DOWN, busy: BUSY },
  async prepare(call) {
    const live = await ownSessionNow(call, { enrolling: true })
    if (isNo(live)) return live
    const { current, password } = call.body
    const result = await change(call.plane.services.people, live, { password, ...(current !== undefined && { current }) })
    if (!isRefused(result)) return renewed(call, result)
    return result.refused === 'wrong-credentials' ? refused('wrong-password') : ownRefusal(result)
  },
  run: async (_call, _store, prepared) => prepared,
})
