// Callers of a version that ends are told in time, each of them once, and nobody else.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore } from '../../src/adapters/memory/store.ts'
import { announce, type LivingVersion, occasionsAt } from '../../src/lifecycle/announcements.ts'
import { stillCalling, type UsageRecord } from '../../src/lifecycle/usage.ts'

const DAY = 86_400_000
const SUNSET = 400 * DAY
const version: LivingVersion = {
  api: 'bookshop@v1',
  successor: 'v2',
  docs: 'https://example.com/migrate',
  schedule: {
    state: 'deprecated',
    deprecatedMs: 100 * DAY,
    sunsetMs: SUNSET,
    brownOuts: [{ fromMs: 380 * DAY, untilMs: 380 * DAY + 1_800_000 }],
  },
}
const usage = (nowMs: number): UsageRecord[] => [
  { api: 'bookshop@v1', consumer: 'acme', lastCallMs: nowMs - 1000, calls: 7 },
  { api: 'bookshop@v1', consumer: 'busy', lastCallMs: nowMs - DAY, calls: 900 },
  { api: 'bookshop@v1', consumer: 'moved-on', lastCallMs: nowMs - 31 * DAY, calls: 90_000 },
  { api: 'bookshop@v2', consumer: 'modern', lastCallMs: nowMs, calls: 5 },
]

test('who still calls: of that version, lately, the busiest first', () => {
  assert.deepEqual(
    stillCalling(usage(SUNSET), 'bookshop@v1', SUNSET - 30 * DAY).map(({ consumer }) => consumer),
    ['busy', 'acme'],
  )
})

test('with the deprecation, 90, 30, 7 and 1 days before the sunset and before each brown-out every caller hears once, however often it is asked', async () => {
  const store = new MemoryStore()
  const heard: string[] = []
  // Every six hours of a year, each twice: as two nodes would.
  for (let ms = 50 * DAY; ms < SUNSET + 5 * DAY; ms += DAY / 4) {
    for (let node = 0; node < 2; node++) {
      for (const { kind, consumer, atMs } of await store.write((writing) => announce(writing, [version], usage(ms), ms)))
        if (consumer === 'acme') heard.push(`${kind} ${(atMs - ms) / DAY}`)
        else assert.equal(consumer, 'busy')
    }
  }
  assert.deepEqual(heard, ['deprecated 0', 'sunset 90', 'sunset 30', 'brown-out 1', 'sunset 7', 'sunset 1'])
  await store.close()
})

test('what was missed while nobody looked is told once, by its latest date; a sunset that is moved is told anew', async () => {
  const store = new MemoryStore()
  const ask = (schedule: LivingVersion['schedule'], ms: number) => store.write((writing) => announce(writing, [{ ...version, schedule }], usage(ms), ms))
  const late = SUNSET - 5 * DAY
  const first = await ask(version.schedule, late)
  assert.deepEqual(
    first.map(({ kind, consumer, id }) => [kind, consumer, id]),
    [
      ['sunset', 'busy', `bookshop@v1/sunset/${SUNSET}/7/busy`],
      ['sunset', 'acme', `bookshop@v1/sunset/${SUNSET}/7/acme`],
    ],
  )
  assert.equal(
    first[1]!.text,
    'bookshop@v1 is deprecated and will answer 410 Gone from 1971-02-05 00:00 UTC on. acme called it 7 times, last on 1971-01-30 23:59 UTC. Move to v2. See https://example.com/migrate',
  )
  assert.equal((await ask(version.schedule, late + 1000)).length, 0)
  assert.equal((await ask({ ...version.schedule, sunsetMs: SUNSET + DAY }, late + 2000)).length, 2)
  await store.close()
})

test('an announcement whose transaction fails is not lost: it is due again', async () => {
  const store = new MemoryStore()
  await assert.rejects(
    store.write(async (writing) => {
      assert.equal((await announce(writing, [version], usage(SUNSET - DAY), SUNSET - DAY)).length, 2)
      throw new Error('the outbox is full')
    }),
  )
  assert.equal((await store.write((writing) => announce(writing, [version], usage(SUNSET - DAY), SUNSET - DAY))).length, 2)
  await store.close()
})

test('nothing is said of a version that is gone, and the next date is known beforehand', () => {
  assert.deepEqual(occasionsAt(version.schedule, SUNSET), [])
  const firstDays = new Map<string, number>()
  for (let ms = 0; ms < SUNSET; ms += DAY)
    for (const { key } of occasionsAt(version.schedule, ms)) if (!firstDays.has(key)) firstDays.set(key, (SUNSET - ms) / DAY)
  assert.deepEqual([...firstDays.values()], [300, 90, 30, 21, 7, 1])
})
