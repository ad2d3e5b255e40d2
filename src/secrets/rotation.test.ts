// A rotation may be cut off anywhere: no value is ever unreadable to who holds both keys, and in the end nothing needs the old one.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { type Failure, LossyStore } from '../../test/support/lossy-store.ts'
import { Secret } from '../base/secret.ts'
import type { SealedCollection } from '../ports/sealed-collection.ts'
import { collection } from '../ports/store.ts'
import { dataKey, sealedDataKeys } from './data-keys.ts'
import { KeyedEnvelope } from './envelope.ts'
import { type EnvelopeKey, newEnvelopeKey } from './envelope-key.ts'
import { checkUnder, keyChecks, ONLY } from './key-records.ts'
import { namedSecrets, putSecret, readSecret, sealedNamedSecrets } from './named-secrets.ts'
import { isStale, openEnvelope } from './open-envelope.ts'
import { rotateKeyFile } from './rotate-key-file.ts'
import { type RotationOptions, type RotationOutcome, rotateEnvelope } from './rotation.ts'

interface Account {
  readonly name: string
  readonly codes: readonly { readonly sealed: string }[]
}
const accounts = collection<Account>('account')
const sealedAccounts: SealedCollection<Account> = {
  collection: accounts,
  map: (value, key, reseal) => ({ ...value, codes: value.codes.map((code, i) => ({ ...code, sealed: reseal(code.sealed, `account/${key}/${i}`) })) }),
}
const collections = [sealedNamedSecrets, sealedDataKeys, sealedAccounts]
const SECRETS = 7
const ACCOUNTS = 3

/** A store sealed under a key, with more records than one batch of the tests. */
async function filled(from: EnvelopeKey): Promise<LossyStore> {
  const store = new LossyStore()
  const envelope = new KeyedEnvelope(from)
  await store.write(async (writing) => {
    writing.put(keyChecks, ONLY, checkUnder(envelope))
    for (let i = 0; i < SECRETS; i++) await putSecret(writing, envelope, { name: `s${i}`, value: new Secret(`value ${i}`), by: 'person_1', nowMs: 1 })
    for (let i = 0; i < ACCOUNTS; i++) {
      const codes = [0, 1].map((n) => ({ sealed: envelope.seal(Buffer.from(`code ${i} ${n}`), `account/a${i}/${n}`) }))
      writing.put(accounts, `a${i}`, { name: 'Ada', codes })
    }
    await dataKey(writing, envelope, 'api-key-mac', () => Buffer.alloc(32, 7))
  })
  return store
}

/** Throws when any value is not what it was, to a holder of these keys. */
async function allReadable(store: LossyStore, keys: readonly EnvelopeKey[]): Promise<void> {
  const envelope = new KeyedEnvelope(keys[0]!, keys.slice(1))
  await store.inner.read(async (reading) => {
    for (let i = 0; i < SECRETS; i++) assert.equal((await readSecret(reading, envelope, `s${i}`))!.reveal(), `value ${i}`)
    for (let i = 0; i < ACCOUNTS; i++) {
      const { codes } = (await reading.get(accounts, `a${i}`))!
      for (const [n, { sealed }] of codes.entries()) assert.equal(Buffer.from(envelope.open(sealed, `account/a${i}/${n}`)).toString(), `code ${i} ${n}`)
    }
  })
  const key = await store.inner.write((writing) => dataKey(writing, envelope, 'api-key-mac'))
  assert.deepEqual([...key.octets()], Array(32).fill(7))
}

const options = (store: LossyStore, envelope: KeyedEnvelope, to: EnvelopeKey): RotationOptions => ({ store, envelope, to, collections, nowMs: 2, batch: 2 })
const finished = (outcome: RotationOutcome): void => assert.ok(!('refused' in outcome), JSON.stringify(outcome))

test('a rotation seals everything anew, and the old key opens nothing that is left', async () => {
  const [from, to] = [newEnvelopeKey(), newEnvelopeKey()]
  const store = await filled(from)
  const envelope = new KeyedEnvelope(from)
  const steps: string[] = []
  const outcome = await rotateEnvelope({ ...options(store, envelope, to), progress: (step) => steps.push(`${step.collection} ${step.records}`) })
  assert.deepEqual(outcome, { from: from.id, to: to.id, resealed: SECRETS + 1 + ACCOUNTS })
  assert.deepEqual(steps, ['secret 2', 'secret 2', 'secret 2', 'secret 1', 'data-key 1', 'account 2', 'account 1'])
  assert.equal(envelope.keyId, to.id)
  await allReadable(store, [to])
  assert.ok(!(await store.dump()).includes(from.id))
})

describe('cut off at any write, in any way', () => {
  let cuts = 0
  for (const how of ['before the work', 'before the commit', 'after the commit'] as const satisfies Failure[]) {
    for (const recovery of ['the same process goes on', 'a new process opens with the new key'] as const) {
      test(`${how}; ${recovery}`, async () => {
        for (let at = 0; ; at++) {
          const [from, to] = [newEnvelopeKey(), newEnvelopeKey()]
          const store = await filled(from)
          let envelope = new KeyedEnvelope(from)
          store.failAt({ at, how })
          let cut = false
          await rotateEnvelope(options(store, envelope, to)).catch(() => void (cut = true))
          store.failAt(undefined)
          await allReadable(store, [from, to])
          if (!cut) {
            assert.ok(at >= 8, `only ${at} writes`)
            break
          }
          cuts++
          // What is written meanwhile, by whichever key is in use, is carried over as well.
          await store.write((writing) => putSecret(writing, envelope, { name: 's0', value: new Secret('value 0'), by: 'person_2', nowMs: 3 }))
          if (recovery === 'a new process opens with the new key') {
            const world = { commandEnvironment: {}, environment: () => new Secret(Buffer.from(to.secret.octets()).toString('hex')) }
            const opened = await openEnvelope(store, { env: 'KEY' }, world)
            if ('refused' in opened) {
              // Nothing had begun: the store still asks for the old key, and says so.
              assert.equal(opened.refused, `this store was sealed with envelope key ${from.id}, the key given is ${to.id}`)
            } else {
              envelope = opened.envelope
              await allReadableThrough(store, envelope)
            }
          }
          const outcome = await rotateEnvelope(options(store, envelope, to))
          if ('refused' in outcome) assert.equal(outcome.refused, 'rotation.same-key')
          assert.equal(envelope.keyId, to.id)
          await allReadable(store, [to])
          const dump = await store.dump()
          // The value that was sealed with the old key after the end of a rotation whose last answer was lost is the one exception.
          if (!('refused' in outcome)) assert.ok(!dump.includes(`v1.${from.id}`))
        }
      })
    }
  }
  test('every write was cut off in every way', () => assert.ok(cuts >= 6 * 8, `${cuts} cuts`))
})

async function allReadableThrough(store: LossyStore, envelope: KeyedEnvelope): Promise<void> {
  await store.inner.read(async (reading) => {
    for (let i = 0; i < SECRETS; i++) assert.equal((await readSecret(reading, envelope, `s${i}`))!.reveal(), `value ${i}`)
  })
}

test('a node with the old key can tell, from the first moment of a rotation on', async () => {
  const [from, to] = [newEnvelopeKey(), newEnvelopeKey()]
  const store = await filled(from)
  const [here, elsewhere] = [new KeyedEnvelope(from), new KeyedEnvelope(from)]
  const stale = (envelope: KeyedEnvelope): Promise<boolean> => store.inner.read((reading) => isStale(reading, envelope))
  assert.deepEqual([await stale(here), await stale(elsewhere)], [false, false])
  store.failAt({ at: 2, how: 'before the commit' })
  await assert.rejects(rotateEnvelope(options(store, here, to)))
  assert.deepEqual([await stale(here), await stale(elsewhere)], [false, true])
  store.failAt(undefined)
  finished(await rotateEnvelope(options(store, here, to)))
  assert.deepEqual([await stale(here), await stale(elsewhere)], [false, true])
})

test('while a rotation is under way the old key alone starts nothing, and says which key it takes', async () => {
  const [from, to] = [newEnvelopeKey(), newEnvelopeKey()]
  const store = await filled(from)
  store.failAt({ at: 2, how: 'before the commit' })
  await assert.rejects(rotateEnvelope(options(store, new KeyedEnvelope(from), to)))
  const world = { commandEnvironment: {}, environment: () => new Secret(Buffer.from(from.secret.octets()).toString('hex')) }
  const opened = await openEnvelope(store, { env: 'KEY' }, world)
  assert.ok('refused' in opened && opened.refused.includes(`give key ${to.id}, the key given is ${from.id}`))
  // Whoever has the old key and a copy of the store must not get the new key from them.
  assert.ok(!(await store.dump()).includes(Buffer.from(to.secret.octets()).toString('base64url')))
})

describe('a rotation that cannot end says why, and leaves both keys in use', () => {
  test('a collection that nobody registered', async () => {
    const [from, to] = [newEnvelopeKey(), newEnvelopeKey()]
    const store = await filled(from)
    const envelope = new KeyedEnvelope(from)
    const forgetful = { ...options(store, envelope, to), collections: [sealedNamedSecrets, sealedDataKeys] }
    assert.deepEqual(await rotateEnvelope(forgetful), { refused: 'rotation.unregistered', where: ['account'] })
    await allReadable(store, [from, to])
    finished(await rotateEnvelope(options(store, envelope, to)))
    await allReadable(store, [to])
  })

  test('a value that was altered', async () => {
    const [from, to] = [newEnvelopeKey(), newEnvelopeKey()]
    const store = await filled(from)
    const envelope = new KeyedEnvelope(from)
    await store.write(async (writing) => {
      const record = (await writing.get(namedSecrets, 's3'))!
      writing.put(namedSecrets, 's3', { ...record, sealed: `${record.sealed.slice(0, -8)}AAAAAAAA` })
    })
    const outcome = await rotateEnvelope(options(store, envelope, to))
    assert.ok('refused' in outcome && outcome.refused === 'rotation.unreadable' && outcome.where![0]!.includes('secret/s3'))
    await store.write((writing) => putSecret(writing, envelope, { name: 's3', value: new Secret('value 3'), by: 'person_1', nowMs: 3 }))
    finished(await rotateEnvelope(options(store, envelope, to)))
    await allReadable(store, [to])
  })

  test('another node goes on sealing with the old key', async () => {
    const [from, to] = [newEnvelopeKey(), newEnvelopeKey()]
    const store = await filled(from)
    const stubborn = new KeyedEnvelope(from)
    const envelope = new KeyedEnvelope(from)
    const meddling = store.inner.read.bind(store.inner)
    store.read = async (work) => {
      await store.inner.write((writing) => putSecret(writing, stubborn, { name: 's0', value: new Secret('value 0'), by: 'person_1', nowMs: 3 }))
      return meddling(work)
    }
    assert.deepEqual(await rotateEnvelope(options(store, envelope, to)), { refused: 'rotation.still-used' })
    await allReadable(store, [from, to])
  })

  test('another rotation is under way, or the key is the one in use', async () => {
    const [from, to] = [newEnvelopeKey(), newEnvelopeKey()]
    const store = await filled(from)
    const envelope = new KeyedEnvelope(from)
    assert.deepEqual(await rotateEnvelope(options(store, envelope, from)), { refused: 'rotation.same-key' })
    store.failAt({ at: 3, how: 'before the work' })
    await assert.rejects(rotateEnvelope(options(store, envelope, to)))
    store.failAt(undefined)
    assert.deepEqual(await rotateEnvelope(options(store, envelope, newEnvelopeKey())), { refused: 'rotation.other-under-way' })
    finished(await rotateEnvelope(options(store, envelope, to)))
  })

  test("an envelope with another key than the store's rotates nothing", async () => {
    const store = await filled(newEnvelopeKey())
    const before = await store.dump()
    await assert.rejects(rotateEnvelope(options(store, new KeyedEnvelope(newEnvelopeKey()), newEnvelopeKey())), /cannot be opened/)
    assert.equal(await store.dump(), before)
  })
})

test('with the key in a file: cut off anywhere, the next start opens, goes on, and one file is left', async () => {
  const world = { environment: () => undefined, commandEnvironment: {} }
  for (let at = 0; at < 9; at++) {
    const store = new LossyStore()
    const source = { made: join(mkdtempSync(join(tmpdir(), 'gatehouse-rotate-')), 'envelope.key') }
    const first = await openEnvelope(store, source, world)
    assert.ok(!('refused' in first))
    const before = readFileSync(source.made, 'utf8')
    for (const name of ['a', 'b', 'c'])
      await store.write((writing) => putSecret(writing, first.envelope, { name, value: new Secret(name), by: 'person_1', nowMs: 1 }))
    store.failAt({ at, how: at % 2 === 0 ? 'after the commit' : 'before the commit' })
    await rotateKeyFile(source.made, { store, envelope: first.envelope, collections, nowMs: 2, batch: 2 }).catch(() => {})
    store.failAt(undefined)
    const next = await openEnvelope(store, source, world)
    assert.ok(!('refused' in next), JSON.stringify(next))
    if (next.unfinished) finished((await rotateKeyFile(source.made, { store, envelope: next.envelope, collections, nowMs: 3 })) as RotationOutcome)
    const last = await openEnvelope(store, source, world)
    assert.ok(!('refused' in last) && last.unfinished === undefined)
    assert.equal((await store.read((reading) => readSecret(reading, last.envelope, 'c')))!.reveal(), 'c')
    if (at > 0) assert.notEqual(readFileSync(source.made, 'utf8'), before)
    if (at > 0) assert.throws(() => readFileSync(`${source.made}.new`), /ENOENT/)
  }
})
