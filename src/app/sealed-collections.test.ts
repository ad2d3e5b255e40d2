// Nothing sealed is left outside the list that a rotation of the envelope key goes by: every room has sealed something, and every record is looked at.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { LossyStore } from '../../test/support/lossy-store.ts'
import { live, member, peopleRoom } from '../../test/support/people-room.ts'
import { accountPlace, accounts, certificatePlace, certificates, nameStates, orderPlace, sealKey } from '../acme/records.ts'
import { keepAuthority, makeAuthority } from '../authority/authorities.ts'
import { publishCrl } from '../authority/crl.ts'
import { authorities } from '../authority/records.ts'
import { Secret } from '../base/secret.ts'
import { bury } from '../outbox/dead-letters.ts'
import { putMessage, waitingMessages } from '../outbox/outbox.ts'
import { TOTPS } from '../people/factors.ts'
import { EVERYTHING } from '../people/grants.ts'
import { beginTotp, sealedFor as seedPlace } from '../people/second-factor.ts'
import { findProvider, putProvider, sealedFor as secretPlace } from '../people/sso-provider.ts'
import { everyEntry } from '../ports/store.ts'
import { dataKey, readDataKey } from '../secrets/data-keys.ts'
import { KeyedEnvelope } from '../secrets/envelope.ts'
import { newEnvelopeKey } from '../secrets/envelope-key.ts'
import { checkUnder, keyChecks, ONLY } from '../secrets/key-records.ts'
import { putSecret, readSecret } from '../secrets/named-secrets.ts'
import { rotateEnvelope } from '../secrets/rotation.ts'
import { Trail } from '../trail/trail.ts'
import { Witness } from '../trail/witness.ts'
import { SEALED_COLLECTIONS } from './sealed-collections.ts'

/** The files that seal under the envelope, and nothing else does: who adds one adds its collection to the list and to this test. */
const SEALING = [
  'acme/records.ts',
  'authority/authorities.ts',
  'outbox/outbox.ts',
  'people/second-factor.ts',
  'people/sso-provider.ts',
  'secrets/data-keys.ts',
  'secrets/envelope.ts',
  'secrets/key-records.ts',
  'secrets/named-secrets.ts',
  'secrets/rotation.ts',
  'trail/trail.ts',
  'trail/witness.ts',
]

test('no other file seals than those whose collections are in the list', () => {
  const root = join(import.meta.dirname, '..')
  const found = globSync('**/*.ts', { cwd: root }).filter((file) => {
    return !file.endsWith('.test.ts') && /(?:[eE]nvelope|random\))\.seal\(/.test(readFileSync(join(root, file), 'utf8'))
  })
  assert.deepEqual(found.sort(), SEALING)
})

async function filled(envelope: KeyedEnvelope) {
  const store = new LossyStore()
  const room = peopleRoom({ store, envelope })
  await store.write(async (writing) => {
    writing.put(keyChecks, ONLY, checkUnder(envelope))
    await putSecret(writing, envelope, { name: 'smtp', value: new Secret('hunter2'), by: 'person_1', nowMs: 1 })
    await dataKey(writing, envelope, 'directory')
    for (const target of ['alive', 'dead']) await putMessage(writing, envelope, { kind: 'webhook', target, content: {}, nowMs: 1 })
    const [dead] = await writing.scan(waitingMessages, { prefix: 'webhook:dead', limit: 1 })
    await bury(writing, dead!.key, dead!.value, 'gone', 2)
    await new Trail(envelope, async () => {}).append(writing, { act: 'key.create', actor: { kind: 'system', id: 'system' }, outcome: 'done' }, 1)
    await new Witness(envelope).key(writing)
    const sealed = (place: string): string => sealKey(envelope, Uint8Array.of(1, 2, 3), place)
    writing.put(accounts, 'a1', { directory: 'https://ca.example', contact: [], sealed: sealed(accountPlace('a1')), createdMs: 1 })
    const times = { validFromMs: 1, expiresMs: 3, issuedMs: 1, renewMs: 2 }
    writing.put(certificates, 'shop.example', { directory: 'https://ca.example', chain: '', sealed: sealed(certificatePlace('shop.example')), ...times })
    const order = { url: 'https://ca.example/1', directory: 'https://ca.example', sealed: sealed(orderPlace('shop.example')), begunMs: 1 }
    writing.put(nameStates, 'shop.example', { name: 'shop.example', wantedMs: 1, nextMs: 0, failures: 0, order })
    writing.put(nameStates, 'idle.example', { name: 'idle.example', wantedMs: 1, nextMs: 0, failures: 0 })
  })
  const authority = await makeAuthority({ name: 'clients', kind: 'P-256', days: 1, serial: 'ab'.repeat(16), nowMs: 1 })
  await store.write((writing) => keepAuthority(writing, envelope, authority, { name: 'clients', by: 'system', nowMs: 1 }))
  const ada = await member(room, ['viewer'])
  const session = await live(room, ada.secret)
  await store.write(async (writing) => {
    const begun = await beginTotp(writing, room.at(), room.means, session)
    assert.ok('seed' in begun, JSON.stringify(begun))
    const holder = { actor: { kind: 'admin-token', id: 'admin-token' }, permissions: EVERYTHING, ownTeams: [] } as const
    const provider = { name: 'corp', says: 'Corp', issuer: 'https://id.example', clientId: 'gate', provesSecondFactor: false, clientSecret: 'hunter3' }
    assert.ok('name' in (await putProvider(writing, envelope, holder, provider)))
  })
  return { store, person: ada.person.id }
}

/** The collections that hold a value sealed under a key. */
async function sealedUnder(store: LossyStore, keyId: string): Promise<string[]> {
  const found = new Set<string>()
  await store.read(async (reading) => {
    for (const name of await reading.collections())
      for await (const { value } of everyEntry<unknown>(reading, { name })) if (JSON.stringify(value).includes(`"v1.${keyId}.`)) found.add(name)
  })
  return [...found].sort()
}

test('every collection with sealed values is in the list, and a rotation by it leaves nothing under the old key', async () => {
  const [from, to] = [newEnvelopeKey(), newEnvelopeKey()]
  const envelope = new KeyedEnvelope(from)
  const { store, person } = await filled(envelope)
  const listed = SEALED_COLLECTIONS.map(({ collection }) => collection.name).sort()
  assert.equal(new Set(listed).size, listed.length)
  assert.deepEqual(
    (await sealedUnder(store, from.id)).filter((name) => name !== keyChecks.name),
    listed,
  )
  const outcome = await rotateEnvelope({ store, envelope, to, collections: SEALED_COLLECTIONS, nowMs: 2 })
  assert.ok(!('refused' in outcome), JSON.stringify(outcome))
  assert.deepEqual(await sealedUnder(store, from.id), [])
  assert.equal((await sealedUnder(store, to.id)).length, listed.length + 1)
  // The new key alone opens what was sealed, each at its place.
  const fresh = new KeyedEnvelope(to)
  await store.write(async (writing) => {
    assert.equal((await readSecret(writing, fresh, 'smtp'))?.reveal(), 'hunter2')
    assert.ok(await readDataKey(writing, fresh, 'directory'))
    const order = (await writing.get(nameStates, 'shop.example'))!.order!
    assert.deepEqual([...fresh.open(order.sealed, orderPlace('shop.example'))], [1, 2, 3])
    const provider = await findProvider(writing, 'corp')
    assert.equal(Buffer.from(fresh.open(provider!.sealedSecret, secretPlace('corp'))).toString(), 'hunter3')
    assert.equal(fresh.open((await writing.get(TOTPS, person))!.sealedSeed, seedPlace(person)).length, 20)
    await new Trail(fresh, async () => {}).append(writing, { act: 'key.create', actor: { kind: 'system', id: 'system' }, outcome: 'done' }, 3)
    assert.ok(await new Trail(fresh, async () => {}).checkpoint(writing))
    assert.ok(await publishCrl(writing, fresh, (await writing.get(authorities, 'clients'))!, 3))
  })
})
