// Last use is kept in batches, and keys that nobody uses are found without looking at the others.
import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import fc from 'fast-check'
import { DirectoryHouse } from '../../test/support/directory-house.ts'
import { createConsumer, removeConsumer } from './consumers.ts'
import { createKey, revokeKey } from './keys.ts'
import { lastUse, recordUses, USES_MAX, unusedFor } from './last-use.ts'
import { keysByDay, keyUses, NO_FILE } from './records.ts'

const DAY_MS = 86_400_000
let house: DirectoryHouse
beforeEach(async () => {
  house = new DirectoryHouse()
  await house.done((w) => createConsumer(w, house.act, NO_FILE, 'acme', { title: '', subscriptions: {} }))
})
const make = async (expiresMs?: number) =>
  (await house.done((w) => createKey(w, house.means, house.act, NO_FILE, 'acme', expiresMs === undefined ? {} : { expiresMs }))).key.id
const use = (credential: string, count = 1, lastMs = house.nowMs) => house.write((w) => recordUses(w, [{ credential, count, lastMs }]))
const unused = async (days: number) => {
  const ids: string[] = []
  let after: string | undefined
  do {
    const page = await house.read((r) => unusedFor(r, days, house.nowMs, { limit: 2, ...(after !== undefined && { after }) }))
    ids.push(...page.items.map(({ key }) => key.id))
    after = page.next
  } while (after !== undefined)
  return ids
}

describe('last use', () => {
  it('adds up, and never goes back', async () => {
    const id = await make()
    await use(id, 3, house.nowMs + 5000)
    await use(id, 2, house.nowMs + 1000)
    assert.deepEqual(await house.read((r) => lastUse(r, id)), { lastMs: house.nowMs + 5000, count: 5 })
  })

  it('is kept for a key of the file too, which stands in no day', async () => {
    await use('key_0123456789ab')
    assert.deepEqual(await house.read((r) => lastUse(r, 'key_0123456789ab')), { lastMs: house.nowMs, count: 1 })
    assert.deepEqual(await house.read((r) => r.scan(keysByDay, { limit: 10 })), [])
  })

  it('is written for a bounded number of keys at a time', async () => {
    const uses = Array.from({ length: USES_MAX + 5 }, (_, i) => ({ credential: `key_${i.toString(16).padStart(12, '0')}`, count: 1, lastMs: 1 }))
    await house.write((w) => recordUses(w, uses))
    assert.equal((await house.read((r) => r.scan(keyUses, { limit: 1000 }))).length, USES_MAX)
  })
})

describe('unused keys', () => {
  it('are those whose last use, or else creation, is so many days ago to the millisecond', async () => {
    const never = await make()
    const used = await make()
    house.passDays(1)
    await use(used)
    assert.deepEqual([await unused(1), await unused(2)], [[never], []])
    house.passDays(88)
    house.nowMs -= 1
    assert.deepEqual(await unused(89), [])
    house.nowMs += 1
    assert.deepEqual(await unused(89), [never])
    house.passDays(1)
    assert.deepEqual(await unused(89), [never, used])
    await use(never)
    assert.deepEqual(await unused(89), [used])
  })

  it('are without those that are revoked, expired or forgotten', async () => {
    const [revoked, expired, used] = [await make(), await make(house.nowMs + DAY_MS), await make()]
    await use(used)
    await use(revoked)
    await house.done((w) => revokeKey(w, house.act, revoked, ''))
    house.passDays(100)
    assert.deepEqual(await unused(90), [used])
    assert.ok(expired)
    await use(revoked)
    await house.done((w) => removeConsumer(w, house.act, NO_FILE, 'acme'))
    await use(used)
    assert.deepEqual(await unused(0), [])
    assert.deepEqual(await house.read((r) => r.scan(keysByDay, { limit: 10 })), [])
  })

  it('are what a plain model finds after any sequence of uses', async () => {
    const ids = await Promise.all(Array.from({ length: 6 }, () => make()))
    const begun = house.nowMs
    const last = new Map(ids.map((id) => [id, begun]))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(5), fc.nat(40 * 24)), { maxLength: 8 }), fc.nat(40), async (uses, days) => {
        for (const [i, hours] of uses) {
          const lastMs = begun + hours * 3_600_000
          await use(ids[i]!, 1, lastMs)
          last.set(ids[i]!, Math.max(last.get(ids[i]!)!, lastMs))
        }
        house.nowMs = begun + 40 * DAY_MS
        const wanted = ids.filter((id) => last.get(id)! <= house.nowMs - days * DAY_MS)
        assert.deepEqual((await unused(days)).sort(), wanted.sort())
        assert.equal((await house.read((r) => r.scan(keysByDay, { limit: 100 }))).length, ids.length)
      }),
      { numRuns: 60 },
    )
  })
})
