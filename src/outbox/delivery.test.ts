// A message leaves with the act it tells of, arrives at least once whatever breaks, and is given up in the end.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { testEnvelope } from '../../test/support/envelope.ts'
import { LossyStore } from '../../test/support/lossy-store.ts'
import type { Carried, Parcel } from '../ports/courier.ts'
import { collection } from '../ports/store.ts'
import { backOffMs, TRIES_MAX } from './back-off.ts'
import { deadLetters, discardDeadLetter, letterOf, sendAgain } from './dead-letters.ts'
import { Delivery, LEASE_MS } from './delivery.ts'
import { startDelivery } from './delivery-loop.ts'
import { CONTENT_OCTETS_MAX, DESTINATIONS_MAX, destinations, partsOf, putMessage, WAITING_MAX, waitingMessages } from './outbox.ts'

const CANARY = 'canary-in-the-outbox'

/** An outbox with a clock by hand, and a courier that keeps what it got and answers as told. */
function room(answer: (parcel: Parcel) => Carried | Promise<Carried> = () => ({ outcome: 'delivered' })) {
  const store = new LossyStore()
  const envelope = testEnvelope()
  const carried: Parcel[] = []
  const now = { ms: 1_000_000 }
  const couriers = {
    webhook: {
      carry: async (parcel: Parcel) => {
        carried.push(parcel)
        return answer(parcel)
      },
    },
  }
  const deliveryOf = () => new Delivery({ store, envelope, couriers, nowMs: () => now.ms, random: () => 0.5 })
  const put = (target: string, content: unknown = { body: CANARY }, kind = 'webhook') =>
    store.write((writing) => putMessage(writing, envelope, { kind, target, content, nowMs: now.ms }))
  const waiting = () => store.read((reading) => reading.scan(waitingMessages, { limit: 1000 }))
  const dead = async () =>
    (await store.read((reading) => reading.scan(deadLetters, { reverse: true, limit: 1000 }))).map(({ key, value }) => letterOf(key, value))
  return { store, envelope, carried, now, delivery: deliveryOf(), deliveryOf, put, waiting, dead }
}
const failed: Carried = { outcome: 'failed', why: 'the receiver answered 503' }

test('a message is delivered once, with its content, and leaves nothing behind', async () => {
  const { put, delivery, carried, store } = room()
  const { id } = (await put('hooks', { body: 'hello' })) as { id: string }
  assert.match(id, /^msg_[0-9a-f]{32}$/)
  assert.deepEqual(await delivery.round(), { delivered: 1, failed: 0, buried: 0, nextDueMs: undefined })
  assert.deepEqual(carried, [{ id, target: 'hooks', content: { body: 'hello' } }])
  assert.deepEqual(await delivery.round(), { delivered: 0, failed: 0, buried: 0, nextDueMs: undefined })
  assert.deepEqual(await store.read((reading) => reading.collections()), [])
})

test('an act that is rolled back leaves no message', async () => {
  const { store, envelope, waiting } = room()
  const acts = collection<string>('act')
  const both = store.write(async (writing) => {
    writing.put(acts, 'a', 'done')
    await putMessage(writing, envelope, { kind: 'webhook', target: 'hooks', content: 1, nowMs: 1 })
    throw new Error('refused after all')
  })
  await assert.rejects(both, /refused after all/)
  assert.deepEqual(await waiting(), [])
})

test('what waits and what lies dead is sealed', async () => {
  const { put, delivery, store } = room(({ target }) => (target === 'gone' ? { outcome: 'refused', why: 'gone' } : failed))
  await put('hooks')
  await put('gone')
  await delivery.round()
  const dump = await store.dump()
  assert.ok(dump.includes('outbox-dead') && dump.includes('outbox-message'))
  assert.ok(!dump.includes(CANARY) && !dump.includes(Buffer.from(CANARY).toString('base64url').slice(0, 20)))
})

test('a failed try is repeated later and later, and given up after the last', async () => {
  const { put, delivery, now, dead, waiting, carried } = room(() => failed)
  const { id } = (await put('hooks')) as { id: string }
  const started = now.ms
  for (let attempt = 1; attempt < TRIES_MAX; attempt++) {
    const { nextDueMs, failed: count } = await delivery.round()
    assert.deepEqual([count, nextDueMs], [1, now.ms + backOffMs(attempt, 0.5)])
    assert.deepEqual((await delivery.round()).failed, 0)
    now.ms = nextDueMs!
  }
  const hours = (now.ms - started) / 3_600_000
  assert.ok(hours > 12 && hours < 36, `${hours} hours`)
  assert.equal((await delivery.round()).buried, 1)
  assert.deepEqual(await waiting(), [])
  const [letter] = await dead()
  assert.deepEqual([letter!.id, letter!.attempts, letter!.why, letter!.kind, letter!.target], [id, TRIES_MAX, 'the receiver answered 503', 'webhook', 'hooks'])
  assert.deepEqual([carried.length, new Set(carried.map((parcel) => parcel.id)).size], [TRIES_MAX, 1])
})

test('the back-off lies between half and the whole of a time that doubles, and has an end', () => {
  for (let attempt = 1; attempt <= 20; attempt++) {
    const [low, high] = [backOffMs(attempt, 0), backOffMs(attempt, 0.999999)]
    assert.ok(low >= 5000 && high <= 12 * 3_600_000 && Math.abs(high - 2 * low) <= 50, `${attempt}: ${low} ${high}`)
  }
})

test('a receiver may ask for more time, up to a day', async () => {
  for (const [afterMs, wanted] of [
    [60_000, 60_000],
    [1, 7500],
    [1e12, 24 * 3_600_000],
  ] as const) {
    const { put, delivery, now } = room(() => ({ ...failed, afterMs }))
    await put('hooks')
    assert.equal((await delivery.round()).nextDueMs, now.ms + wanted)
  }
})

test('what is refused for good is given up at once', async () => {
  const { put, delivery, dead } = room(() => ({ outcome: 'refused', why: 'gone' }))
  await put('hooks')
  assert.equal((await delivery.round()).buried, 1)
  assert.equal((await dead())[0]!.attempts, 1)
})

test('a destination with a thousand messages holds up no other', async () => {
  const { put, delivery, carried } = room(({ target }) => (target === 'dead' ? failed : { outcome: 'delivered' }))
  for (let i = 0; i < 200; i++) await put('dead')
  for (let i = 0; i < 12; i++) await put(`live-${i}`)
  for (let i = 0; i < 2; i++) await delivery.round()
  assert.equal(new Set(carried.filter(({ target }) => target !== 'dead').map(({ target }) => target)).size, 12)
  assert.ok(carried.filter(({ target }) => target === 'dead').length <= 8)
})

test('a courier that breaks, and a kind that nobody carries, are tried again and hold up no other', async () => {
  const { put, delivery, waiting, carried } = room(({ target }) => {
    if (target === 'broken') throw new TypeError(`cannot read ${CANARY}`)
    return { outcome: 'delivered' }
  })
  await put('broken')
  await put('fine')
  await put('somewhere', {}, 'pigeon')
  await put('somewhere', {}, 'constructor')
  const { delivered, failed: count } = await delivery.round()
  assert.deepEqual([delivered, count, carried.length], [1, 3, 2])
  const reasons = (await waiting()).map(({ value }) => value.why)
  assert.deepEqual(reasons, ["nobody here carries 'constructor'", "nobody here carries 'pigeon'", 'the courier broke (TypeError)'])
})

test('what cannot be opened is given up', async () => {
  const { put, delivery, store, dead, carried } = room()
  await put('hooks')
  await store.write(async (writing) => {
    const [entry] = await writing.scan(waitingMessages, { limit: 1 })
    writing.put(waitingMessages, entry!.key, { ...entry!.value, sealed: 'v1.0000000000000000.AAAA' })
  })
  assert.deepEqual([(await delivery.round()).buried, carried.length], [1, 0])
  assert.match((await dead())[0]!.why, /cannot be opened/)
})

describe('whatever write fails, in whatever way, the message arrives', () => {
  for (const how of ['before the work', 'before the commit', 'after the commit'] as const) {
    test(how, async () => {
      let cuts = 0
      for (let at = 0; at < 4; at++) {
        let tries = 0
        const { put, deliveryOf, now, store, carried, waiting } = room(() => (tries++ === 0 ? failed : { outcome: 'delivered' }))
        await put('hooks')
        store.failAt({ at, how })
        for (let round = 0; round < 6; round++) {
          // A process of its own each time: nothing is remembered but what is in the store.
          await deliveryOf()
            .round()
            .catch(() => cuts++)
          now.ms += LEASE_MS + 60_000
        }
        assert.ok(carried.length >= 1)
        assert.equal(new Set(carried.map(({ id }) => id)).size, 1)
        assert.deepEqual(await waiting(), [])
        assert.deepEqual(await store.read((reading) => reading.collections()), [])
      }
      assert.equal(cuts, 4)
    })
  }
})

test('a message that kills the process each time is given up', async () => {
  const { put, deliveryOf, now, carried, dead, store } = room()
  await put('hooks')
  for (let i = 0; i < TRIES_MAX + 3; i++) {
    // The settling never happens: the process died while it carried.
    store.failAt({ at: 1, how: 'before the work' })
    await deliveryOf()
      .round()
      .catch(() => {})
    now.ms += LEASE_MS
  }
  assert.equal(carried.length, TRIES_MAX)
  assert.match((await dead())[0]!.why, /never finished/)
})

test("two nodes carry one message once; one that is slower than its lease changes nothing that is the other one's", async () => {
  const { promise: held, resolve: release } = Promise.withResolvers<Carried>()
  let first = true
  const { put, deliveryOf, now, carried, waiting } = room(() => {
    if (!first) return failed
    first = false
    return held
  })
  await put('hooks')
  const [slow, quick] = [deliveryOf(), deliveryOf()]
  const slowRound = slow.round()
  while (carried.length === 0) await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual((await quick.round()).nextDueMs, now.ms + LEASE_MS)
  assert.equal(carried.length, 1)
  now.ms += LEASE_MS
  await quick.round()
  assert.equal(carried.length, 2)
  const before = await waiting()
  release(failed)
  await slowRound
  assert.deepEqual(await waiting(), before)
})

describe('the outbox is bounded', () => {
  test('by destination, by their number, by content, and takes no names that would be others', async () => {
    const { put, store } = room()
    await store.write(async (writing) => writing.put(destinations, 'webhook:full', { waiting: WAITING_MAX }))
    assert.deepEqual(await put('full'), { refused: 'outbox.full' })
    assert.deepEqual(await put('hooks', 'x'.repeat(CONTENT_OCTETS_MAX)), { refused: 'outbox.too-long' })
    const names = ['', 'a~b', 'a:b', 'a b', '../a', 'a'.repeat(129), 'ä', 'a\n']
    for (const name of names) assert.deepEqual(await put(name), { refused: 'outbox.bad-destination' }, name)
    for (const kind of ['', 'Webhook', 'web~hook', 'a:b']) assert.deepEqual(await put('a', {}, kind), { refused: 'outbox.bad-destination' }, kind)
    await store.write(async (writing) => {
      for (let i = 1; i < DESTINATIONS_MAX; i++) writing.put(destinations, `webhook:d${i}`, { waiting: 1 })
    })
    assert.deepEqual(await put('one-more'), { refused: 'outbox.full' })
    assert.ok('id' in ((await put('d7')) as object))
  })
  test('the number that waits is counted right', async () => {
    const { put, delivery, store } = room(({ target }) => (target === 'a' ? { outcome: 'delivered' } : failed))
    for (const target of ['a', 'a', 'b', 'c']) await put(target)
    const list = () => store.read((reading) => reading.scan(destinations, { limit: 10 }))
    assert.deepEqual(await list(), [
      { key: 'webhook:a', value: { waiting: 2 } },
      { key: 'webhook:b', value: { waiting: 1 } },
      { key: 'webhook:c', value: { waiting: 1 } },
    ])
    await delivery.round()
    assert.deepEqual(
      (await list()).map(({ key }) => key),
      ['webhook:b', 'webhook:c'],
    )
  })
  test('of dead letters the oldest goes', async () => {
    const { put, delivery, store, now } = room(() => ({ outcome: 'refused', why: 'gone' }))
    await put('a')
    await delivery.round()
    await store.write(async (writing) => {
      const [entry] = await writing.scan(deadLetters, { limit: 1 })
      for (let i = 1; i < 1000; i++) writing.put(deadLetters, `${String(now.ms + i).padStart(15, '0')}~msg_${String(i).padStart(32, '0')}`, entry!.value)
      writing.put(collection<{ count: number }>('outbox-dead-count'), 'all', { count: 1000 })
    })
    now.ms += 5000
    await put('b')
    await delivery.round()
    const all = await store.read((reading) => reading.scan(deadLetters, { limit: 1000 }))
    assert.deepEqual([all.length, partsOf(`x~${all[0]!.key}`).dueMs, all.at(-1)!.value.destination], [1000, 1_000_001, 'webhook:b'])
  })
})

test('a dead letter can be sent again under its old id, or thrown away', async () => {
  let isUp = false
  const { put, delivery, store, dead, carried } = room(() => (isUp ? { outcome: 'delivered' } : { outcome: 'refused', why: 'gone' }))
  await put('a', { body: 'one' })
  await put('b', { body: 'two' })
  await delivery.round()
  const [b, a] = (await dead()).toSorted((x, y) => (x.target < y.target ? 1 : -1))
  isUp = true
  assert.deepEqual(await store.write((writing) => sendAgain(writing, a!.key, 1)), a)
  assert.equal((await delivery.round()).delivered, 1)
  assert.deepEqual(carried.at(-1), { id: a!.id, target: 'a', content: { body: 'one' } })
  assert.deepEqual(await store.write((writing) => discardDeadLetter(writing, b!.key)), b)
  for (const key of [a!.key, b!.key, 'not a key', '']) {
    assert.deepEqual(await store.write((writing) => sendAgain(writing, key, 1)), { refused: 'outbox.unknown' })
    assert.deepEqual(await store.write((writing) => discardDeadLetter(writing, key)), { refused: 'outbox.unknown' })
  }
  assert.deepEqual(await dead(), [])
})

test('while it runs a message is carried as soon as it is put down, the store may fail, and stopping waits', async () => {
  const arrivals: (() => void)[] = []
  const { put, delivery, store, now, carried } = room(() => {
    arrivals.shift()?.()
    return { outcome: 'delivered' }
  })
  const troubles: unknown[] = []
  const stop = startDelivery({ store, delivery, nowMs: () => now.ms, trouble: (cause) => troubles.push(cause), shortestMs: 1 })
  for (let i = 0; i < 5; i++) {
    const { promise, resolve } = Promise.withResolvers<void>()
    arrivals.push(resolve)
    // The put is the write with number 0; the claim, number 1, fails once.
    store.failAt(i === 2 ? { at: 1, how: 'before the commit' } : undefined)
    await put('hooks')
    if (i === 2) {
      while (troubles.length === 0) await new Promise((resume) => setImmediate(resume))
      await put('hooks')
    }
    await promise
  }
  await stop()
  assert.equal(troubles.length, 1)
  assert.ok(carried.length >= 5)
  const before = carried.length
  await put('hooks')
  assert.equal(carried.length, before)
})

test('what is put down when a round has just ended is not left lying until the next is due', async () => {
  const { promise: arrived, resolve } = Promise.withResolvers<void>()
  const { put, delivery, store, now } = room(() => {
    resolve()
    return { outcome: 'delivered' }
  })
  let rounds = 0
  const late = {
    round: async () => {
      const round = await delivery.round()
      if (rounds++ === 0) await put('hooks')
      return round
    },
  }
  const stop = startDelivery({ store, delivery: late, nowMs: () => now.ms, trouble: () => assert.fail('trouble'), shortestMs: 1, longestMs: 600_000 })
  await arrived
  await stop()
})
