// People, roles, providers and tokens: who runs this Gatehouse, and what they may do.

import { mintToken } from '../../../src/people/machine-tokens.ts'
import { momentOf } from '../../../src/people/means.ts'
import { CUSTOM_ROLES_MAX, putRole } from '../../../src/people/roles.ts'
import { PROVIDERS_MAX } from '../../../src/people/sso-provider.ts'
import { ADMIN, change, granted, isPerson, knowProvider, meansOf, ownerThroughProvider } from '../people-scenes.ts'
import { EVERY_PERSON, type Scenarios } from '../scenario.ts'
import type { Asker, PersonName, World } from '../world.ts'

const READERS = 'owner administrator auditor admin token'
const WRITERS = 'owner administrator admin'
const ANY = { 'if-match': '*' }
const MAIL = 'someone@example.org'

const at = (world: World, name: PersonName, more = '') => `/people/${world.personId(name)}${more}`
const guarded = (path: string, body?: object) => ({ path, headers: ANY, ...(body && { body }) })
/** A role that holds `people:write` and `roles:write` and little else: whoever has it holds less than an owner. */
async function clerk(world: World): Promise<void> {
  const role = { name: 'clerk', says: 'Helps people.', reach: 'all', permissions: ['people:read', 'people:write', 'roles:read', 'roles:write'] }
  await world.store.write(async (writing) => granted(await putRole(writing, ADMIN, role)))
  await change(world, 'nobody', { roles: ['clerk'] })
}
const role = { says: 'Reads APIs.', reach: 'all', permissions: ['apis:read'] }
const putReader = (world: World, name = 'reader', permissions: string[] = ['apis:read']) =>
  world.store.write(async (writing) => granted(await putRole(writing, ADMIN, { ...role, name, permissions })))
const provider = { says: 'Main', issuer: 'https://login.example', clientId: 'gatehouse', provesSecondFactor: true, clientSecret: 'a-secret' }
const inADay = (world: World): string => new Date(world.plane.nowMs() + 86_400_000).toISOString()
async function tokenOf(world: World, asker: Asker, name = 'ci'): Promise<string> {
  const means = meansOf(world)
  const id = world.personId(isPerson(asker) ? asker : 'viewer')
  const holder = { ...ADMIN, actor: { kind: 'person', id }, recentAuth: true } as const
  const input = { name, permissions: ['apis:read'], expiresAtMs: world.plane.nowMs() + 1000 }
  return (await world.store.write(async (writing) => granted(await mintToken(writing, momentOf(means), means.key, holder, input)))).token.id
}
const token = (world: World, more: object = {}) => ({ path: '/tokens', body: { name: 'ci', permissions: ['apis:read'], expires: inADay(world), ...more } })

export const people: Scenarios = {
  listPeople: { may: READERS, good: () => ({ path: '/people' }), refusals: {} },
  getPerson: { may: READERS, good: (world) => ({ path: at(world, 'viewer') }), refusals: {} },
  invitePerson: {
    may: WRITERS,
    good: () => ({ path: '/people', body: { name: 'Someone', mail: MAIL, roles: ['viewer'], teams: ['reds'] } }),
    refusals: {
      'mail-taken': () => ({ path: '/people', body: { name: 'Someone', mail: 'VIEWER@example.org', roles: [], teams: [] } }),
      'unknown-role': () => ({ path: '/people', body: { name: 'Someone', mail: MAIL, roles: ['none'], teams: [] } }),
      'more-than-you-hold': () => ({ path: '/people', body: { name: 'Someone', mail: MAIL, roles: ['owner'], teams: [] }, asker: 'administrator' }),
    },
  },
  changePerson: {
    may: WRITERS,
    good: (world) => guarded(at(world, 'viewer'), { name: 'Other', roles: ['auditor'] }),
    refusals: {
      'mail-taken': (world) => guarded(at(world, 'viewer'), { mail: 'ada@example.org' }),
      'unknown-role': (world) => guarded(at(world, 'viewer'), { roles: ['none'] }),
      'more-than-you-hold': (world) => ({ ...guarded(at(world, 'viewer'), { roles: ['owner'] }), asker: 'administrator' }),
      'last-owner': (world) => guarded(at(world, 'owner'), { roles: ['administrator'] }),
      'roles-from-provider': async (world) => {
        await knowProvider(world, 'https://login.example', 'a-secret')
        await change(world, 'viewer', { rolesFrom: 'main' })
        return guarded(at(world, 'viewer'), { roles: ['auditor'] })
      },
    },
  },
  suspendPerson: {
    may: WRITERS,
    good: (world) => guarded(at(world, 'viewer', '/suspension')),
    refusals: {
      'last-owner': (world) => guarded(at(world, 'owner', '/suspension')),
      'more-than-you-hold': (world) => ({ ...guarded(at(world, 'owner', '/suspension')), asker: 'administrator' }),
    },
  },
  reinstatePerson: {
    may: WRITERS,
    async good(world, asker) {
      if (asker !== 'viewer') await change(world, 'viewer', { state: 'suspended' })
      return guarded(at(world, 'viewer', '/reinstatement'))
    },
    refusals: {
      'not-suspended': (world) => guarded(at(world, 'viewer', '/reinstatement')),
      'more-than-you-hold': (world) => ({ ...guarded(at(world, 'owner', '/reinstatement')), asker: 'administrator' }),
    },
  },
  erasePerson: {
    may: WRITERS,
    good: (world) => guarded(at(world, 'viewer')),
    refusals: {
      'last-owner': (world) => guarded(at(world, 'owner')),
      'more-than-you-hold': (world) => ({ ...guarded(at(world, 'owner')), asker: 'administrator' }),
    },
  },
  issueRecoveryLink: {
    may: WRITERS,
    good: (world) => ({ path: at(world, 'viewer', '/links'), body: { resets: ['password'] } }),
    refusals: {
      suspended: async (world) => {
        await change(world, 'viewer', { state: 'suspended' })
        return { path: at(world, 'viewer', '/links'), body: { resets: ['password'] } }
      },
      'nothing-to-reset': (world) => ({ path: at(world, 'viewer', '/links'), body: { resets: [] } }),
      'more-than-you-hold': (world) => ({ path: at(world, 'owner', '/links'), body: { resets: ['password'] }, asker: 'administrator' }),
    },
  },
  bootstrapOwner: {
    may: 'admin',
    async good(world, asker) {
      if (asker === 'admin') await change(world, 'owner', { state: 'suspended' })
      return { path: '/owner', body: { name: 'First', mail: MAIL } }
    },
    refusals: {
      'mail-taken': async (world) => {
        await change(world, 'owner', { state: 'suspended' })
        return { path: '/owner', body: { name: 'First', mail: 'viewer@example.org' }, asker: 'admin' }
      },
      'owner-exists': () => ({ path: '/owner', body: { name: 'First', mail: MAIL }, asker: 'admin' }),
    },
  },
  getAdminToken: { may: READERS, good: () => ({ path: '/bootstrap-token' }), refusals: {} },
  setAdminToken: { may: 'owner', good: () => guarded('/bootstrap-token', { enabled: false }), refusals: {} },

  listRoles: { may: READERS, good: () => ({ path: '/roles' }), refusals: {} },
  getRole: { may: READERS, good: () => ({ path: '/roles/viewer' }), refusals: {} },
  putRole: {
    may: WRITERS,
    good: () => guarded('/roles/reader', role),
    refusals: {
      'built-in': () => guarded('/roles/viewer', role),
      'too-many-roles': async (world) => {
        for (let i = 0; i < CUSTOM_ROLES_MAX; i++) await putReader(world, `reader-${i}`)
        return guarded('/roles/reader', role)
      },
      'no-own-reach': () => guarded('/roles/reader', { ...role, reach: 'own', permissions: ['people:read'] }),
      'more-than-you-hold': () => ({ ...guarded('/roles/reader', { ...role, permissions: ['trail:erase'] }), asker: 'administrator' }),
    },
  },
  removeRole: {
    may: WRITERS,
    async good(world) {
      await putReader(world)
      return guarded('/roles/reader')
    },
    refusals: {
      'built-in': () => guarded('/roles/viewer'),
      'in-use': async (world) => {
        await clerk(world)
        return guarded('/roles/clerk')
      },
      'more-than-you-hold': async (world) => {
        await putReader(world, 'eraser', ['trail:erase'])
        return { ...guarded('/roles/eraser'), asker: 'administrator' }
      },
    },
  },

  listProviders: { may: READERS, good: () => ({ path: '/providers' }), refusals: {} },
  getProvider: {
    may: READERS,
    async good(world) {
      await knowProvider(world, 'https://login.example', 'a-secret')
      return { path: '/providers/main' }
    },
    refusals: {},
  },
  putProvider: {
    may: 'owner admin',
    good: () => guarded('/providers/main', { ...provider, mapping: { claim: 'groups', rules: [{ value: 'staff', roles: ['viewer'], teams: ['reds'] }] } }),
    refusals: {
      'owners-only': () => ({ ...guarded('/providers/main', provider), asker: 'administrator' }),
      'last-owner': async (world) => {
        await ownerThroughProvider(world)
        return guarded('/providers/main', { ...provider, issuer: 'https://other.example' })
      },
      'too-many-providers': async (world) => {
        for (let i = 0; i < PROVIDERS_MAX; i++) await world.as('owner', 'PUT', `/providers/p${i}`, { body: provider, headers: ANY })
        return guarded('/providers/main', provider)
      },
      'issuer-not-https': () => guarded('/providers/main', { ...provider, issuer: 'http://login.example' }),
      'secret-needed': () => guarded('/providers/main', { ...provider, clientSecret: undefined }),
      'unknown-role': () => guarded('/providers/main', { ...provider, mapping: { claim: 'groups', rules: [{ value: 'a', roles: ['none'], teams: [] }] } }),
      'owner-not-by-claim': () =>
        guarded('/providers/main', { ...provider, mapping: { claim: 'groups', rules: [{ value: 'a', roles: ['owner'], teams: [] }] } }),
    },
  },
  removeProvider: {
    may: 'owner admin',
    async good(world) {
      await knowProvider(world, 'https://login.example', 'a-secret')
      return guarded('/providers/main')
    },
    refusals: {
      'owners-only': async (world) => {
        await knowProvider(world, 'https://login.example', 'a-secret')
        return { ...guarded('/providers/main'), asker: 'administrator' }
      },
      'last-owner': async (world) => {
        await ownerThroughProvider(world)
        return guarded('/providers/main')
      },
    },
  },

  mintToken: {
    may: 'owner administrator',
    good: (world) => token(world),
    refusals: {
      'people-only': (world) => ({ ...token(world), asker: 'token' }),
      'not-for-tokens': (world) => token(world, { permissions: ['apis:read', 'people:write'] }),
      'more-than-you-hold': (world) => ({ ...token(world, { permissions: ['trail:erase'] }), asker: 'administrator' }),
      'not-of-apis': (world) => token(world, { permissions: ['people:read'], apis: ['apples'] }),
      'bad-expiry': (world) => token(world, { expires: new Date(world.plane.nowMs() + 400 * 86_400_000).toISOString() }),
      'too-many-tokens': async (world) => {
        for (let i = 0; i < 99; i++) await tokenOf(world, 'owner', `ci ${i}`)
        return token(world)
      },
    },
  },
  listTokens: { may: READERS, good: () => ({ path: '/tokens' }), refusals: {} },
  listOwnTokens: { may: EVERY_PERSON, good: () => ({ path: '/own/tokens' }), refusals: {} },
  revokeToken: {
    may: `${WRITERS} token`,
    good: async (world) => ({ path: `/tokens/${await tokenOf(world, 'viewer')}` }),
    refusals: {
      'already-revoked': async (world) => {
        const path = `/tokens/${await tokenOf(world, 'viewer')}`
        await world.as('owner', 'DELETE', path)
        return { path }
      },
    },
  },
  revokeOwnToken: {
    may: EVERY_PERSON,
    good: async (world, asker) => ({ path: `/own/tokens/${await tokenOf(world, asker)}` }),
    refusals: {
      'already-revoked': async (world) => {
        const path = `/own/tokens/${await tokenOf(world, 'viewer')}`
        await world.as('viewer', 'DELETE', path)
        return { path, asker: 'viewer' }
      },
    },
  },
}
