// Who calls what is known by day, over restarts and failures, within bounds, and no longer than it should be.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { MemoryStore } from '../../test/support/stores.ts'
import { BATCH_MAX, type Call, callers, callersByDay, callersOf, recordCalls, sweepUsage, UsageBook, usageSize } from './usage-book.ts'

const DAY = 86_400_000
const T0 = Date.UTC(2026, 10, 24, 12)
const call = (api: string, consumer: string, count = 1, lastMs = T0): Call => ({ api, consumer, count, lastMs })
const record = (store: MemoryStore, calls: readonly Call[], retentionMs = 90 * DAY, max?: number) =>
  store.write((writing) => recordCalls(writing, calls, retentionMs, max))
const ask = (store: MemoryStore, api: string, sinceMs = 0) => store.read((reading) => callersOf(reading, api, sinceMs))

describe('the usage book', () => {
  test('calls add up by API, version and consumer, and a version is not its API', async () => {
    const store = new MemoryStore()
    await record(store, [
      call('shop', 'acme', 2),
      call('shop', 'acme', 3, T0 + 5),
      call('shop@v1', 'acme', 7),
      call('shop', 'bee'),
      call('shop-two', 'acme', 9),
    ])
    await record(store, [call('shop', 'acme', 10, T0 - 1000)])
    assert.deepEqual(await ask(store, 'shop'), [
      { api: 'shop', consumer: 'acme', lastCallMs: T0 + 5, calls: 15 },
      { api: 'shop', consumer: 'bee', lastCallMs: T0, calls: 1 },
    ])
    assert.deepEqual(await ask(store, 'shop@v1'), [{ api: 'shop@v1', consumer: 'acme', lastCallMs: T0, calls: 7 }])
  })

  test('what is asked since a day counts from that day on, and who has not called since is not told', async () => {
    const store = new MemoryStore()
    await record(store, [call('shop', 'acme', 5, T0 - 3 * DAY), call('shop', 'old', 1, T0 - 3 * DAY)])
    await record(store, [call('shop', 'acme', 2)])
    assert.deepEqual(
      (await ask(store, 'shop', T0 - DAY)).map(({ consumer, calls }) => [consumer, calls]),
      [['acme', 2]],
    )
    assert.equal((await ask(store, 'shop', T0 - 3 * DAY)).find(({ consumer }) => consumer === 'acme')!.calls, 7)
  })

  test('days beyond the retention are forgotten with the next call, and callers by the sweep', async () => {
    const store = new MemoryStore()
    await record(store, [call('shop', 'acme', 5, T0 - 40 * DAY), call('shop', 'old', 1, T0 - 40 * DAY)])
    await record(store, [call('shop', 'acme', 2)], 30 * DAY)
    assert.equal((await ask(store, 'shop')).find(({ consumer }) => consumer === 'acme')!.calls, 2)
    assert.equal(await store.write((writing) => sweepUsage(writing, T0 - 30 * DAY)), 1)
    assert.deepEqual(
      (await ask(store, 'shop')).map(({ consumer }) => consumer),
      ['acme'],
    )
    assert.deepEqual(await store.read(usageSize), { pairs: 1, evicted: 0 })
  })

  test('when it is full, whoever called longest ago makes room, and that is counted', async () => {
    const store = new MemoryStore()
    await record(store, [call('shop', 'a', 1, T0 - 2 * DAY), call('shop', 'b', 1, T0 - DAY), call('shop', 'c')], 90 * DAY, 3)
    await record(store, [call('shop', 'd'), call('shop', 'b')], 90 * DAY, 3)
    assert.deepEqual(
      (await ask(store, 'shop')).map(({ consumer }) => consumer),
      ['b', 'c', 'd'],
    )
    assert.deepEqual(await store.read(usageSize), { pairs: 3, evicted: 1 })
  })

  test('whatever is recorded, evicted and swept, the index and the size agree with what is kept', async () => {
    const step = fc.oneof(
      fc.record({
        api: fc.constantFrom('x', 'x@1', 'y'),
        consumer: fc.constantFrom('a', 'b', 'c', 'd'),
        count: fc.integer({ min: 1, max: 9 }),
        lastMs: fc.integer({ min: T0 - 10 * DAY, max: T0 }),
      }),
      fc.record({ sweep: fc.integer({ min: T0 - 10 * DAY, max: T0 }) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const store = new MemoryStore()
        for (const each of steps) {
          if ('sweep' in each) await store.write((writing) => sweepUsage(writing, each.sweep))
          else await record(store, [each], 5 * DAY, 5)
        }
        await store.read(async (reading) => {
          const kept = await reading.scan(callers, { limit: 1000 })
          const index = (await reading.scan(callersByDay, { limit: 1000 })).map(({ key }) => key).sort()
          const wanted = kept.map(({ key, value }) => `${new Date(value.lastMs).toISOString().slice(0, 10)}/${key}`).sort()
          assert.deepEqual(index, wanted)
          assert.equal((await usageSize(reading)).pairs, kept.length)
          assert.ok(kept.length <= 5)
        })
      }),
      { numRuns: 150 },
    )
  })

  test('what waits is written in batches, once; after a failure it is written later, and what finds no room is counted', async () => {
    const store = new MemoryStore()
    const book = new UsageBook(store, () => 90 * DAY, BATCH_MAX + 5)
    for (let i = 0; i < BATCH_MAX + 7; i++) book.add([call('shop', `c${i}`, 2)])
    book.add([call('shop', 'c0', 5)])
    assert.equal(book.lost, 4)
    await book.flush()
    assert.equal((await store.read(usageSize)).pairs, BATCH_MAX)
    await book.flush()
    await book.flush()
    assert.equal((await store.read(usageSize)).pairs, BATCH_MAX + 5)
    assert.equal((await ask(store, 'shop')).find(({ consumer }) => consumer === 'c0')!.calls, 7)

    await store.close()
    book.add([call('shop', 'late')])
    await assert.rejects(book.flush())
    const next = new MemoryStore()
    Object.assign(book, { store: next })
    await book.flush()
    assert.equal((await ask(next, 'shop')).length, 1)
  })
})
