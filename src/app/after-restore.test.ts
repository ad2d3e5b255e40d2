// After a restore nothing opens that did not open before it: keys, tokens, people, and personal fields that were erased.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testEnvelope } from '../../test/support/envelope.ts'
import { MemoryStore } from '../adapters/memory/store.ts'
import { exportStore, importStore } from '../adapters/store-archive.ts'
import { randomSecret } from '../base/ids.ts'
import { createConsumer, removeConsumer } from '../directory/consumers.ts'
import { KeyDigests } from '../directory/key-digests.ts'
import { createKey, expireKey, getKey, isValid, type MadeKey, revokeKey } from '../directory/keys.ts'
import { isRefused, NO_FILE, revokedKeys } from '../directory/records.ts'
import { isAdminTokenOff, switchAdminToken } from '../people/admin-token-switch.ts'
import { PASSKEYS, PASSKEYS_OF_PERSON, PASSWORDS, TOTPS } from '../people/factors.ts'
import { CUSTOM_ROLES, EVERYTHING } from '../people/grants.ts'
import { issueLink, LINKS } from '../people/links.ts'
import { mintToken, revokeToken, TOKENS } from '../people/machine-tokens.ts'
import { forgetPerson } from '../people/people.ts'
import { getPerson, type Person, putPerson } from '../people/person.ts'
import { PROVIDERS } from '../people/sso-records.ts'
import type { Envelope } from '../ports/envelope.ts'
import type { Store } from '../ports/store.ts'
import { checkUnder, keyChecks, ONLY } from '../secrets/key-records.ts'
import { OPENINGS, openingKey, readEntry, readHead } from '../trail/records.ts'
import { Trail } from '../trail/trail.ts'
import { keepEnded, openAgain } from './after-restore.ts'

const NOW_MS = Date.UTC(2026, 10, 24)
const LATER_MS = NOW_MS + 3_600_000
const ACT = { by: 'system', nowMs: NOW_MS }
const AT = { nowMs: NOW_MS, random: randomSecret }
const digests = new KeyDigests(new Uint8Array(32).fill(7))
const [ALICE, BOB] = [
  { kind: 'person', id: 'person_alice000000000000000' },
  { kind: 'person', id: 'person_bob00000000000000000' },
] as const

const copyOf = async (store: Store): Promise<MemoryStore> => {
  const lines = await store.read((reading) => Array.fromAsync(exportStore(reading)))
  const copy = new MemoryStore()
  await importStore(copy, async function* () {
    yield* lines
  })
  return copy
}
const made = (outcome: object): MadeKey => {
  if (isRefused(outcome)) throw new Error(outcome.says)
  return outcome as MadeKey
}
function openTrail(envelope: Envelope): Trail {
  return new Trail(envelope, async () => {})
}

/** A store with keys, people and a trail, as it was when the back-up was made. */
async function house() {
  const [store, envelope] = [new MemoryStore(), testEnvelope()]
  const trail = openTrail(envelope)
  const keys = await store.write(async (writing) => {
    writing.put(keyChecks, ONLY, checkUnder(envelope))
    for (const name of ['shop', 'gone']) await createConsumer(writing, ACT, NO_FILE, name, { title: name, subscriptions: {} })
    const key = async (consumer: string) => made(await createKey(writing, { digests }, ACT, NO_FILE, consumer)).key.id
    return { good: await key('shop'), revoked: await key('shop'), shortened: await key('shop'), forgotten: await key('gone') }
  })
  await store.write(async (writing) => {
    for (const { id } of [ALICE, BOB]) {
      const person: Person = { id, name: id, mail: `${id}@example.org`, roles: ['owner', 'house'], teams: ['reds'], state: 'active', createdAtMs: 1, epoch: 3 }
      putPerson(writing, person)
      writing.put(PASSWORDS, id, { hash: 'of the back-up', changedAtMs: 1 })
      writing.put(TOTPS, id, { sealedSeed: 'seed', confirmedAtMs: 1, lastStep: 1, recovery: ['a', 'b'], wrongCodes: 0 })
      writing.put(PASSKEYS, `of-${id}`, { personId: id } as never)
      writing.put(PASSKEYS_OF_PERSON, `${id}/of-${id}`, true)
      await issueLink(writing, AT, person, ALICE, ['password'])
    }
    writing.put(CUSTOM_ROLES, 'house', { name: 'house', says: 'x', reach: 'all', permissions: ['keys:read', 'keys:write'] })
    writing.put(PROVIDERS, 'old', { name: 'old' } as never)
    await trail.append(writing, { act: 'session.sign-in', actor: ALICE, outcome: 'done', personal: { name: 'Alice', address: '192.0.2.1' } }, NOW_MS)
  })
  const holder = { actor: ALICE, permissions: EVERYTHING, ownTeams: [], recentAuth: true }
  const mint = async (name: string) => {
    const minted = await store.write((writing) =>
      mintToken(writing, AT, new Uint8Array(32), holder, { name, permissions: ['keys:read'], expiresAtMs: NOW_MS + 86_400_000 }),
    )
    if ('refused' in minted) throw new Error(minted.refused)
    return minted.token.id
  }
  return { store, envelope, trail, keys, tokens: { good: await mint('good'), revoked: await mint('revoked') } }
}

test('what was revoked, shortened or forgotten since the back-up does not open again, and what was not does', async () => {
  const { store, trail, keys, tokens } = await house()
  const restored = await copyOf(store)
  await store.write(async (writing) => {
    const act = { by: 'person_x', nowMs: LATER_MS }
    await revokeKey(writing, act, keys.revoked, 'found in a paste')
    await expireKey(writing, act, keys.shortened, NOW_MS + 60_000)
    await removeConsumer(writing, act, NO_FILE, 'gone')
    writing.put(revokedKeys, 'tag-of-a-key-in-a-file', { atMs: 1, by: 'x', why: 'leaked' })
    await revokeToken(writing, LATER_MS, tokens.revoked)
  })
  const ended = await keepEnded(restored, trail, store, LATER_MS)
  assert.deepEqual([ended?.keys, ended?.tokens], [3, 1])
  await restored.read(async (reading) => {
    for (const [name, id] of Object.entries(keys)) assert.equal(isValid((await getKey(reading, id))!, LATER_MS), name === 'good', name)
    assert.deepEqual((await getKey(reading, keys.revoked))?.revoked, { atMs: LATER_MS, by: 'person_x', why: 'found in a paste' })
    assert.ok(await reading.get(revokedKeys, 'tag-of-a-key-in-a-file'))
    assert.equal((await reading.get(TOKENS, tokens.good))?.revokedAtMs, undefined)
    assert.equal((await reading.get(TOKENS, tokens.revoked))?.revokedAtMs, LATER_MS)
  })
})

test('people have the rights that both say, and prove who they are as they did last; links, devices and used codes are void', async () => {
  const { store, trail } = await house()
  const restored = await copyOf(store)
  await store.write(async (writing) => {
    const alice = (await getPerson(writing, ALICE.id))!
    putPerson(writing, { ...alice, roles: ['owner', 'viewer'], teams: ['blues'], epoch: 9 }, alice)
    writing.put(PASSWORDS, ALICE.id, { hash: 'of today', changedAtMs: 2 })
    writing.put(TOTPS, ALICE.id, { ...(await writing.get(TOTPS, ALICE.id))!, recovery: ['b'], lastStep: 7 })
    writing.remove(PASSKEYS, `of-${ALICE.id}`)
    writing.remove(PASSKEYS_OF_PERSON, `${ALICE.id}/of-${ALICE.id}`)
    await forgetPerson(writing, (await getPerson(writing, BOB.id))!)
    writing.put(CUSTOM_ROLES, 'house', { name: 'house', says: 'x', reach: 'all', permissions: ['keys:read'] })
    writing.remove(PROVIDERS, 'old')
    switchAdminToken(writing, LATER_MS, false)
  })
  assert.equal((await keepEnded(restored, trail, store, LATER_MS))?.people, 2)
  await restored.read(async (reading) => {
    const alice = (await getPerson(reading, ALICE.id))!
    assert.deepEqual([alice.roles, alice.teams, alice.state, alice.epoch], [['owner'], [], 'active', 10])
    assert.equal((await reading.get(PASSWORDS, ALICE.id))?.hash, 'of today')
    const totp = await reading.get(TOTPS, ALICE.id)
    assert.deepEqual([totp?.recovery, totp?.lastStep], [['b'], 7])
    assert.equal(await reading.get(PASSKEYS, `of-${ALICE.id}`), undefined)
    const bob = (await getPerson(reading, BOB.id))!
    assert.deepEqual([bob.state, bob.mail, await reading.get(PASSWORDS, BOB.id)], ['erased', '', undefined])
    assert.deepEqual((await reading.get(CUSTOM_ROLES, 'house'))?.permissions, ['keys:read'])
    assert.equal(await reading.get(PROVIDERS, 'old'), undefined)
    assert.equal(await isAdminTokenOff(reading), true)
    assert.deepEqual(await reading.scan(LINKS, { limit: 9 }), [])
  })
})

test('a seed under another envelope key is no second factor here, and the password alone does not take its place', async () => {
  const { store, trail } = await house()
  const restored = await copyOf(store)
  await store.write(async (writing) => {
    writing.put(keyChecks, ONLY, checkUnder(testEnvelope()))
    writing.put(TOTPS, ALICE.id, { ...(await writing.get(TOTPS, ALICE.id))!, sealedSeed: 'under another key', recovery: ['b'] })
    writing.put(TOTPS, BOB.id, { ...(await writing.get(TOTPS, BOB.id))!, sealedSeed: 'another seed', confirmedAtMs: 2 })
  })
  await keepEnded(restored, trail, store, LATER_MS)
  await restored.read(async (reading) => {
    const alice = await reading.get(TOTPS, ALICE.id)
    assert.deepEqual([alice?.sealedSeed, alice?.recovery], ['seed', ['b']])
    assert.deepEqual([await reading.get(TOTPS, BOB.id), await reading.get(PASSWORDS, BOB.id)], [undefined, undefined])
  })
})

test('a field that two people had erased since the back-up is erased again, and the trail says so', async () => {
  const { store, trail } = await house()
  const restored = await copyOf(store)
  const erasure = { fields: [{ index: 1, name: 'name' }], requestedBy: ALICE, approvedBy: BOB, reason: 'request 7' }
  await store.write((writing) => trail.erase(writing, erasure, LATER_MS))
  assert.equal((await keepEnded(restored, trail, store, LATER_MS))?.fields, 1)
  await restored.read(async (reading) => {
    assert.equal(await reading.get(OPENINGS, openingKey(1, 'name')), undefined)
    assert.ok(await reading.get(OPENINGS, openingKey(1, 'address')))
    const last = await readEntry(reading, (await readHead(reading))!.size - 1)
    assert.deepEqual([last?.act, last?.actor, last?.detail?.['approvedBy']], ['trail.erase', ALICE, BOB.id])
  })
})

test('a trail that went another way since names other entries: nothing is erased by it', async () => {
  const { store, trail } = await house()
  const restored = await copyOf(store)
  await restored.write((writing) => trail.append(writing, { act: 'session.sign-in', actor: BOB, outcome: 'done', personal: { name: 'Bob' } }, LATER_MS))
  await store.write(async (writing) => {
    await trail.append(writing, { act: 'session.sign-in', actor: ALICE, outcome: 'done', personal: { name: 'Alice' } }, LATER_MS)
    await trail.erase(writing, { fields: [{ index: 2, name: 'name' }], requestedBy: ALICE, approvedBy: BOB, reason: 'request 7' }, LATER_MS)
  })
  assert.equal((await keepEnded(restored, trail, store, LATER_MS))?.fields, 0)
  assert.ok(await restored.read((reading) => reading.get(OPENINGS, openingKey(2, 'name'))))
})

test('where nothing is known of what ended, links are void all the same, and the operator is told what counts again', async () => {
  const { store, trail, tokens } = await house()
  const other = await house()
  for (const replaced of [undefined, new MemoryStore(), other.store]) {
    const restored = await copyOf(store)
    assert.equal(await keepEnded(restored, trail, replaced, LATER_MS), undefined)
    await restored.read(async (reading) => {
      assert.deepEqual(await reading.scan(LINKS, { limit: 9 }), [])
      assert.equal((await getPerson(reading, ALICE.id))?.epoch, 4)
    })
    const lines = (await openAgain(restored, LATER_MS)).join('\n')
    assert.match(lines, /after 2026-11-24T00:00:00\.000Z counts again/)
    assert.ok(lines.includes(tokens.good) && lines.includes(tokens.revoked))
  }
})
