// Roles of one's own: named sets of permissions with a reach, beside those that come with the house.
import { PERMISSIONS, type Permission, ROLES, type Role } from '../model/permissions.ts'
import { type Entry, everyEntry, type Reading, type Writing } from '../ports/store.ts'
import { CUSTOM_ROLES, canWrite, type Grants, grantsOf, type Holder, mayGrant, OWNABLE } from './grants.ts'
import { PEOPLE } from './person.ts'
import { type Refused, refuse } from './refusal.ts'
import { endSessions } from './sessions.ts'
import { PROVIDERS } from './sso-records.ts'

const NAME = /^[a-z][a-z0-9-]{0,63}$/

export interface RoleInput {
  readonly name: string
  readonly says: string
  readonly reach: string
  readonly permissions: readonly string[]
}
export type RoleRefusal =
  | 'name-unreadable'
  | 'says-unreadable'
  | 'built-in-role'
  | 'unknown-permission'
  | 'unknown-reach'
  | 'no-own-reach'
  | 'more-than-you-hold'
  | 'too-many-roles'

/** Of one's own. They are told in one list. */
export const CUSTOM_ROLES_MAX = 200

export const listRoles = async (reading: Reading): Promise<readonly Role[]> => [
  ...ROLES,
  ...(await reading.scan(CUSTOM_ROLES, { limit: CUSTOM_ROLES_MAX })).map(({ value }: Entry<Role>) => value),
]

/**
 * Makes a role, or changes the one of that name. What people hold by it changes with their next request; who could change nothing until now and can by it signs
 * in anew, with the second factor that this may demand. Their open links are void, as with every change of what they hold.
 */
export async function putRole(writing: Writing, holder: Holder, input: RoleInput): Promise<Role | Refused<RoleRefusal>> {
  const { name, says, reach } = input
  if (!NAME.test(name)) return refuse('name-unreadable')
  if (!/^\P{C}{1,200}$/u.test(says)) return refuse('says-unreadable')
  if (ROLES.some((role) => role.name === name)) return refuse('built-in-role')
  if (reach !== 'all' && reach !== 'own') return refuse('unknown-reach')
  const permissions = [...new Set(input.permissions)].filter(isPermission)
  if (!input.permissions.every(isPermission)) return refuse('unknown-permission')
  // A permission over one's own that has no owner would be read as nothing by some and as everything by others.
  if (reach === 'own' && !permissions.every((each) => OWNABLE.has(each))) return refuse('no-own-reach')
  const role: Role = { name, says, reach, permissions }
  const before = await writing.get(CUSTOM_ROLES, name)
  // Whoever has the role, now or later, may be of any team: only what is held over all can be put into a role.
  for (const each of before ? [before, role] : [role]) if (!mayGrant(holder, grantsIn(each), [''])) return refuse('more-than-you-hold')
  if (!before && (await writing.scan(CUSTOM_ROLES, { limit: CUSTOM_ROLES_MAX })).length === CUSTOM_ROLES_MAX) return refuse('too-many-roles')
  if (before && !canWrite(grantsIn(before)) && canWrite(grantsIn(role)))
    for await (const { value } of everyEntry(writing, PEOPLE))
      if (value.roles.includes(name) && !canWrite(await grantsOf(writing, value.roles))) await endSessions(writing, value.id)
  writing.put(CUSTOM_ROLES, name, role)
  return role
}
const isPermission = (text: string): text is Permission => (PERMISSIONS as readonly string[]).includes(text)
const grantsIn = ({ permissions, reach }: Role): Grants => new Map(permissions.map((each) => [each, reach]))

/** Removes a role that nobody has and no rule of a provider gives. */
export async function removeRole(
  writing: Writing,
  holder: Holder,
  name: string,
): Promise<Role | Refused<'unknown-role' | 'built-in-role' | 'role-in-use' | 'more-than-you-hold'>> {
  if (ROLES.some((role) => role.name === name)) return refuse('built-in-role')
  const role = NAME.test(name) ? await writing.get(CUSTOM_ROLES, name) : undefined
  if (!role) return refuse('unknown-role')
  if (!mayGrant(holder, grantsIn(role), [''])) return refuse('more-than-you-hold')
  for await (const { value } of everyEntry(writing, PEOPLE)) if (value.roles.includes(name)) return refuse('role-in-use')
  for await (const { value } of everyEntry(writing, PROVIDERS)) if (value.mapping?.rules.some(({ roles }) => roles.includes(name))) return refuse('role-in-use')
  writing.remove(CUSTOM_ROLES, name)
  return role
}
