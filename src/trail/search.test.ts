// Holds a search to what looking at every entry finds.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALICE, BOB, SIZE, START_MS, trailHouse } from '../../test/support/trail-house.ts'
import type { Reading } from '../ports/store.ts'
import { readEntry } from './records.ts'
import { searchTrail, type TrailQuery } from './search.ts'

test('a search by who, what, on what and when finds what looking at every entry finds, in pages, both ways', async () => {
  const { store } = await trailHouse()
  const queries: readonly Omit<TrailQuery, 'limit'>[] = [
    {},
    { actor: ALICE.id },
    { actor: 'nobody' },
    { act: 'key.create' },
    { act: 'key.' },
    { act: 'key' },
    { act: 'trail.' },
    { act: 's' },
    { object: { kind: 'key', name: 'key-3' } },
    { object: { kind: 'key', name: 'key-3' }, actor: BOB.id, act: 'session.sign-in' },
    { fromMs: START_MS + 10_000, untilMs: START_MS + 20_000 },
    { fromMs: START_MS + 10_001, act: 'key.create' },
    { untilMs: START_MS },
    { fromMs: START_MS + 1e9 },
    { from: 7, until: 13 },
    { outcome: 'refused' },
  ]
  assert.equal(queries.length, 16)
  await store.read(async (reading) => {
    for (const query of queries) {
      const wanted: number[] = []
      for (let index = 0; index < SIZE; index++) {
        const entry = (await readEntry(reading, index))!
        const ms = Date.parse(entry.time)
        const fits =
          (query.actor ?? entry.actor.id) === entry.actor.id &&
          entry.act.startsWith(query.act ?? '') &&
          (query.object === undefined || entry.object?.name === query.object.name) &&
          (query.outcome ?? entry.outcome) === entry.outcome &&
          ms >= (query.fromMs ?? 0) &&
          ms < (query.untilMs ?? 1e15) &&
          index >= (query.from ?? 0) &&
          index < (query.until ?? SIZE)
        if (fits) wanted.push(index)
      }
      for (const limit of [1, 3, 1000]) {
        assert.deepEqual(await allPages(reading, { ...query, limit }), wanted.toReversed(), JSON.stringify(query))
        assert.deepEqual(await allPages(reading, { ...query, limit, oldestFirst: true }), wanted, JSON.stringify(query))
      }
    }
  })
})
async function allPages(reading: Reading, query: TrailQuery): Promise<number[]> {
  const found: number[] = []
  let page = await searchTrail(reading, query)
  for (;;) {
    assert.ok(page.entries.length <= query.limit)
    found.push(...page.entries.map(({ index }) => index))
    if (page.next === undefined) return found
    page = await searchTrail(reading, { ...query, [query.oldestFirst ? 'from' : 'until']: page.next })
  }
}
