// Who an operator is: the admin token first, then machine tokens and sessions of people.
import type { AdminToken } from '../management/admin-token.ts'
import type { ShownCredentials } from '../management/plane.ts'
import type { Operator } from '../model/operator.ts'
import { isAdminTokenOn } from '../people/admin-token-switch.ts'
import { EVERYTHING } from '../people/grants.ts'
import { touchToken } from '../people/machine-tokens.ts'
import type { Means } from '../people/means.ts'
import { isRefused } from '../people/refusal.ts'
import { csrfOf, touchSession } from '../people/sessions.ts'
import { who } from '../people/who.ts'

const ADMIN: Operator = { actor: { kind: 'admin-token', id: 'admin-token' }, permissions: EVERYTHING, ownTeams: [], recentAuth: false }

/** The bootstrap credential. `isAlways`: the file says that it counts however people switched it. */
export interface Admin {
  accepts: AdminToken['accepts']
  readonly isAlways: boolean
}

/** Undefined for everything that does not count, for whatever reason. `report` hears what could not be written of the use. */
export async function operatorOf(
  { authorization, session }: ShownCredentials,
  admin: Admin,
  means: Means,
  report: (cause: unknown) => void,
): Promise<Operator | undefined> {
  const bearer = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization ?? '')?.[1]
  // Something was shown that cannot be read: it is not passed over in favour of a cookie.
  if (authorization !== undefined && bearer === undefined) return undefined
  if (bearer !== undefined && session === undefined && admin.accepts(authorization))
    return admin.isAlways || (await means.store.read(isAdminTokenOn)) ? ADMIN : undefined
  const nowMs = Math.floor(means.clock.nowUs() / 1000)
  const found = await means.store.read((reading) => who(reading, means.key, nowMs, { bearer, session }))
  if (isRefused(found)) return undefined
  const { touch } = found
  // When it was last used is worth a write now and then, and no wait.
  if (touch)
    void means.store
      .write((writing) => ('session' in touch ? touchSession(writing, nowMs, touch.session) : touchToken(writing, nowMs, touch.token)))
      .catch(report)
  const { actor, permissions, ownTeams, apis, recentAuth } = found
  return {
    actor,
    permissions,
    ownTeams,
    recentAuth,
    ...(apis && { apis }),
    ...(found.session && session !== undefined && { session: { digest: found.session.digest, csrf: csrfOf(means.key, session) } }),
  }
}
