// What operators may do: every permission there is, and the roles that come with the house.

/** `resource:verb`. An operation of the management API names exactly one; a permission that no operation names fails a test. */
export const PERMISSIONS = [
  'apis:read',
  'apis:write',
  'apis:publish',
  'apis:approve',
  'apis:patch',
  'catalog:read',
  'catalog:write',
  'catalog:rollback',
  'consumers:read',
  'consumers:write',
  'keys:read',
  'keys:write',
  'teams:read',
  'teams:write',
  'usage:read',
  'people:read',
  'people:write',
  'roles:read',
  'roles:write',
  'tokens:read',
  'tokens:write',
  'secrets:read',
  'secrets:write',
  'certificates:read',
  'certificates:issue',
  'certificates:write',
  'trail:read',
  'trail:export',
  'trail:erase',
  'backup:write',
  'system:read',
  'system:write',
] as const
export type Permission = (typeof PERMISSIONS)[number]

/** What no machine token holds, whoever made it: one that was stolen would let somebody in, or make a right last, and go on as a person when it is revoked. */
export const PEOPLE_ONLY: ReadonlySet<Permission> = new Set(['people:write', 'roles:write'])

/** Permissions of a role, and how far they reach: `own` is the APIs whose owner is one of the person's teams, with their versions, consumers' use and patches. */
export interface Role {
  readonly name: string
  readonly says: string
  readonly reach: 'all' | 'own'
  readonly permissions: readonly Permission[]
}

const reads = PERMISSIONS.filter((each) => each.endsWith(':read'))
export const ROLES: readonly Role[] = [
  { name: 'owner', says: 'Everything, other owners included.', reach: 'all', permissions: PERMISSIONS },
  {
    name: 'administrator',
    says: 'Everything but erasing from the trail.',
    reach: 'all',
    permissions: PERMISSIONS.filter((each) => each !== 'trail:erase'),
  },
  {
    name: 'api-owner',
    says: 'Their own APIs: change, publish, patch, approve; see who calls them.',
    reach: 'own',
    permissions: ['apis:read', 'apis:write', 'apis:publish', 'apis:approve', 'apis:patch', 'usage:read', 'teams:read'],
  },
  { name: 'auditor', says: 'Sees everything, changes nothing, takes the trail away as evidence.', reach: 'all', permissions: [...reads, 'trail:export'] },
  {
    name: 'viewer',
    says: 'Sees APIs, consumers and use.',
    reach: 'all',
    permissions: ['apis:read', 'catalog:read', 'consumers:read', 'teams:read', 'usage:read', 'system:read'],
  },
]
