// Links: what one lets in to is what its issuer judged, and nothing that its person was given since.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ADMIN, granted, type Member, member, PASSWORD, type PeopleRoom, peopleRoom, VISIT } from '../../test/support/people-room.ts'
import { switchAdminToken } from './admin-token-switch.ts'
import { grantsOf, type Holder } from './grants.ts'
import { redeemLink } from './passwords.ts'
import { changePerson, erasePerson, invitePerson, issueRecovery, suspendPerson } from './people.ts'
import { getPerson, type Person } from './person.ts'
import { isRefused } from './refusal.ts'
import { putRole } from './roles.ts'
import { listSessions } from './sessions.ts'

const act = <T>(room: PeopleRoom, work: Parameters<typeof room.means.store.write<T>>[0]): Promise<T> => room.means.store.write(work)
const INPUT = { name: 'Grace Example', mail: 'grace@example.org', roles: ['viewer'], teams: [] }
const VOID = { refused: 'link-void' }
const HELPER = { name: 'helper', says: 'Helps.', reach: 'all', permissions: ['apis:read', 'usage:read'] }
const put = (room: PeopleRoom, permissions: readonly string[], reach = 'all') =>
  act(room, async (writing) => void granted(await putRole(writing, ADMIN, { ...HELPER, permissions, reach })))
const redeem = (room: PeopleRoom, secret: string) => redeemLink(room.means, { secret, password: PASSWORD, visit: VISIT })
const grantsNow = (room: PeopleRoom, { roles }: Pick<Person, 'roles'>) => room.means.store.read((reading) => grantsOf(reading, roles))
async function holderOf(room: PeopleRoom, { person }: Member): Promise<Holder> {
  return { actor: { kind: 'person', id: person.id }, permissions: await grantsNow(room, person), ownTeams: person.teams }
}

describe('a link that its issuer kept', () => {
  it('is void once its person has other roles, teams or another address', async () => {
    for (const change of [{ roles: ['owner'] }, { teams: ['team-books'] }, { mail: 'ada@example.org' }]) {
      const room = peopleRoom()
      const { link, person } = granted(await act(room, (writing) => invitePerson(writing, room.at(), ADMIN, INPUT)))
      granted(await act(room, (writing) => changePerson(writing, ADMIN, person.id, change)))
      assert.deepEqual(await redeem(room, link.secret), VOID)
    }
  })
  it('stays when only the name is another, and can be issued anew', async () => {
    const room = peopleRoom()
    const { person } = granted(await act(room, (writing) => invitePerson(writing, room.at(), ADMIN, INPUT)))
    const { link } = granted(await act(room, (writing) => issueRecovery(writing, room.at(), ADMIN, person.id, [])))
    granted(await act(room, (writing) => changePerson(writing, ADMIN, person.id, { name: 'Grace Other' })))
    granted(await redeem(room, link.secret))
  })

  it('is void once a role of its person is wider, narrower or of another reach, by invitation and by recovery', async () => {
    for (const [permissions, reach] of [
      [['apis:read', 'usage:read', 'trail:erase'], 'all'],
      [['apis:read'], 'all'],
      [[], 'all'],
      [['apis:read', 'usage:read'], 'own'],
    ] as const) {
      const room = peopleRoom()
      await put(room, HELPER.permissions)
      const invited = granted(await act(room, (writing) => invitePerson(writing, room.at(), ADMIN, { ...INPUT, roles: ['helper'] })))
      const { person } = await member(room, ['helper'], { isPlain: true })
      const recovery = granted(await act(room, (writing) => issueRecovery(writing, room.at(), ADMIN, person.id, ['password'])))
      await put(room, permissions, reach)
      for (const { link } of [invited, recovery]) assert.deepEqual(await redeem(room, link.secret), VOID, `${permissions} ${reach}`)
    }
  })
  it('stays when only the description of a role is another', async () => {
    const room = peopleRoom()
    await put(room, HELPER.permissions)
    const { link } = granted(await act(room, (writing) => invitePerson(writing, room.at(), ADMIN, { ...INPUT, roles: ['helper'] })))
    granted(await act(room, (writing) => putRole(writing, ADMIN, { ...HELPER, says: 'Helps others.', permissions: HELPER.permissions.toReversed() })))
    granted(await redeem(room, link.secret))
  })

  it('is void once its issuer is suspended, erased, or holds too little to issue it', async () => {
    for (const away of [
      (room: PeopleRoom, id: string) => act(room, (writing) => suspendPerson(writing, ADMIN, id)),
      (room: PeopleRoom, id: string) => act(room, (writing) => erasePerson(writing, ADMIN, id)),
      (room: PeopleRoom, id: string) => act(room, (writing) => changePerson(writing, ADMIN, id, { roles: ['auditor'] })),
    ]) {
      const room = peopleRoom()
      const mallory = await member(room, ['administrator'])
      const victim = await member(room, ['viewer'], { isPlain: true })
      const holder = await holderOf(room, mallory)
      const { link } = granted(await act(room, (writing) => issueRecovery(writing, room.at(), holder, victim.person.id, ['password', 'second-factor'])))
      granted(await away(room, mallory.person.id))
      assert.deepEqual(await redeem(room, link.secret), VOID)
    }
  })
  it('of the admin token is void once somebody switched the token; one that it issues later is good', async () => {
    const room = peopleRoom()
    const before = granted(await act(room, (writing) => invitePerson(writing, room.at(), ADMIN, INPUT)))
    room.clock.advanceMs(1000)
    await act(room, async (writing) => switchAdminToken(writing, room.at().nowMs, false))
    assert.deepEqual(await redeem(room, before.link.secret), VOID)
    await act(room, async (writing) => switchAdminToken(writing, room.at().nowMs, true))
    assert.deepEqual(await redeem(room, before.link.secret), VOID)
    room.clock.advanceMs(1000)
    const later = granted(await act(room, (writing) => issueRecovery(writing, room.at(), ADMIN, before.person.id, [])))
    granted(await redeem(room, later.link.secret))
  })

  it('whatever happens between, lets its bearer in to exactly what was held when it was issued, by who could issue it still', async () => {
    const roles = ['viewer', 'helper', 'auditor']
    const happening = fc.oneof(
      fc.record({ kind: fc.constant('role' as const), permissions: fc.subarray(['apis:read', 'apis:write', 'people:read', 'trail:erase']) }),
      fc.record({ kind: fc.constant('person' as const), roles: fc.subarray(roles) }),
      fc.record({ kind: fc.constant('issuer' as const), roles: fc.subarray(['administrator', 'helper', 'viewer']) }),
      fc.record({ kind: fc.constant('suspend' as const) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.subarray(roles, { minLength: 1 }), fc.array(happening, { maxLength: 4 }), async (first, happenings) => {
        const room = peopleRoom()
        await put(room, ['apis:read'])
        const issuer = await member(room, ['administrator'])
        const holder = await holderOf(room, issuer)
        const { link, person } = granted(await act(room, (writing) => invitePerson(writing, room.at(), holder, { ...INPUT, roles: first })))
        const judged = await grantsNow(room, person)
        for (const each of happenings) {
          if (each.kind === 'role') await put(room, each.permissions)
          else if (each.kind === 'suspend') await act(room, (writing) => suspendPerson(writing, ADMIN, issuer.person.id))
          else await act(room, (writing) => changePerson(writing, ADMIN, (each.kind === 'person' ? person : issuer.person).id, { roles: each.roles }))
        }
        if (isRefused(await redeem(room, link.secret))) return
        const [came, by] = await room.means.store.read(async (reading) => [
          (await getPerson(reading, person.id))!,
          (await getPerson(reading, issuer.person.id))!,
        ])
        assert.deepEqual(new Map([...(await grantsNow(room, came))].sort()), new Map([...judged].sort()))
        assert.equal(by.state, 'active')
        const held = await grantsNow(room, by)
        for (const permission of ['people:write', ...judged.keys()] as const) assert.equal(held.get(permission), 'all')
      }),
      { numRuns: 60 },
    )
  })
})

describe('a role that begins to change things', () => {
  it('signs out who could change nothing before and has shown one factor only; others go on', async () => {
    const room = peopleRoom()
    await put(room, ['apis:read'])
    const plain = await member(room, ['helper'], { isPlain: true })
    const writer = await member(room, ['helper', 'api-owner'])
    const other = await member(room, ['viewer'], { isPlain: true })
    const count = ({ person }: Member) => room.means.store.read(async (reading) => (await listSessions(reading, person.id)).length)
    const before = await Promise.all([plain, writer, other].map(count))
    assert.ok(before.every((each) => each > 0))
    await put(room, ['apis:read', 'usage:read'])
    assert.deepEqual(await Promise.all([plain, writer, other].map(count)), before)
    await put(room, ['apis:read', 'apis:write'])
    assert.deepEqual(await Promise.all([plain, writer, other].map(count)), [0, before[1], before[2]])
  })
})
