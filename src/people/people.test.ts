// People, roles and tokens: nobody gives what they do not hold, an owner remains, and what is taken away is gone with the next request.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ADMIN, granted, live, member, PASSWORD, type PeopleRoom, peopleRoom, VISIT } from '../../test/support/people-room.ts'
import { PERMISSIONS, ROLES } from '../model/permissions.ts'
import { collection, everyEntry } from '../ports/store.ts'
import { grantsOf } from './grants.ts'
import { LINK_LIFE_MS } from './links.ts'
import { listTokens, mintToken, revokeToken, TOKEN_LIFE_MS_MAX, TOKEN_PREFIX, touchToken } from './machine-tokens.ts'
import { redeemLink } from './passwords.ts'
import {
  bootstrapOwner,
  changePerson,
  erasePerson,
  invitePerson,
  issueRecovery,
  type PersonInput,
  reinstatePerson,
  signOutEverywhere,
  suspendPerson,
} from './people.ts'
import { getPerson } from './person.ts'
import { isRefused } from './refusal.ts'
import { listRoles, putRole, removeRole } from './roles.ts'
import { signInWithPassword } from './sign-in.ts'
import { sweep } from './sweep.ts'
import { type Operator, who } from './who.ts'

const act = <T>(room: PeopleRoom, work: Parameters<typeof room.means.store.write<T>>[0]): Promise<T> => room.means.store.write(work)
const operator = async (room: PeopleRoom, secret: string): Promise<Operator> =>
  granted(await room.means.store.read((reading) => who(reading, room.means.key, room.at().nowMs, { session: secret })))
const INPUT = { name: 'Grace Example', mail: 'grace@example.org', roles: ['viewer'], teams: [] }

describe('the first owner', () => {
  it('is let in by the admin token as long as there is none, and by nobody after', async () => {
    const room = peopleRoom()
    const first = granted(await act(room, (writing) => bootstrapOwner(writing, room.at(), INPUT)))
    const again = granted(await act(room, (writing) => bootstrapOwner(writing, room.at(), INPUT)))
    assert.equal(again.person.id, first.person.id)
    assert.deepEqual(await redeemLink(room.means, { secret: first.link.secret, password: PASSWORD, visit: VISIT }), { refused: 'link-void' })
    const came = granted(await redeemLink(room.means, { secret: again.link.secret, password: PASSWORD, visit: VISIT }))
    assert.equal(came.outcome, 'enrol')
    assert.deepEqual(await act(room, (writing) => bootstrapOwner(writing, room.at(), { ...INPUT, mail: 'eve@example.org' })), { refused: 'owner-exists' })
  })

  it('cannot be the last one and be demoted, suspended or erased', async () => {
    const room = peopleRoom()
    const { person } = await member(room, ['owner'])
    const other = await member(room, ['owner'])
    assert.ok(!isRefused(await act(room, (writing) => suspendPerson(writing, ADMIN, other.person.id))))
    const refused = { refused: 'last-owner' }
    assert.deepEqual(await act(room, (writing) => changePerson(writing, ADMIN, person.id, { roles: ['viewer'] })), refused)
    assert.deepEqual(await act(room, (writing) => suspendPerson(writing, ADMIN, person.id)), refused)
    assert.deepEqual(await act(room, (writing) => erasePerson(writing, ADMIN, person.id)), refused)
    assert.ok(!isRefused(await act(room, (writing) => reinstatePerson(writing, ADMIN, other.person.id))))
    assert.ok(!isRefused(await act(room, (writing) => erasePerson(writing, ADMIN, person.id))))
  })

  it('two owners who demote each other at once leave one', async () => {
    const room = peopleRoom()
    const one = await member(room, ['owner'])
    const two = await member(room, ['owner'])
    const results = await Promise.all([one, two].map(({ person }) => act(room, (writing) => suspendPerson(writing, ADMIN, person.id))))
    assert.equal(results.filter(isRefused).length, 1)
  })
})

describe('what is written of a person', () => {
  it('has the form that it must have', async () => {
    const room = peopleRoom()
    const wrong: readonly (readonly [change: Partial<PersonInput>, code: string])[] = [
      [{ name: '' }, 'name-unreadable'],
      [{ name: 'a\nb' }, 'name-unreadable'],
      [{ name: 'a\u202eb' }, 'name-unreadable'],
      [{ mail: 'grace' }, 'mail-unreadable'],
      [{ mail: 'a@b\r\nBcc: eve@example.org' }, 'mail-unreadable'],
      [{ mail: '"a"@b' }, 'mail-unreadable'],
      [{ roles: ['king'] }, 'unknown-role'],
      [{ roles: ['__proto__'] }, 'unknown-role'],
      [{ teams: ['a/b'] }, 'team-unreadable'],
    ]
    for (const [change, code] of wrong)
      assert.deepEqual(await act(room, (writing) => invitePerson(writing, room.at(), ADMIN, { ...INPUT, ...change })), { refused: code })
    assert.equal(wrong.length, 9)
    assert.ok(!isRefused(await act(room, (writing) => invitePerson(writing, room.at(), ADMIN, INPUT))))
    for (const mail of ['grace@example.org', 'GRACE@Example.ORG', '\uff47race@example.org'])
      assert.deepEqual(await act(room, (writing) => invitePerson(writing, room.at(), ADMIN, { ...INPUT, mail })), { refused: 'mail-taken' })
  })

  it('is forgotten whole when erased; the pseudonym stays', async () => {
    const room = peopleRoom()
    const { person, secret } = await member(room, ['administrator'], { mail: 'secret.name@example.org' })
    const me = await freshOperator(room, secret)
    granted(
      await act(room, (writing) =>
        mintToken(writing, room.at(), room.means.key, me, {
          name: 't',
          permissions: ['apis:read'],
          expiresAtMs: room.at().nowMs + 1000,
        }),
      ),
    )
    granted(await act(room, (writing) => erasePerson(writing, ADMIN, person.id)))
    const kept = await room.means.store.read(async (reading) => {
      const all: unknown[] = []
      for (const name of await reading.collections()) for await (const entry of everyEntry(reading, collection<unknown>(name))) all.push([name, entry])
      return JSON.stringify(all)
    })
    assert.doesNotMatch(kept, /secret\.name|Ada Example|argon2|sealedSeed|192\.0\.2/)
    assert.equal((await room.means.store.read((reading) => getPerson(reading, person.id)))?.state, 'erased')
    const again = await act(room, (writing) => invitePerson(writing, room.at(), ADMIN, { ...INPUT, mail: 'secret.name@example.org' }))
    assert.notEqual(granted(again).person.id, person.id)
  })
})

/** The operator, as if they had just proved who they are. */
async function freshOperator(room: PeopleRoom, secret: string): Promise<Operator> {
  const { person } = await live(room, secret)
  const permissions = await room.means.store.read((reading) => grantsOf(reading, person.roles))
  return { actor: { kind: 'person', id: person.id }, permissions, ownTeams: person.teams, recentAuth: true }
}

describe('links', () => {
  it('are good for 72 hours and once', async () => {
    const room = peopleRoom()
    const { link } = granted(await act(room, (writing) => invitePerson(writing, room.at(), ADMIN, INPUT)))
    room.clock.advanceMs(LINK_LIFE_MS - 1)
    assert.deepEqual(await redeemLink(room.means, { secret: link.secret, password: 'gatehouse123', visit: VISIT }), { refused: 'password-too-common' })
    assert.ok(!isRefused(await redeemLink(room.means, { secret: link.secret, password: PASSWORD, visit: VISIT })))
    assert.deepEqual(await redeemLink(room.means, { secret: link.secret, password: PASSWORD, visit: VISIT }), { refused: 'link-void' })
    const later = granted(await act(room, (writing) => invitePerson(writing, room.at(), ADMIN, { ...INPUT, mail: 'late@example.org' })))
    room.clock.advanceMs(LINK_LIFE_MS)
    assert.deepEqual(await redeemLink(room.means, { secret: later.link.secret, password: PASSWORD, visit: VISIT }), { refused: 'link-void' })
  })

  it('of recovery take away what they say and ask for the rest', async () => {
    const room = peopleRoom()
    const { person, secret } = await member(room, ['administrator'])
    const both = granted(await act(room, (writing) => issueRecovery(writing, room.at(), ADMIN, person.id, ['password'])))
    assert.deepEqual(await redeemLink(room.means, { secret: both.link.secret, visit: VISIT }), { refused: 'password-needed' })
    const came = granted(await redeemLink(room.means, { secret: both.link.secret, password: 'nine orange giraffes', visit: VISIT }))
    assert.equal(came.outcome, 'second-factor')
    await assert.rejects(live(room, secret))
    const lost = granted(await act(room, (writing) => issueRecovery(writing, room.at(), ADMIN, person.id, ['second-factor'])))
    assert.deepEqual(await redeemLink(room.means, { secret: lost.link.secret, visit: VISIT }), { outcome: 'reset' })
    const signedIn = granted(await signInWithPassword(room.means, { mail: person.mail, password: 'nine orange giraffes', visit: VISIT }))
    assert.equal(signedIn.outcome, 'enrol')
  })
})

describe('escalation', () => {
  it('nobody grants a role with a permission that they do not hold', async () => {
    const room = peopleRoom()
    const holder = await freshOperator(room, (await member(room, ['administrator'])).secret)
    for (const roles of [['owner'], ['viewer', 'owner']])
      assert.deepEqual(await act(room, (writing) => invitePerson(writing, room.at(), holder, { ...INPUT, roles })), { refused: 'more-than-you-hold' })
    assert.ok(!isRefused(await act(room, (writing) => invitePerson(writing, room.at(), holder, { ...INPUT, roles: ['administrator'] }))))
  })

  it('nobody changes, suspends, erases or recovers somebody who holds more', async () => {
    const room = peopleRoom()
    const owner = await member(room, ['owner'])
    const spare = await member(room, ['owner'])
    const holder = await freshOperator(room, (await member(room, ['administrator'])).secret)
    const refused = { refused: 'more-than-you-hold' }
    for (const { person } of [owner, spare]) {
      assert.deepEqual(await act(room, (writing) => changePerson(writing, holder, person.id, { mail: 'eve@example.org' })), refused)
      assert.deepEqual(await act(room, (writing) => suspendPerson(writing, holder, person.id)), refused)
      assert.deepEqual(await act(room, (writing) => erasePerson(writing, holder, person.id)), refused)
      assert.deepEqual(await act(room, (writing) => issueRecovery(writing, room.at(), holder, person.id, ['password', 'second-factor'])), refused)
    }
  })

  it('nobody makes themselves an owner', async () => {
    const room = peopleRoom()
    await member(room, ['owner'])
    const me = await member(room, ['administrator'])
    const holder = await freshOperator(room, me.secret)
    assert.deepEqual(await act(room, (writing) => changePerson(writing, holder, me.person.id, { roles: ['owner', 'administrator'] })), {
      refused: 'more-than-you-hold',
    })
  })

  it('who reaches their own cannot grant all, nor their own to other teams, nor join another team', async () => {
    const room = peopleRoom()
    granted(
      await act(room, (writing) =>
        putRole(writing, ADMIN, { name: 'people-desk', says: 'Invites.', reach: 'all', permissions: ['people:write', 'people:read'] }),
      ),
    )
    granted(await act(room, (writing) => putRole(writing, ADMIN, { name: 'all-apis', says: 'All.', reach: 'all', permissions: ['apis:write'] })))
    const me = await member(room, ['people-desk', 'api-owner'], { teams: ['team-books'] })
    const holder = await freshOperator(room, me.secret)
    const invite = (roles: string[], teams: string[]) => act(room, (writing) => invitePerson(writing, room.at(), holder, { ...INPUT, roles, teams }))
    assert.deepEqual(await invite(['all-apis'], ['team-books']), { refused: 'more-than-you-hold' })
    assert.deepEqual(await invite(['api-owner'], ['team-books', 'team-pay']), { refused: 'more-than-you-hold' })
    assert.deepEqual(await act(room, (writing) => changePerson(writing, holder, me.person.id, { teams: ['team-books', 'team-pay'] })), {
      refused: 'more-than-you-hold',
    })
    assert.ok(!isRefused(await invite(['api-owner'], ['team-books'])))
  })

  it('roles cannot shadow those of the house, hold what does not exist, or more than their maker holds', async () => {
    const room = peopleRoom()
    const holder = await freshOperator(room, (await member(room, ['administrator'])).secret)
    const role = { name: 'mine', says: 'Mine.', reach: 'all', permissions: ['apis:read'] }
    const cases: readonly (readonly [change: Partial<typeof role>, code: string])[] = [
      ...ROLES.map(({ name }) => [{ name }, 'built-in-role'] as const),
      [{ name: 'Owner' }, 'name-unreadable'],
      [{ name: 'owner ' }, 'name-unreadable'],
      [{ permissions: ['apis:delete'] }, 'unknown-permission'],
      [{ permissions: ['*'] }, 'unknown-permission'],
      [{ reach: 'everything' }, 'unknown-reach'],
      [{ reach: 'own', permissions: ['secrets:read'] }, 'no-own-reach'],
      [{ permissions: ['trail:erase'] }, 'more-than-you-hold'],
      [{ says: '' }, 'says-unreadable'],
    ]
    for (const [change, code] of cases) assert.deepEqual(await act(room, (writing) => putRole(writing, holder, { ...role, ...change })), { refused: code })
    assert.equal(cases.length, ROLES.length + 8)
    granted(await act(room, (writing) => putRole(writing, ADMIN, { ...role, permissions: ['trail:erase'] })))
    // Neither what a role of more held is taken from it, nor is it removed.
    assert.deepEqual(await act(room, (writing) => putRole(writing, holder, role)), { refused: 'more-than-you-hold' })
    assert.deepEqual(await act(room, (writing) => removeRole(writing, holder, 'mine')), { refused: 'more-than-you-hold' })
    assert.equal((await room.means.store.read(listRoles)).length, ROLES.length + 1)
  })

  it('a role in use is not removed; one that is changed holds from the next request on', async () => {
    const room = peopleRoom()
    const role = { name: 'mine', says: 'Mine.', reach: 'all', permissions: ['apis:read', 'usage:read'] }
    granted(await act(room, (writing) => putRole(writing, ADMIN, role)))
    const { person, secret } = await member(room, ['mine'], { isPlain: true })
    assert.deepEqual(await act(room, (writing) => removeRole(writing, ADMIN, 'mine')), { refused: 'role-in-use' })
    assert.deepEqual([...(await operator(room, secret)).permissions.keys()], ['apis:read', 'usage:read'])
    granted(await act(room, (writing) => putRole(writing, ADMIN, { ...role, permissions: ['usage:read'] })))
    assert.deepEqual([...(await operator(room, secret)).permissions.keys()], ['usage:read'])
    granted(await act(room, (writing) => changePerson(writing, ADMIN, person.id, { roles: ['viewer'] })))
    granted(await act(room, (writing) => removeRole(writing, ADMIN, 'mine')))
  })
})

describe('tokens for machines', () => {
  const input = (room: PeopleRoom) => ({ name: 'ci', permissions: ['apis:read'], expiresAtMs: room.at().nowMs + 86_400_000 })
  const byBearer = (room: PeopleRoom, bearer: string) => room.means.store.read((reading) => who(reading, room.means.key, room.at().nowMs, { bearer }))

  it('are shown once, found by their tag only, and hold what they were given as long as their maker does', async () => {
    const room = peopleRoom()
    const { person, secret } = await member(room, ['administrator', 'viewer'])
    const me = await freshOperator(room, secret)
    const minted = granted(
      await act(room, (writing) => mintToken(writing, room.at(), room.means.key, me, { ...input(room), permissions: ['apis:read', 'apis:write'] })),
    )
    assert.match(minted.secret, /^gth_mgmt_[0-9A-Za-z]{38}$/)
    const found = granted(await byBearer(room, minted.secret))
    assert.deepEqual(found.actor, { kind: 'token', id: minted.token.id })
    assert.deepEqual(
      [...found.permissions],
      [
        ['apis:read', 'all'],
        ['apis:write', 'all'],
      ],
    )
    assert.equal(found.recentAuth, false)
    const kept = await room.means.store.read(async (reading) =>
      JSON.stringify([await reading.scan({ name: 'machine-token' }, { limit: 9 }), await reading.scan({ name: 'machine-token-digest' }, { limit: 9 })]),
    )
    assert.ok(!kept.includes(minted.secret.slice(TOKEN_PREFIX.length, 30)))
    granted(await act(room, (writing) => changePerson(writing, ADMIN, person.id, { roles: ['viewer'] })))
    assert.deepEqual([...granted(await byBearer(room, minted.secret)).permissions], [['apis:read', 'all']])
    granted(await act(room, (writing) => suspendPerson(writing, ADMIN, person.id)))
    assert.deepEqual(await byBearer(room, minted.secret), { refused: 'signed-out' })
  })

  it('are refused when they would hold more, live too long, or be made by a machine or a stale session', async () => {
    const room = peopleRoom()
    const me = await freshOperator(room, (await member(room, ['api-owner'], { teams: ['books'] })).secret)
    const late = room.at().nowMs + TOKEN_LIFE_MS_MAX + 1
    const cases = [
      [{ permissions: ['keys:write'] }, 'more-than-you-hold'],
      [{ permissions: ['apis:read', 'people:write'] }, 'permission-of-people'],
      [{ permissions: ['roles:write'] }, 'permission-of-people'],
      [{ permissions: [] }, 'unknown-permission'],
      [{ permissions: ['apis:read', 'x'] }, 'unknown-permission'],
      [{ expiresAtMs: late }, 'expiry-needed'],
      [{ expiresAtMs: room.at().nowMs }, 'expiry-needed'],
      [{ expiresAtMs: Number.NaN }, 'expiry-needed'],
      [{ apis: [] }, 'api-unreadable'],
      [{ apis: ['a/b'] }, 'api-unreadable'],
      [{ name: '' }, 'name-unreadable'],
    ] as const
    for (const [change, code] of cases)
      assert.deepEqual(await act(room, (writing) => mintToken(writing, room.at(), room.means.key, me, { ...input(room), ...change })), { refused: code })
    assert.equal(cases.length, 11)
    assert.deepEqual(await act(room, (writing) => mintToken(writing, room.at(), room.means.key, { ...me, recentAuth: false }, input(room))), {
      refused: 'step-up-needed',
    })
    for (const actor of [{ kind: 'token', id: 'token_x' }, ADMIN.actor] as const)
      assert.deepEqual(await act(room, (writing) => mintToken(writing, room.at(), room.means.key, { ...me, actor }, input(room))), { refused: 'people-only' })
  })

  it('are limited to APIs when they say so, with permissions that an API has', async () => {
    const room = peopleRoom()
    const me = await freshOperator(room, (await member(room, ['administrator'])).secret)
    const mint = (permissions: string[]) =>
      act(room, (writing) => mintToken(writing, room.at(), room.means.key, me, { ...input(room), permissions, apis: ['shop'] }))
    assert.deepEqual(await mint(['people:read']), { refused: 'permission-not-of-apis' })
    const found = granted(await byBearer(room, granted(await mint(['apis:write'])).secret))
    assert.deepEqual([found.apis, [...found.permissions]], [['shop'], [['apis:write', 'all']]])
    assert.deepEqual(await act(room, (writing) => invitePerson(writing, room.at(), found, INPUT)), { refused: 'more-than-you-hold' })
  })

  it('end on their day, or when they are revoked; their use is written once a minute', async () => {
    const room = peopleRoom()
    const me = await freshOperator(room, (await member(room, ['administrator'])).secret)
    const one = granted(await act(room, (writing) => mintToken(writing, room.at(), room.means.key, me, input(room))))
    const two = granted(await act(room, (writing) => mintToken(writing, room.at(), room.means.key, me, input(room))))
    assert.deepEqual(granted(await byBearer(room, one.secret)).touch, { token: one.token.id })
    await act(room, (writing) => touchToken(writing, room.at().nowMs, one.token.id))
    assert.equal(granted(await byBearer(room, one.secret)).touch, undefined)
    granted(await act(room, (writing) => revokeToken(writing, room.at().nowMs, two.token.id)))
    assert.deepEqual(await act(room, (writing) => revokeToken(writing, room.at().nowMs, two.token.id)), { refused: 'already-revoked' })
    assert.deepEqual(await byBearer(room, two.secret), { refused: 'signed-out' })
    room.clock.advanceMs(86_400_000)
    assert.deepEqual(await byBearer(room, one.secret), { refused: 'signed-out' })
    assert.equal((await room.means.store.read((reading) => listTokens(reading, me.actor.id))).length, 2)
    room.clock.advanceMs(91 * 86_400_000)
    const { removed } = await act(room, (writing) => sweep(writing, room.at().nowMs))
    assert.ok(removed >= 2)
    assert.equal((await room.means.store.read((reading) => listTokens(reading, me.actor.id))).length, 0)
  })
})

describe('who', () => {
  it('has the permissions of their roles, in a session', async () => {
    const room = peopleRoom()
    const { secret, person } = await member(room, ['owner'], { teams: ['books'] })
    const found = await operator(room, secret)
    assert.equal(found.permissions.size, PERMISSIONS.length)
    assert.deepEqual([found.actor.id, found.ownTeams, found.recentAuth], [person.id, ['books'], true])
    room.clock.advanceMs(5 * 60_000)
    assert.equal((await operator(room, secret)).recentAuth, false)
    await act(room, (writing) => signOutEverywhere(writing, person.id))
    await assert.rejects(operator(room, secret))
  })

  it('shows two credentials, or none that counts, is nobody', async () => {
    const room = peopleRoom()
    const { secret } = await member(room, ['owner'])
    const ask = (shown: Parameters<typeof who>[3]) => room.means.store.read((reading) => who(reading, room.means.key, room.at().nowMs, shown))
    assert.deepEqual(await ask({ session: secret, bearer: 'x' }), { refused: 'two-credentials' })
    const other = secret.slice(0, -1) + (secret.endsWith('A') ? 'B' : 'A')
    for (const shown of [{}, { session: '' }, { session: other }, { session: `${secret}x` }, { bearer: secret }, { bearer: '' }, { session: `${secret}\n` }])
      assert.deepEqual(await ask(shown), { refused: 'signed-out' })
  })
})
