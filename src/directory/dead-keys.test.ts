// Keys that are over go from the store after a while, with all that leads to them, and never come back to life.
import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import { DirectoryHouse } from '../../test/support/directory-house.ts'
import { keyDigest } from '../base/keys.ts'
import { createConsumer } from './consumers.ts'
import { keyUpkeep } from './dead-keys.ts'
import { admitFile } from './file-keys.ts'
import { createKey, enter, expireKey, KEYS_MAX, listKeys, revokeKey } from './keys.ts'
import { recordUses, unusedFor } from './last-use.ts'
import { reportLeaked } from './leaked-keys.ts'
import { keys, NO_FILE, revokedKeys } from './records.ts'

const DAY_MS = 86_400_000
let house: DirectoryHouse
let turn: () => Promise<number>
beforeEach(async () => {
  house = new DirectoryHouse()
  turn = keyUpkeep({ store: house.store, nowMs: () => house.nowMs })
  await house.feed.start()
  await house.done((w) => createConsumer(w, house.act, NO_FILE, 'acme', { title: '', subscriptions: {} }))
})
const make = (expiresMs?: number) => house.done((w) => createKey(w, house.means, house.act, house.file, 'acme', expiresMs === undefined ? {} : { expiresMs }))
/** Everything that is kept of keys but that they have ended. */
const kept = () =>
  house.read(async (reading) => {
    const all: Record<string, number> = {}
    for (const name of await reading.collections())
      if (name.startsWith('credential') && name !== revokedKeys.name) all[name] = (await reading.scan({ name }, { limit: 1000 })).length
    return all
  })

describe('a key that is over', () => {
  it('is kept for ninety days after its end, revoked or expired, and then gone with all that leads to it', async () => {
    const [revoked, expired, ended, living] = [await make(), await make(house.nowMs + DAY_MS), await make(), await make()]
    await house.write((w) => recordUses(w, [{ credential: expired.key.id, count: 3, lastMs: house.nowMs }]))
    await house.done((w) => revokeKey(w, house.act, revoked.key.id, 'lost'))
    await house.done((w) => expireKey(w, house.act, ended.key.id, house.nowMs - 400 * DAY_MS))
    assert.equal((await house.read((reading) => reading.get(keys, ended.key.id)))?.expiresMs, house.nowMs)
    house.passDays(89)
    assert.equal(await turn(), 0)
    house.passDays(1)
    assert.equal(await turn(), 2)
    const left = (await house.read((reading) => listKeys(reading, 'acme'))).items.map(({ id }) => id)
    assert.deepEqual(left.toSorted(), [expired.key.id, living.key.id].toSorted())
    house.passDays(1)
    assert.equal(await turn(), 1)
    assert.deepEqual(await kept(), { credential: 1, 'credential-by-consumer': 1, 'credential-by-day': 1, 'credential-by-tag': 1 })
    assert.equal(await house.callsAs(living.secret), 'acme')
    assert.equal(await turn(), 0)
  })

  it('does not come back with a file that holds its hash, and is reported as leaked like a key that nobody holds', async () => {
    const { secret, key } = await make(house.nowMs + DAY_MS)
    house.passDays(91)
    assert.equal(await turn(), 1)
    const filed = { consumers: [{ name: 'filed', apis: ['shop'] }], keys: [{ digest: keyDigest(secret), consumer: 'filed' }] }
    const admitted = await house.read((reading) => admitFile(reading, house.digests, filed))
    assert.deepEqual([admitted.content.keys, admitted.leftOut.map(({ why }) => why)], [[], ['revoked']])
    const leak = await house.write((w) => reportLeaked(w, house.digests, house.act, NO_FILE, secret))
    assert.deepEqual([leak.found, leak.revokedNow], [undefined, false])
    assert.equal((await house.read((reading) => reading.get(revokedKeys, key.tag)))?.why, 'it expired')
  })

  it('makes room for another, so that a consumer with a key a day is served for ever', async () => {
    const { key } = await make(house.nowMs + 1)
    await house.write(async (w) => {
      for (let i = 1; i < KEYS_MAX; i++) enter(w, { ...key, id: `key_${String(i).padStart(24, '0')}`, tag: String(i).padStart(64, '0') })
    })
    house.nowMs++
    assert.equal(await house.code((w) => createKey(w, house.means, house.act, NO_FILE, 'acme')), 'too-many-keys')
    house.passDays(91)
    assert.equal(await turn(), KEYS_MAX)
    await make()
  })

  it('that was never used does not stand in the way of those that are unused', async () => {
    for (let i = 0; i < 20; i++) await make(house.nowMs + 1000)
    house.passDays(1)
    const living = await make()
    house.passDays(100)
    assert.deepEqual((await house.read((reading) => unusedFor(reading, 90, house.nowMs, { limit: 10 }))).items, [])
    assert.equal(await turn(), 20)
    const { items } = await house.read((reading) => unusedFor(reading, 90, house.nowMs, { limit: 10 }))
    assert.deepEqual(
      items.map(({ key }) => key.id),
      [living.key.id],
    )
  })
})

it('a turn looks at thousands of keys in pieces, and the next goes on where it stopped', async () => {
  const { key } = await make(house.nowMs + 1)
  const total = 10_700
  for (let i = 0; i < total; i += 1000)
    await house.write(async (w) => {
      for (let j = i; j < Math.min(total, i + 1000); j++) {
        const id = `key_${j.toString(16).padStart(24, '0')}`
        w.put(keys, id, { ...key, id, tag: j.toString(16).padStart(64, '0') })
      }
    })
  house.passDays(91)
  assert.equal(await turn(), 10_000)
  assert.equal(await turn(), total + 1 - 10_000)
})
