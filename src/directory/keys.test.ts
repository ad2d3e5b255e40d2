// Keys are told once, rotated with an overlap, ended and revoked; what is committed is what the gateway sees.
import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { DirectoryHouse } from '../../test/support/directory-house.ts'
import { isWellFormedKey, keyDigest } from '../base/keys.ts'
import { createConsumer, removeConsumer, subscribe, updateConsumer } from './consumers.ts'
import { createKey, expireKey, getKey, KEYS_MAX, listKeys, OVERLAP_MS_MAX, revokeKey, rotateKey, VALID_KEYS_MAX } from './keys.ts'
import { keys, keysByConsumer, keysByTag, NO_FILE } from './records.ts'

const fields = { title: 'Acme', subscriptions: { shop: { state: 'active', plan: 'gold' }, bank: { state: 'pending' } } } as const
let house: DirectoryHouse

beforeEach(async () => {
  house = new DirectoryHouse()
  await house.feed.start()
  await house.done((w) => createConsumer(w, house.act, NO_FILE, 'acme', fields))
})
const make = (more: { label?: string; expiresMs?: number } = {}) => house.done((w) => createKey(w, house.means, house.act, house.file, 'acme', more))

describe('a key', () => {
  it('is well formed, held as no secret, and calls for its consumer at once', async () => {
    const { secret, key } = await make({ label: 'laptop' })
    assert.equal(isWellFormedKey(secret), true)
    assert.match(key.id, /^key_[0-9a-f]{24}$/)
    assert.deepEqual([key.label, key.hint, key.createdBy, key.createdMs], ['laptop', `gth_live_...${secret.slice(-4)}`, 'person_1', house.nowMs])
    assert.equal(await house.callsAs(secret), 'acme')
    await house.read(async (reading) => {
      for (const name of await reading.collections()) {
        const text = JSON.stringify(await reading.scan({ name }, { limit: 1000 }))
        assert.equal(text.includes(secret.slice(9, 41)), false, name)
        assert.equal(text.includes(keyDigest(secret)), false, name)
      }
    })
  })

  it('is limited to the APIs that its consumer has an active subscription to', async () => {
    const { secret } = await make()
    const apis = async () => (await house.callsAs(secret)) && [...house.credentials.findKey(keyDigest(secret), house.nowMs)!.consumer.apis]
    assert.deepEqual(await apis(), ['shop'])
    await house.done((w) => subscribe(w, NO_FILE, 'acme', 'bank', { state: 'active' }))
    assert.deepEqual(await apis(), ['bank', 'shop'])
    await house.done((w) => subscribe(w, NO_FILE, 'acme', 'shop', { state: 'suspended' }))
    await house.done((w) => subscribe(w, NO_FILE, 'acme', 'bank', null))
    assert.deepEqual(await apis(), [])
    await house.done((w) => updateConsumer(w, NO_FILE, 'acme', { subscriptions: fields.subscriptions }))
    assert.deepEqual(await apis(), ['shop'])
  })

  it('may belong to a consumer of the file, which is never changed here', async () => {
    house.file = { ...NO_FILE, hasConsumer: (name) => name === 'filed' }
    const { key } = await house.done((w) => createKey(w, house.means, house.act, house.file, 'filed'))
    assert.equal(key.consumer, 'filed')
    assert.equal(await house.code((w) => createConsumer(w, house.act, house.file, 'filed', fields)), 'owned-by-file')
    assert.equal(await house.code((w) => updateConsumer(w, house.file, 'filed', { title: 'x' })), 'owned-by-file')
    assert.equal(await house.code((w) => subscribe(w, house.file, 'filed', 'shop', { state: 'active' })), 'owned-by-file')
    assert.equal(await house.code((w) => removeConsumer(w, house.act, house.file, 'filed')), 'owned-by-file')
  })

  it('ends at its expiry, which may be moved while it lives and not after', async () => {
    const { secret, key } = await make({ expiresMs: house.nowMs + 1000 })
    await house.done((w) => expireKey(w, house.act, key.id, house.nowMs + 5000))
    house.nowMs += 4999
    assert.equal(await house.callsAs(secret), 'acme')
    house.nowMs += 1
    assert.equal(await house.callsAs(secret), undefined)
    assert.equal(await house.code((w) => expireKey(w, house.act, key.id, house.nowMs + 5000)), 'key-not-valid')
    const other = await make()
    await house.done((w) => expireKey(w, house.act, other.key.id, house.nowMs))
    assert.equal(await house.callsAs(other.secret), undefined)
  })

  it('is rotated: the new one works at once, the old one through the overlap and no longer than it would have', async () => {
    const old = await make({ label: 'ci', expiresMs: house.nowMs + 10_000 })
    const { secret, key, replaced } = await house.done((w) => rotateKey(w, house.means, house.act, old.key.id, { overlapMs: 60_000 }))
    assert.deepEqual([key.label, key.replaces, replaced.replacedBy, replaced.expiresMs], ['ci', old.key.id, key.id, house.nowMs + 10_000])
    assert.deepEqual([await house.callsAs(old.secret), await house.callsAs(secret)], ['acme', 'acme'])
    house.nowMs += 10_000
    assert.deepEqual([await house.callsAs(old.secret), await house.callsAs(secret)], [undefined, 'acme'])
    const next = await house.done((w) => rotateKey(w, house.means, house.act, key.id, { overlapMs: 0 }))
    assert.deepEqual([await house.callsAs(secret), await house.callsAs(next.secret)], [undefined, 'acme'])
    assert.equal(await house.code((w) => rotateKey(w, house.means, house.act, key.id, { overlapMs: 0 })), 'key-not-valid')
    await house.done((w) => rotateKey(w, house.means, house.act, next.key.id, { overlapMs: 1000 }))
    assert.equal(await house.code((w) => rotateKey(w, house.means, house.act, next.key.id, { overlapMs: 0 })), 'key-replaced')
  })

  it('is revoked at once, keeps its first reason, and is listed with it', async () => {
    const { secret, key } = await make()
    const revoked = await house.done((w) => revokeKey(w, house.act, key.id, 'laptop lost'))
    assert.deepEqual(revoked.revoked, { atMs: house.nowMs, by: 'person_1', why: 'laptop lost' })
    assert.equal(await house.callsAs(secret), undefined)
    house.nowMs += 1000
    assert.deepEqual((await house.done((w) => revokeKey(w, house.act, key.id, 'another reason'))).revoked, revoked.revoked)
    const { items } = await house.read((r) => listKeys(r, 'acme'))
    assert.deepEqual([items[0]?.id, items[0]?.revoked], [key.id, revoked.revoked])
  })

  it('several live side by side, up to a bound; revoking one makes room', async () => {
    const first = await make()
    for (let i = 1; i < VALID_KEYS_MAX; i++) await make()
    const more = () => house.code((w) => createKey(w, house.means, house.act, NO_FILE, 'acme'))
    assert.equal(await more(), 'too-many-keys')
    assert.equal(await house.code((w) => rotateKey(w, house.means, house.act, first.key.id, { overlapMs: 0 })), 'too-many-keys')
    await house.done((w) => revokeKey(w, house.act, first.key.id, ''))
    assert.equal(await more(), undefined)
    let after: string | undefined
    let seen = 0
    do {
      const page = await house.read((r) => listKeys(r, 'acme', { limit: 7, ...(after !== undefined && { after }) }))
      seen += page.items.length
      after = page.next
    } while (after !== undefined)
    assert.equal(seen, VALID_KEYS_MAX + 1)
    assert.ok(KEYS_MAX > VALID_KEYS_MAX)
  })

  const refused: [name: string, code: string, act: (h: DirectoryHouse, id: string) => Promise<string | undefined>][] = [
    ['for nobody', 'unknown-consumer', (h) => h.code((w) => createKey(w, h.means, h.act, NO_FILE, 'nobody'))],
    ['for a name that is none', 'unknown-consumer', (h) => h.code((w) => createKey(w, h.means, h.act, NO_FILE, 'acme/../x'))],
    ['with an expiry that is over', 'invalid', (h) => h.code((w) => createKey(w, h.means, h.act, NO_FILE, 'acme', { expiresMs: h.nowMs }))],
    ['with an expiry that is no moment', 'invalid', (h) => h.code((w) => createKey(w, h.means, h.act, NO_FILE, 'acme', { expiresMs: Number.NaN }))],
    ['with a label of two lines', 'invalid', (h) => h.code((w) => createKey(w, h.means, h.act, NO_FILE, 'acme', { label: 'a\nb' }))],
    ['with a label that turns text around', 'invalid', (h) => h.code((w) => createKey(w, h.means, h.act, NO_FILE, 'acme', { label: 'a\u202eb' }))],
    ['rotated for too long', 'invalid', (h, id) => h.code((w) => rotateKey(w, h.means, h.act, id, { overlapMs: OVERLAP_MS_MAX + 1 }))],
    ['rotated backwards', 'invalid', (h, id) => h.code((w) => rotateKey(w, h.means, h.act, id, { overlapMs: -1 }))],
    ['rotated and unknown', 'unknown-key', (h) => h.code((w) => rotateKey(w, h.means, h.act, 'key_000000000000', { overlapMs: 0 }))],
    ['revoked and unknown', 'unknown-key', (h) => h.code((w) => revokeKey(w, h.act, 'key_000000000000', ''))],
    ['revoked by an id that is none', 'unknown-key', (h) => h.code((w) => revokeKey(w, h.act, '../acme', ''))],
    ['revoked for a reason of two lines', 'invalid', (h, id) => h.code((w) => revokeKey(w, h.act, id, 'a\rb'))],
    ['ended and unknown', 'unknown-key', (h) => h.code((w) => expireKey(w, h.act, 'key_000000000000', null))],
    ['ended at no moment', 'invalid', (h, id) => h.code((w) => expireKey(w, h.act, id, -1))],
  ]
  for (const [name, code, act] of refused) {
    it(`is refused ${name}`, async () => {
      const { key } = await make()
      assert.equal(await act(house, key.id), code)
    })
  }
})

describe('against the directory', () => {
  it('a removed consumer’s keys stay dead when a consumer of that name is made again', async () => {
    const { secret, key } = await make()
    await house.done((w) => removeConsumer(w, house.act, NO_FILE, 'acme'))
    assert.equal(await house.callsAs(secret), undefined)
    await house.done((w) => createConsumer(w, house.act, NO_FILE, 'acme', fields))
    assert.equal(await house.callsAs(secret), undefined)
    await house.read(async (r) => {
      assert.equal(await getKey(r, key.id), undefined)
      for (const each of [keys, keysByTag, keysByConsumer]) assert.deepEqual(await r.scan<unknown>(each, { limit: 10 }), [])
    })
  })

  it('keys that were made for a consumer of the file do not pass to a consumer of the console of the same name', async () => {
    house.file = { ...NO_FILE, hasConsumer: (name) => name === 'filed' }
    const { secret } = await house.done((w) => createKey(w, house.means, house.act, house.file, 'filed'))
    await house.done((w) => createConsumer(w, house.act, NO_FILE, 'filed', fields))
    assert.equal(await house.callsAs(secret), undefined)
  })

  it('names that look like paths or prototypes lead nowhere', async () => {
    for (const name of ['__proto__', 'a/b', '..', 'acme/', ' acme', 'acme\n', '', 'ac\u0000me', 'é']) {
      assert.equal(await house.code((w) => createConsumer(w, house.act, NO_FILE, name, fields)), 'invalid', name)
      assert.equal(await house.code((w) => updateConsumer(w, NO_FILE, name, { title: 'x' })), 'unknown-consumer', name)
      assert.deepEqual((await house.read((r) => listKeys(r, name))).items, [], name)
    }
    const { secret } = await make()
    await house.done((w) => createConsumer(w, house.act, NO_FILE, 'constructor', { title: '', subscriptions: { prototype: { state: 'active' } } }))
    assert.equal(await house.callsAs(secret), 'acme')
  })

  it('a list of one consumer’s keys never shows another’s, whatever the names have in common', async () => {
    for (const name of ['acme-2', 'acm', 'acme.x']) await house.done((w) => createConsumer(w, house.act, NO_FILE, name, fields))
    const mine = await make()
    await house.done((w) => createKey(w, house.means, house.act, NO_FILE, 'acme-2'))
    await house.done((w) => createKey(w, house.means, house.act, NO_FILE, 'acme.x'))
    assert.deepEqual(
      (await house.read((r) => listKeys(r, 'acme'))).items.map(({ id }) => id),
      [mine.key.id],
    )
    assert.deepEqual((await house.read((r) => listKeys(r, 'acm'))).items, [])
  })

  it('what throws or is refused within a transaction leaves no key behind', async () => {
    let secret = ''
    await assert.rejects(
      house.write(async (w) => {
        const made = await createKey(w, house.means, house.act, NO_FILE, 'acme')
        if ('secret' in made) secret = made.secret
        throw new Error('the trail cannot be written')
      }),
    )
    assert.notEqual(secret, '')
    assert.equal(await house.callsAs(secret), undefined)
  })
})
