// Who is asking: one function that turns what a request shows into an operator with permissions, or into nobody.
import { PEOPLE_ONLY, type Permission } from '../model/permissions.ts'
import type { Reading } from '../ports/store.ts'
import { isRecent } from './factors.ts'
import { type Grants, grantsOf, type Holder, type Reach } from './grants.ts'
import { findToken, isTokenTouchDue } from './machine-tokens.ts'
import { getPerson } from './person.ts'
import { type Refused, refuse } from './refusal.ts'
import { findSession, type LiveSession, TOUCH_MS } from './sessions.ts'

export interface Operator extends Holder {
  /** The session, when it came by one. A request with a token has none, and needs no CSRF token. */
  readonly session?: LiveSession
  /** Whether who they are was proved in the last five minutes: what is dangerous asks for it. Never true of a token. */
  readonly recentAuth: boolean
  /** When there: `touchSession` or `touchToken` is to be called with this. */
  readonly touch?: { readonly session: string } | { readonly token: string }
}

export interface Shown {
  /** What follows `Bearer ` in the Authorization field. */
  readonly bearer?: string | undefined
  /** The value of the session cookie. */
  readonly session?: string | undefined
}

/**
 * The operator behind a request. Permissions are looked up anew each time: what was taken away is gone with the next request. A session that may only
 * enrol a second factor has none. `signed-out` says nothing of why: unknown, over, revoked and suspended are answered alike.
 */
export async function who(reading: Reading, key: Uint8Array, nowMs: number, shown: Shown): Promise<Operator | Refused<'signed-out' | 'two-credentials'>> {
  // Which of the two would count is a question that an attacker should not be able to ask.
  if (shown.bearer !== undefined && shown.session !== undefined) return refuse('two-credentials')
  if (shown.bearer !== undefined) return byToken(reading, key, nowMs, shown.bearer)
  const live = shown.session === undefined ? undefined : await findSession(reading, nowMs, shown.session)
  if (!live) return refuse('signed-out')
  const { person, session, digest } = live
  return {
    actor: { kind: 'person', id: person.id },
    permissions: session.level === 'full' ? await grantsOf(reading, person.roles) : new Map(),
    ownTeams: session.level === 'full' ? person.teams : [],
    session: live,
    recentAuth: isRecent(session, nowMs),
    ...(nowMs - session.seenAtMs >= TOUCH_MS && { touch: { session: digest } }),
  }
}

async function byToken(reading: Reading, key: Uint8Array, nowMs: number, secret: string): Promise<Operator | Refused<'signed-out'>> {
  const token = await findToken(reading, key, nowMs, secret)
  const person = token && (await getPerson(reading, token.personId))
  if (!token || person?.state !== 'active') return refuse('signed-out')
  return {
    actor: { kind: 'token', id: token.id },
    permissions: narrowed(await grantsOf(reading, person.roles), token.permissions),
    ownTeams: person.teams,
    ...(token.apis && { apis: token.apis }),
    recentAuth: false,
    ...(isTokenTouchDue(token, nowMs) && { touch: { token: token.id } }),
  }
}

/** What the person holds now, as far as the token was given it and a token can hold it. */
function narrowed(held: Grants, given: readonly Permission[]): Grants {
  const grants = new Map<Permission, Reach>()
  for (const permission of given) {
    const reach = held.get(permission)
    if (reach !== undefined && !PEOPLE_ONLY.has(permission)) grants.set(permission, reach)
  }
  return grants
}
