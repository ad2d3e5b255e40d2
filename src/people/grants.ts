// Grants: which permissions somebody has and how far each reaches, and whether one may hand them to another.
import { PERMISSIONS, type Permission, ROLES, type Role } from '../model/permissions.ts'
import type { Actor } from '../model/trail-event.ts'
import { collection, type Reading } from '../ports/store.ts'

export type Reach = Role['reach']
/** Each permission with its own reach: who is api-owner and viewer reads all APIs and writes only their own. */
export type Grants = ReadonlyMap<Permission, Reach>

/** Roles of one's own. Key: name. */
export const CUSTOM_ROLES = collection<Role>('custom-role')

/** What `own` has a meaning for: things that belong to an API with an owner. All else is either held for everything or not at all. */
export const OWNABLE: ReadonlySet<Permission> = new Set(ROLES.find(({ name }) => name === 'api-owner')!.permissions)

export const EVERYTHING: Grants = new Map(PERMISSIONS.map((each) => [each, 'all']))

/** Somebody who acts: a signed-in person, a machine's token, or the admin token. */
export interface Holder {
  readonly actor: Actor
  readonly permissions: Grants
  /** Teams whose APIs `own` means. */
  readonly ownTeams: readonly string[]
  /** When there, nothing but these APIs is reached: tokens only. */
  readonly apis?: readonly string[]
}

export async function findRole(reading: Reading, name: string): Promise<Role | undefined> {
  return ROLES.find((role) => role.name === name) ?? (/^[a-z][a-z0-9-]{0,63}$/.test(name) ? reading.get(CUSTOM_ROLES, name) : undefined)
}

/** The widest reach of each permission. A role that is not there any more grants nothing. */
export async function grantsOf(reading: Reading, roles: readonly string[]): Promise<Grants> {
  const grants = new Map<Permission, Reach>()
  for (const name of roles) {
    const role = await findRole(reading, name)
    for (const permission of role?.permissions ?? []) if (grants.get(permission) !== 'all') grants.set(permission, role!.reach)
  }
  return grants
}

/**
 * Whether the holder may hand out these grants to somebody of these teams: nobody gives what they do not have, and a token gives nothing. A grant over
 * `own` is given by who has it over all, or over the same teams.
 */
export function mayGrant(holder: Holder, grants: Grants, teams: readonly string[]): boolean {
  if (holder.actor.kind === 'token') return grants.size === 0
  const sameTeams = teams.every((team) => holder.ownTeams.includes(team))
  for (const [permission, reach] of grants) {
    const held = holder.permissions.get(permission)
    if (held !== 'all' && !(held === 'own' && reach === 'own' && sameTeams)) return false
  }
  return true
}

/** Whether these grants let somebody change something. */
export const canWrite = (grants: Grants): boolean => [...grants.keys()].some((each) => !each.endsWith(':read'))
