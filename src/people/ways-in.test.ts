// Ways in: there is always an active owner who can sign in, whatever is tried.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ADMIN, granted, live, type Member, member, PASSWORD, type PeopleRoom, peopleRoom, VISIT } from '../../test/support/people-room.ts'
import { isAdminTokenOn, switchAdminToken } from './admin-token-switch.ts'
import { PASSKEYS, PASSKEYS_OF_PERSON, PASSWORDS } from './factors.ts'
import { removePasskey } from './passkeys.ts'
import { redeemLink } from './passwords.ts'
import { bootstrapOwner, changePerson, erasePerson, invitePerson, issueRecovery, reinstatePerson, suspendPerson } from './people.ts'
import { PEOPLE } from './person.ts'
import { isRefused } from './refusal.ts'
import { digestOf } from './secret-text.ts'
import { putProvider, removeProvider } from './sso-provider.ts'
import { accountKey, SSO_ACCOUNTS, SSO_OF_PERSON } from './sso-records.ts'
import { isOwnerLeft } from './ways-in.ts'

const act = <T>(room: PeopleRoom, work: Parameters<typeof room.means.store.write<T>>[0]): Promise<T> => room.means.store.write(work)
const isLeft = (room: PeopleRoom): Promise<boolean> => room.means.store.read((reading) => isOwnerLeft(reading))
const LAST = { refused: 'last-owner' }
let made = 0
const input = (roles: readonly string[] = ['owner']) => ({ name: 'Grace Example', mail: `grace${made++}@example.org`, roles, teams: [] })
const invited = async (room: PeopleRoom, roles?: readonly string[]) =>
  granted(await act(room, (writing) => invitePerson(writing, room.at(), ADMIN, input(roles))))

/** An owner who has one thing to sign in with, and no other. */
const only = {
  async passkey(room: PeopleRoom): Promise<Member> {
    const owner = await member(room, ['owner'])
    const [id, digest] = [owner.person.id, digestOf(`passkey of ${owner.person.id}`)]
    await act(room, async (writing) => {
      const more = { credentialId: 'AA', publicKey: 'AA', signCount: 0, transports: [], isBackedUp: false, createdAtMs: 0, name: 'key' }
      writing.put(PASSKEYS, digest, { personId: id, ...more })
      writing.put(PASSKEYS_OF_PERSON, `${id}/${digest}`, true)
      writing.remove(PASSWORDS, id)
    })
    return owner
  },
  async provider(room: PeopleRoom): Promise<Member> {
    const owner = await member(room, ['owner'])
    await knowProvider(room, ISSUER)
    await act(room, async (writing) => {
      const key = accountKey(ISSUER, owner.person.id)
      writing.put(SSO_ACCOUNTS, key, { personId: owner.person.id, provider: 'main', boundAtMs: 0 })
      writing.put(SSO_OF_PERSON, `${owner.person.id}/${key}`, { provider: 'main', issuer: ISSUER })
      writing.remove(PASSWORDS, owner.person.id)
    })
    return owner
  },
}
const ISSUER = 'https://login.example'
const knowProvider = (room: PeopleRoom, issuer: string) =>
  act(room, (writing) =>
    putProvider(writing, room.means.envelope, ADMIN, { name: 'main', says: 'Main', issuer, clientId: 'g', clientSecret: 's', provesSecondFactor: true }),
  )

describe('who could not sign in', () => {
  it('is no owner to rely on: invited, then suspended and reinstated, they are invited again', async () => {
    const room = peopleRoom()
    const { person } = await member(room, ['owner'])
    const eve = await invited(room)
    granted(await act(room, (writing) => suspendPerson(writing, ADMIN, eve.person.id)))
    assert.equal(granted(await act(room, (writing) => reinstatePerson(writing, ADMIN, eve.person.id))).state, 'invited')
    assert.deepEqual(await act(room, (writing) => suspendPerson(writing, ADMIN, person.id)), LAST)
    const { link } = granted(await act(room, (writing) => issueRecovery(writing, room.at(), ADMIN, eve.person.id, [])))
    granted(await redeemLink(room.means, { secret: link.secret, password: PASSWORD, visit: VISIT }))
    granted(await act(room, (writing) => suspendPerson(writing, ADMIN, person.id)))
  })

  it('is no owner to rely on: come by a link without a password, and gone before the passkey', async () => {
    const room = peopleRoom()
    const { person } = await member(room, ['owner'])
    const { link } = await invited(room)
    assert.equal(granted(await redeemLink(room.means, { secret: link.secret, visit: VISIT })).outcome, 'enrol')
    for (const lose of [suspendPerson, erasePerson]) assert.deepEqual(await act(room, (writing) => lose(writing, ADMIN, person.id)), LAST)
    assert.deepEqual(await act(room, (writing) => changePerson(writing, ADMIN, person.id, { roles: [] })), LAST)
  })

  it('is no owner to rely on: a password that wrong codes have burnt; and burning it does not bring the admin token back', async () => {
    const room = peopleRoom()
    const { person } = await member(room, ['owner'])
    const spare = await member(room, ['owner'])
    const burn = (id: string) => act(room, async (writing) => writing.put(PASSWORDS, id, { ...(await writing.get(PASSWORDS, id))!, isBurnt: true }))
    await burn(spare.person.id)
    assert.deepEqual(await act(room, (writing) => suspendPerson(writing, ADMIN, person.id)), LAST)
    await act(room, async (writing) => switchAdminToken(writing, room.at().nowMs, false))
    await burn(person.id)
    assert.equal(await isLeft(room), false)
    assert.equal(await room.means.store.read(isAdminTokenOn), false)
    assert.deepEqual(await act(room, (writing) => bootstrapOwner(writing, room.at(), input())), { refused: 'owner-exists' })
  })
})

describe('the last owner', () => {
  it('keeps the passkey that they come in with, and so does everybody', async () => {
    for (const policy of ['nobody', 'writers'] as const) {
      const room = peopleRoom({ policy: { secondFactor: policy } })
      const { person, secret } = await only.passkey(room)
      await act(room, async (writing) => writing.put(SSO_OF_PERSON, `${person.id}/x`, { provider: 'gone', issuer: ISSUER }))
      const session = await live(room, secret)
      const remove = () => act(room, (writing) => removePasskey(writing, room.means, session, digestOf(`passkey of ${person.id}`)))
      assert.deepEqual(await remove(), { refused: 'last-way-in' }, policy)
      await act(room, async (writing) => writing.put(PASSWORDS, person.id, { hash: 'x', changedAtMs: 0 }))
      assert.deepEqual(await remove(), { removed: true }, policy)
    }
  })
  it('keeps the provider that they come through, under its issuer', async () => {
    const room = peopleRoom()
    await only.provider(room)
    assert.equal(await isLeft(room), true)
    assert.deepEqual(await act(room, (writing) => removeProvider(writing, ADMIN, 'main')), LAST)
    assert.deepEqual(await knowProvider(room, 'https://evil.example'), LAST)
    granted(await knowProvider(room, ISSUER))
    await member(room, ['owner'])
    granted(await act(room, (writing) => removeProvider(writing, ADMIN, 'main')))
  })
  it('who recovers everything sets a password, and who is not the last need not', async () => {
    const room = peopleRoom()
    const { person } = await member(room, ['owner'])
    const recovery = async () => granted(await act(room, (writing) => issueRecovery(writing, room.at(), ADMIN, person.id, ['password', 'second-factor'])))
    const first = await recovery()
    assert.deepEqual(await redeemLink(room.means, { secret: first.link.secret, visit: VISIT }), { refused: 'password-needed' })
    granted(await redeemLink(room.means, { secret: first.link.secret, password: PASSWORD, visit: VISIT }))
    await member(room, ['owner'])
    granted(await redeemLink(room.means, { secret: (await recovery()).link.secret, visit: VISIT }))
  })

  it('stays, whatever is asked for in whatever order', async () => {
    const whom = fc.nat(5)
    const asked = fc.oneof(
      fc.record({ kind: fc.constantFrom('invite', 'bootstrap', 'suspend', 'reinstate', 'erase', 'provider', 'issuer'), whom }),
      fc.record({ kind: fc.constant('roles'), whom, roles: fc.constantFrom(['owner'], ['viewer'], []) }),
      fc.record({ kind: fc.constant('come'), whom, hasPassword: fc.boolean() }),
      fc.record({ kind: fc.constant('recover'), whom, hasPassword: fc.boolean() }),
    )
    let refusals = 0
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('provider', 'passkey'), fc.array(asked, { maxLength: 25 }), async (first, all) => {
        const room = peopleRoom()
        await only[first as 'provider'](room)
        const links = new Map<string, string>()
        for (const one of all) {
          const people = (await room.means.store.read((reading) => reading.scan(PEOPLE, { limit: 100 }))).map(({ value }) => value)
          const { id } = people[one.whom % people.length]!
          const outcome = await act<unknown>(room, async (writing) => {
            switch (one.kind) {
              case 'invite': {
                const made = granted(await invitePerson(writing, room.at(), ADMIN, input(one.whom % 2 ? ['owner'] : ['viewer'])))
                return links.set(made.person.id, made.link.secret)
              }
              case 'bootstrap':
                return bootstrapOwner(writing, room.at(), input())
              case 'suspend':
                return suspendPerson(writing, ADMIN, id)
              case 'reinstate':
                return reinstatePerson(writing, ADMIN, id)
              case 'erase':
                return erasePerson(writing, ADMIN, id)
              case 'provider':
                return removeProvider(writing, ADMIN, 'main')
              case 'issuer':
                return putProvider(writing, room.means.envelope, ADMIN, {
                  ...{ name: 'main', says: 'Main', issuer: 'https://other.example', clientId: 'g', clientSecret: 's', provesSecondFactor: true },
                })
              case 'roles':
                return changePerson(writing, ADMIN, id, { roles: (one as unknown as { roles: readonly string[] }).roles })
              case 'recover': {
                const issued = await issueRecovery(writing, room.at(), ADMIN, id, ['password', 'second-factor'])
                return isRefused(issued) ? issued : links.set(id, issued.link.secret)
              }
              default:
                return undefined
            }
          })
          if (one.kind === 'come' || one.kind === 'recover')
            await redeemLink(room.means, { secret: links.get(id) ?? '', ...('hasPassword' in one && one.hasPassword && { password: PASSWORD }), visit: VISIT })
          if (isRefused(outcome) && outcome.refused === 'last-owner') refusals++
          assert.ok(await isLeft(room), `after ${JSON.stringify(one)}`)
        }
      }),
      { numRuns: 150 },
    )
    assert.ok(refusals > 20, `the last owner was in danger ${refusals} times`)
  })
})
