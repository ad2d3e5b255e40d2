// Teams and consumers: made, changed, listed and removed, with every refusal.
import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { DirectoryHouse } from '../../test/support/directory-house.ts'
import { createConsumer, getConsumer, listConsumers, removeConsumer, subscribe, updateConsumer } from './consumers.ts'
import { type Contact, NO_FILE } from './records.ts'
import { createTeam, getTeam, removeTeam, updateTeam } from './teams.ts'

const team = { title: 'Shop', contacts: [{ kind: 'mail', address: 'shop@example.org' }] } as const
const consumer = { title: 'App', team: 'shop', subscriptions: {} }
let house: DirectoryHouse
beforeEach(async () => {
  house = new DirectoryHouse()
  await house.done((w) => createTeam(w, house.act, 'shop', team))
})

describe('a team', () => {
  it('is what was made, counts its changes, and keeps what a change does not name', async () => {
    assert.deepEqual(await house.read((r) => getTeam(r, 'shop')), { name: 'shop', ...team, createdMs: house.nowMs, revision: 1 })
    const contacts: Contact[] = [{ kind: 'webhook', url: 'https://hooks.example.org/x?y=1' }]
    assert.deepEqual(await house.done((w) => updateTeam(w, 'shop', { contacts })), { name: 'shop', ...team, contacts, createdMs: house.nowMs, revision: 2 })
  })

  it('stays while it answers for a consumer', async () => {
    await house.done((w) => createConsumer(w, house.act, NO_FILE, 'app', consumer))
    assert.equal(await house.code((w) => removeTeam(w, 'shop')), 'team-in-use')
    await house.done((w) => updateConsumer(w, NO_FILE, 'app', { team: null }))
    await house.done((w) => removeTeam(w, 'shop'))
    assert.equal(await house.read((r) => getTeam(r, 'shop')), undefined)
    assert.equal(await house.code((w) => removeTeam(w, 'shop')), 'unknown-team')
    assert.equal(await house.code((w) => updateTeam(w, 'shop', {})), 'unknown-team')
  })

  it('is refused when it is taken, or its texts are not what they must be', async () => {
    assert.equal(await house.code((w) => createTeam(w, house.act, 'shop', team)), 'name-taken')
    const wrong: object[] = [
      { title: 'a\nb' },
      { title: 'x'.repeat(201) },
      ...['', 'a', 'a@', 'a@b@c', 'a b@c.d', '"a"@b.c', 'a@b.c\nBcc: d@e.f', 'a@-b.c', `${'a'.repeat(65)}@b.c`].map((address) => ({
        contacts: [{ kind: 'mail', address }],
      })),
      ...['', 'x', 'ftp://a', 'https://u:p@a/', 'file:///etc/passwd', 'javascript:1'].map((url) => ({ contacts: [{ kind: 'webhook', url }] })),
      { contacts: Array.from({ length: 21 }, () => team.contacts[0]) },
    ]
    for (const fields of wrong) {
      assert.equal(await house.code((w) => createTeam(w, house.act, 'other', { ...team, ...fields })), 'invalid', JSON.stringify(fields).slice(0, 100))
      assert.equal(await house.code((w) => updateTeam(w, 'shop', fields)), 'invalid')
    }
    assert.equal(wrong.length, 18)
    for (const name of ['', 'a/b', '__proto__', 'x'.repeat(65)]) assert.equal(await house.code((w) => createTeam(w, house.act, name, team)), 'invalid', name)
  })
})

describe('a consumer', () => {
  it('is what was made, counts its changes, and is listed by name and by team', async () => {
    await house.done((w) => createTeam(w, house.act, 'bank', team))
    for (const [name, of] of [
      ['a', 'shop'],
      ['b', 'bank'],
      ['c', 'shop'],
    ] as const)
      await house.done((w) => createConsumer(w, house.act, NO_FILE, name, { ...consumer, team: of }))
    assert.deepEqual(await house.read((r) => getConsumer(r, 'a')), { name: 'a', ...consumer, createdMs: house.nowMs, createdBy: 'person_1', revision: 1 })
    const names = async (team?: string, after?: string) =>
      (await house.read((r) => listConsumers(r, { limit: 2, ...(after !== undefined && { after }) }, team))).items.map(({ name }) => name)
    assert.deepEqual([await names(), await names(undefined, 'b'), await names('shop'), await names('shop', 'a')], [['a', 'b'], ['c'], ['a', 'c'], ['c']])
    await house.done((w) => updateConsumer(w, NO_FILE, 'a', { team: 'bank', title: 'A' }))
    assert.deepEqual([await names('shop'), await names('bank')], [['c'], ['a', 'b']])
    assert.equal((await house.read((r) => getConsumer(r, 'a')))?.revision, 2)
    await house.done((w) => removeConsumer(w, house.act, NO_FILE, 'a'))
    assert.deepEqual([await names('bank'), await house.read((r) => getConsumer(r, 'a'))], [['b'], undefined])
  })

  it('is refused when taken, unknown, without its team, or with texts that are not what they must be', async () => {
    await house.done((w) => createConsumer(w, house.act, NO_FILE, 'app', consumer))
    assert.equal(await house.code((w) => createConsumer(w, house.act, NO_FILE, 'app', consumer)), 'name-taken')
    assert.equal(await house.code((w) => createConsumer(w, house.act, NO_FILE, 'other', { ...consumer, team: 'nobody' })), 'unknown-team')
    assert.equal(await house.code((w) => updateConsumer(w, NO_FILE, 'app', { team: 'nobody' })), 'unknown-team')
    assert.equal(await house.code((w) => updateConsumer(w, NO_FILE, 'nobody', {})), 'unknown-consumer')
    assert.equal(await house.code((w) => subscribe(w, NO_FILE, 'nobody', 'shop', null)), 'unknown-consumer')
    assert.equal(await house.code((w) => removeConsumer(w, house.act, NO_FILE, 'nobody')), 'unknown-consumer')
    const many = Object.fromEntries(Array.from({ length: 501 }, (_, i) => [`api-${i}`, { state: 'active' }]))
    const wrong: object[] = [{ 'a/b': { state: 'active' } }, { shop: { state: 'open' } }, { shop: { state: 'active', plan: '' } }, many]
    for (const subscriptions of wrong)
      assert.equal(await house.code((w) => updateConsumer(w, NO_FILE, 'app', { subscriptions: subscriptions as never })), 'invalid')
  })
})
