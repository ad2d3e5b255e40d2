// A reported key is dead for ever, whoever owns it, and whoever reports learns nothing.
import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { DirectoryHouse } from '../../test/support/directory-house.ts'
import { keyDigest, mintKey } from '../base/keys.ts'
import { createConsumer } from './consumers.ts'
import { admitFile, adoptKeys } from './file-keys.ts'
import { createKey, getKey } from './keys.ts'
import { reportLeaked } from './leaked-keys.ts'
import { NO_FILE } from './records.ts'
import { createTeam } from './teams.ts'

const contacts = [{ kind: 'mail', address: 'shop@example.org' }] as const
const FILED = mintKey()
const content = { consumers: [{ name: 'filed', apis: ['shop'] }], keys: [{ digest: keyDigest(FILED), consumer: 'filed' }] }
let house: DirectoryHouse
const report = (secret: string, where?: string) => house.done((w) => reportLeaked(w, house.digests, house.act, house.file, secret, where))
const admit = () => house.read((r) => admitFile(r, house.digests, content))

beforeEach(async () => {
  house = new DirectoryHouse()
  await house.feed.start()
  await house.done((w) => createTeam(w, house.act, 'shop', { title: '', contacts }))
  await house.done((w) => createConsumer(w, house.act, NO_FILE, 'acme', { title: '', team: 'shop', subscriptions: {} }))
  house.file = await admit()
})

describe('a reported key', () => {
  it('of the store is revoked at once, and its team is to be told, once', async () => {
    const { secret, key } = await house.done((w) => createKey(w, house.means, house.act, NO_FILE, 'acme'))
    const found = { id: key.id, consumer: 'acme', team: 'shop', ownedByFile: false }
    assert.deepEqual(await report(secret, 'a public\nrepository'), { found, revokedNow: true, contacts })
    assert.equal(await house.callsAs(secret), undefined)
    assert.equal((await house.read((r) => getKey(r, key.id)))?.revoked?.why, 'reported as leaked: a public?repository')
    assert.deepEqual(await report(secret), { found, revokedNow: false, contacts })
  })

  it('of the file is put on a list that outlives the file, and the live table is told', async () => {
    const { revokedNow, found } = await report(FILED)
    assert.deepEqual([revokedNow, found?.consumer, found?.ownedByFile, found?.id], [true, 'filed', true, `key_${keyDigest(FILED).slice(0, 12)}`])
    await house.feed.catchUp()
    assert.deepEqual(
      house.revokedTags.map((tag) => house.file.ownerOfKey((house.file as Awaited<ReturnType<typeof admit>>).digestOfTag(tag)!)),
      ['filed'],
    )
    const again = await admit()
    assert.deepEqual([again.content.keys, again.leftOut.map(({ why }) => why)], [[], ['revoked']])
    assert.equal((await report(FILED)).revokedNow, false)
  })

  it('that nobody holds is answered in the same shape, and nothing is written', async () => {
    const before = await house.store.changes(0)
    for (const secret of [mintKey(), '', 'x', 'x'.repeat(5000)]) assert.deepEqual(await report(secret), { found: undefined, revokedNow: false, contacts: [] })
    assert.deepEqual(await house.store.changes(0), before)
  })

  it('of the store does not come back by being written into a file, nor by being taken over', async () => {
    const { secret } = await house.done((w) => createKey(w, house.means, house.act, NO_FILE, 'acme'))
    await report(secret)
    const old = { digest: keyDigest(secret), consumer: 'filed' }
    const admitted = await house.read((r) => admitFile(r, house.digests, { ...content, keys: [old] }))
    assert.deepEqual(admitted.content.keys, [])
    assert.equal(await house.done((w) => adoptKeys(w, house.digests, house.nowMs, [old])), 0)
    assert.equal(await house.callsAs(secret), undefined)
  })
})

describe('a file against the store', () => {
  it('may not define what the store owns', async () => {
    const { secret } = await house.done((w) => createKey(w, house.means, house.act, NO_FILE, 'acme'))
    const admitted = await house.read((r) =>
      admitFile(r, house.digests, { consumers: [{ name: 'acme', apis: [] }], keys: [{ digest: keyDigest(secret), consumer: 'acme' }] }),
    )
    assert.deepEqual([admitted.ownedTwice, admitted.leftOut.map(({ why }) => why), admitted.content.keys], [['acme'], ['owned-by-store'], []])
  })

  it('keys of an earlier Gatehouse are taken over once, under the handles they had', async () => {
    const old = [
      { digest: keyDigest('one'), consumer: 'acme' },
      { digest: keyDigest('two'), consumer: 'acme', expiresMs: house.nowMs + 1000 },
    ]
    assert.equal(await house.done((w) => adoptKeys(w, house.digests, house.nowMs, old)), 2)
    assert.equal(await house.done((w) => adoptKeys(w, house.digests, house.nowMs, old)), 0)
    assert.deepEqual([await house.callsAs('one'), await house.callsAs('two')], ['acme', 'acme'])
    assert.equal(house.credentials.findKey(keyDigest('one'), house.nowMs)?.key.id, `key_${keyDigest('one').slice(0, 12)}`)
    house.nowMs += 1000
    assert.deepEqual([await house.callsAs('one'), await house.callsAs('two')], ['acme', undefined])
  })
})
