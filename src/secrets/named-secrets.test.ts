// Named secrets keep their values sealed and tell all else; data keys are made once.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LossyStore } from '../../test/support/lossy-store.ts'
import { Secret } from '../base/secret.ts'
import { UnreadableSecret } from '../ports/envelope.ts'
import { dataKey, readDataKey } from './data-keys.ts'
import { KeyedEnvelope } from './envelope.ts'
import { newEnvelopeKey } from './envelope-key.ts'
import { grantSecret, listSecrets, namedSecrets, putSecret, readSecret, removeSecret, SECRET_VALUE_MAX, type SecretInfo } from './named-secrets.ts'

const envelope = new KeyedEnvelope(newEnvelopeKey())
const put = (store: LossyStore, name: string, value: string, nowMs: number, granted?: { people: string[]; teams: string[] }) =>
  store.write((writing) => putSecret(writing, envelope, { name, value: new Secret(value), by: `person_${nowMs}`, nowMs, ...(granted && { granted }) }))

test('what is told of a secret follows what was done with it', async () => {
  const store = new LossyStore()
  await put(store, 'smtp', 'one', 1, { people: ['person_9', 'person_2', 'person_9'], teams: ['books'] })
  await put(store, 'smtp', 'one', 2)
  const info = (await put(store, 'smtp', 'two', 3)) as SecretInfo
  const granted = { people: ['person_2', 'person_9'], teams: ['books'] }
  assert.deepEqual(info, { name: 'smtp', createdMs: 1, createdBy: 'person_1', changedMs: 3, changedBy: 'person_3', rotatedMs: 3, granted })
  const again = (await put(store, 'smtp', 'two', 4)) as SecretInfo
  assert.deepEqual([again.changedMs, again.rotatedMs], [4, 3])
  const regranted = await store.write((writing) => grantSecret(writing, { name: 'smtp', granted: { people: [], teams: [] }, by: 'person_5', nowMs: 5 }))
  assert.deepEqual(regranted, { ...info, changedMs: 5, changedBy: 'person_5', granted: { people: [], teams: [] } })
  assert.equal((await store.read((reading) => readSecret(reading, envelope, 'smtp')))!.reveal(), 'two')
})

test('a list is in order, page by page, and holds no value, sealed or open', async () => {
  const store = new LossyStore()
  for (const name of ['c', 'a', 'b']) await put(store, name, `value of ${name}`, 1)
  const page = await store.read((reading) => listSecrets(reading, { limit: 2 }))
  assert.deepEqual(
    page.map(({ name }) => name),
    ['a', 'b'],
  )
  const rest = await store.read((reading) => listSecrets(reading, { after: 'b', limit: 2 }))
  assert.deepEqual(
    rest.map(({ name }) => name),
    ['c'],
  )
  assert.ok(!/sealed|v1\.|value of/.test(JSON.stringify([...page, ...rest])))
})

test('what cannot be a secret is refused', async () => {
  const store = new LossyStore()
  assert.deepEqual(await put(store, 'a b', 'x', 1), { refused: 'secret.bad-name' })
  assert.deepEqual(await put(store, '../x', 'x', 1), { refused: 'secret.bad-name' })
  assert.deepEqual(await put(store, 'a', '', 1), { refused: 'secret.empty' })
  assert.deepEqual(await put(store, 'a', 'x'.repeat(SECRET_VALUE_MAX + 1), 1), { refused: 'secret.too-long' })
  assert.deepEqual(await put(store, 'a', 'x', 1, { people: ['not an id'], teams: [] }), { refused: 'secret.bad-grants' })
  assert.deepEqual(await put(store, 'a', 'x', 1, { people: [], teams: Array(1001).fill('t') }), { refused: 'secret.bad-grants' })
  const granted = { people: [], teams: [] }
  for (const name of ['a', 'not a name']) {
    assert.deepEqual(await store.write((writing) => removeSecret(writing, name)), { refused: 'secret.unknown' })
    assert.deepEqual(await store.write((writing) => grantSecret(writing, { name, granted, by: 'x', nowMs: 1 })), { refused: 'secret.unknown' })
    assert.equal(await store.read((reading) => readSecret(reading, envelope, name)), undefined)
  }
})

test('a removed secret is gone', async () => {
  const store = new LossyStore()
  await put(store, 'a', 'x', 1)
  await store.write((writing) => removeSecret(writing, 'a'))
  assert.equal(await store.read((reading) => readSecret(reading, envelope, 'a')), undefined)
})

test('the value of one secret put in the place of another is unreadable, and can be written over', async () => {
  const store = new LossyStore()
  await put(store, 'mine', 'x', 1)
  await put(store, 'theirs', 'y', 1)
  await store.write(async (writing) => {
    const theirs = (await writing.get(namedSecrets, 'theirs'))!
    writing.put(namedSecrets, 'mine', theirs)
  })
  await assert.rejects(
    store.read((reading) => readSecret(reading, envelope, 'mine')),
    UnreadableSecret,
  )
  await put(store, 'mine', 'z', 2)
  assert.equal((await store.read((reading) => readSecret(reading, envelope, 'mine')))!.reveal(), 'z')
})

test('a data key is made once for its purpose, and another one for another purpose', async () => {
  const store = new LossyStore()
  assert.equal(await store.read((reading) => readDataKey(reading, envelope, 'api-key-mac')), undefined)
  const [a, b] = await Promise.all([1, 2].map(() => store.write((writing) => dataKey(writing, envelope, 'api-key-mac'))))
  assert.ok(a!.equals(b!) && a!.length === 32)
  const other = await store.write((writing) => dataKey(writing, envelope, 'cursor-mac'))
  assert.ok(!other.equals(a!))
  await assert.rejects(
    store.write((writing) => dataKey(writing, envelope, 'No Purpose')),
    /no purpose/,
  )
})
