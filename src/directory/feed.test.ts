// What is committed is what gateway threads see: from the start, after every change, after history is lost, and whatever was altered in the store.
import assert from 'node:assert/strict'
import { beforeEach, describe, it } from 'node:test'
import fc from 'fast-check'
import { DirectoryHouse } from '../../test/support/directory-house.ts'
import { CHANGES_KEPT, collection, type Store, StoreUnavailable } from '../ports/store.ts'
import { createConsumer, removeConsumer, subscribe } from './consumers.ts'
import { KeyDigests } from './key-digests.ts'
import { createKey, expireKey, revokeKey, rotateKey } from './keys.ts'
import { isRefused, keys, NO_FILE } from './records.ts'

let house: DirectoryHouse
const consumer = (name: string) => house.done((w) => createConsumer(w, house.act, NO_FILE, name, { title: '', subscriptions: { shop: { state: 'active' } } }))
const key = (of = 'acme', expiresMs?: number) =>
  house.done((w) => createKey(w, house.means, house.act, NO_FILE, of, expiresMs === undefined ? {} : { expiresMs }))

beforeEach(async () => {
  house = new DirectoryHouse()
  await consumer('acme')
})

describe('the feed', () => {
  it('loads what was there before it, and nothing that is not valid', async () => {
    const [good, revoked, expired] = [await key(), await key(), await key('acme', house.nowMs + 1)]
    await house.done((w) => revokeKey(w, house.act, revoked.key.id, ''))
    house.nowMs += 1
    await house.feed.start()
    assert.equal(house.table.keyCount, 1)
    assert.deepEqual(
      [await house.callsAs(good.secret), await house.callsAs(revoked.secret), await house.callsAs(expired.secret)],
      ['acme', undefined, undefined],
    )
  })

  it('hears of changes by itself', async () => {
    await house.feed.start()
    const made = await key()
    while (house.table.keyCount === 0) await new Promise((resolve) => setImmediate(resolve))
    await house.done((w) => revokeKey(w, house.act, made.key.id, ''))
    while (house.table.keyCount === 1) await new Promise((resolve) => setImmediate(resolve))
    await house.feed.close()
  })

  it('misses nothing that is committed between its loading and its listening', async () => {
    const { store } = house
    const changes = store.changes.bind(store)
    let empty = 0
    store.changes = async (since) => {
      const answer = await changes(since)
      // The first time tells where loading begins, the second that it is done: nobody listens yet.
      if (answer.changes?.length === 0 && ++empty === 2) await key()
      return answer
    }
    await house.feed.start()
    // Waits for what is under way, and asks for nothing.
    await house.feed.close()
    assert.equal(house.table.keyCount, 1)
  })

  it('reads everything anew when the store’s history does not reach back', async () => {
    await house.feed.start()
    const before = await key()
    assert.equal(await house.callsAs(before.secret), 'acme')
    await house.write(async (w) => {
      await revokeKey(w, house.act, before.key.id, '')
    })
    for (let part = 0; part < 2; part++)
      await house.write(async (w) => {
        for (let i = 0; i <= CHANGES_KEPT / 2; i++) w.put(collection<number>('other'), String(i % 10), i)
      })
    const after = await key()
    assert.deepEqual([await house.callsAs(before.secret), await house.callsAs(after.secret)], [undefined, 'acme'])
  })

  it('refuses and reports a key that was sealed under another data key, altered, or moved to another record', async () => {
    const [one, two, three] = [await key(), await key(), await key()]
    await house.feed.start()
    for (const { secret } of [one, two, three]) assert.equal(await house.callsAs(secret), 'acme')
    const other = new KeyDigests(new Uint8Array(32).fill(1)).seal('00'.repeat(32))
    await house.write(async (w) => {
      w.put(keys, one.key.id, { ...one.key, ...other })
      w.put(keys, two.key.id, { ...two.key, sealed: one.key.sealed })
    })
    assert.deepEqual([await house.callsAs(one.secret), await house.callsAs(two.secret), await house.callsAs(three.secret)], [undefined, undefined, 'acme'])
    assert.equal(house.reports.length, 2)
    assert.match(house.reports[0]!, new RegExp(`${one.key.id}.*refused`))
  })

  it('a record that is gone takes its key with it', async () => {
    await house.feed.start()
    const { secret, key: made } = await key()
    assert.equal(await house.callsAs(secret), 'acme')
    await house.write(async (w) => w.remove(keys, made.id))
    assert.equal(await house.callsAs(secret), undefined)
  })

  it('a store that cannot be read at the start is told, and one that fails later is asked again', async () => {
    let fails = true
    const { store } = house
    const failing: Store = {
      read: (work) => (fails ? Promise.reject(new StoreUnavailable('no answer')) : store.read(work)),
      write: (work) => store.write(work),
      changes: (since) => store.changes(since),
      onChange: (heard) => store.onChange(heard),
      close: () => store.close(),
    }
    Object.assign(house, { store: failing })
    const feed = house.newFeed()
    await assert.rejects(feed.start(), StoreUnavailable)
    fails = false
    await feed.start()
    fails = true
    const made = await key()
    while (house.reports.length === 0) await new Promise((resolve) => setImmediate(resolve))
    assert.match(house.reports[0]!, /tried again: no answer/)
    assert.equal(house.table.keyCount, 0)
    fails = false
    await feed.catchUp()
    assert.equal(house.table.keyCount, 1)
    assert.ok(made.secret)
    await feed.close()
  })
})

const act = fc.oneof(
  fc.record({
    kind: fc.constantFrom('create' as const, 'create' as const, 'rotate' as const, 'revoke' as const, 'expire' as const),
    which: fc.nat(30),
    of: fc.nat(2),
    ms: fc.nat(50),
  }),
  fc.record({
    kind: fc.constantFrom('consumer' as const, 'drop' as const, 'suspend' as const, 'resume' as const, 'pass' as const),
    which: fc.nat(30),
    of: fc.nat(2),
    ms: fc.nat(10),
  }),
)

describe('any sequence of acts', () => {
  it('leaves exactly those keys valid that a plain model holds, and a fresh load agrees', async () => {
    let checked = 0
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 30, size: 'max' }), async (acts) => {
        house = new DirectoryHouse()
        await house.feed.start()
        const model = new Map<string, { secret: string; consumer: string; endMs: number; revoked: boolean; replaced: boolean }>()
        const consumers = new Map<string, boolean>()
        for (const name of ['c0', 'c1']) {
          await consumer(name)
          consumers.set(name, true)
        }
        for (const { kind, which, of, ms } of acts) {
          const name = `c${of}`
          const [id, known] = [...model][which % Math.max(1, model.size)] ?? []
          if (kind === 'create') {
            const made = await house.write((w) => createKey(w, house.means, house.act, NO_FILE, name, ms === 0 ? {} : { expiresMs: house.nowMs + ms }))
            assert.equal(isRefused(made), !consumers.has(name))
            if ('secret' in made)
              model.set(made.key.id, {
                secret: made.secret,
                consumer: name,
                endMs: ms === 0 ? Number.POSITIVE_INFINITY : house.nowMs + ms,
                revoked: false,
                replaced: false,
              })
          } else if (kind === 'consumer' && !consumers.has(name)) {
            await consumer(name)
            consumers.set(name, true)
          } else if (kind === 'drop' && consumers.has(name)) {
            await house.done((w) => removeConsumer(w, house.act, NO_FILE, name))
            consumers.delete(name)
            for (const each of model.values()) if (each.consumer === name) each.revoked = true
          } else if ((kind === 'suspend' || kind === 'resume') && consumers.has(name)) {
            await house.done((w) => subscribe(w, NO_FILE, name, 'shop', { state: kind === 'resume' ? 'active' : 'suspended' }))
            consumers.set(name, kind === 'resume')
          } else if (kind === 'pass') house.nowMs += ms
          else if (id !== undefined && known !== undefined) {
            const valid = !known.revoked && known.endMs > house.nowMs
            if (kind === 'revoke') {
              await house.write((w) => revokeKey(w, house.act, id, ''))
              known.revoked = true
            } else if (kind === 'expire') {
              const done = !isRefused(await house.write((w) => expireKey(w, house.act, id, ms === 0 ? null : house.nowMs + ms)))
              assert.equal(done, valid)
              if (done) known.endMs = ms === 0 ? Number.POSITIVE_INFINITY : house.nowMs + ms
            } else if (kind === 'rotate') {
              const made = await house.write((w) => rotateKey(w, house.means, house.act, id, { overlapMs: ms }))
              assert.equal(!isRefused(made), valid && !known.replaced)
              if ('secret' in made) {
                model.set(made.key.id, { secret: made.secret, consumer: known.consumer, endMs: Number.POSITIVE_INFINITY, revoked: false, replaced: false })
                known.endMs = Math.min(known.endMs, house.nowMs + ms)
                known.replaced = true
              }
            }
          }
          await agrees()
        }
        await house.newFeed().start()
        await agrees()

        async function agrees(): Promise<void> {
          await house.feed.catchUp()
          for (const { secret, consumer: name, endMs, revoked } of model.values()) {
            assert.equal(await house.callsAs(secret), !revoked && endMs > house.nowMs ? name : undefined)
            checked++
          }
        }
      }),
      { numRuns: 60 },
    )
    assert.ok(checked > 1000, `only ${checked} looks`)
  })
})
