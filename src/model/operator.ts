// Who speaks to the management API, once their credential was judged.
import type { Permission } from './permissions.ts'
import type { Actor } from './trail-event.ts'

export interface Operator {
  readonly actor: Actor
  /** What they may do, and how far: `own` reaches the APIs of their teams only. */
  readonly permissions: ReadonlyMap<Permission, 'all' | 'own'>
  /** Names of the teams they belong to. */
  readonly ownTeams: readonly string[]
  /** A token that was made for some APIs reaches no other, whatever its permissions. */
  readonly apis?: readonly string[]
  /** Present when they signed in: the session's digest, and what a browser's request must show besides. */
  readonly session?: { readonly digest: string; readonly csrf: string }
  /** Whether who they are was proved within the last minutes. Never true of a token. */
  readonly recentAuth: boolean
}

/** How far this operator's permission reaches; undefined: they have it not. */
export function reachOf(operator: Operator, permission: Permission): 'all' | 'own' | undefined {
  const reach = operator.permissions.get(permission)
  return reach === 'all' && operator.apis !== undefined ? 'own' : reach
}

/** True when an API with this owner lies within reach. `owner` is a team's name; an API without one is nobody's own. */
export function reachesApi(operator: Operator, permission: Permission, api: string, owner: string | undefined): boolean {
  const reach = operator.permissions.get(permission)
  if (reach === undefined || (operator.apis !== undefined && !operator.apis.includes(api))) return false
  return reach === 'all' || (owner !== undefined && operator.ownTeams.includes(owner))
}
