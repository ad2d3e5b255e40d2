// Versions that end are told of by the running parts together: once to webhooks, once to the team of each consumer who still calls, and never twice.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Announcing } from '../../src/app/announcing.ts'
import { sourcesOf } from '../../src/catalog/revisions/conformance/fixtures.ts'
import { createConsumer } from '../../src/directory/consumers.ts'
import { NO_FILE } from '../../src/directory/records.ts'
import { createTeam } from '../../src/directory/teams.ts'
import { recordCalls } from '../../src/directory/usage-book.ts'
import type { Notice } from '../../src/management/plane.ts'
import { waitingMessages } from '../../src/outbox/outbox.ts'
import { everyEntry, type Store } from '../../src/ports/store.ts'
import { FILE, type World, world } from './world.ts'

const DAY = 86_400_000
const HOOK = { url: 'https://hooks.example', secret: { env: 'HOOK' }, events: ['version.*'] }
const sources = (sunset: string) =>
  sourcesOf(
    JSON.stringify({
      ...FILE,
      settings: { webhooks: { watch: HOOK } },
      apis: { ...FILE.apis, books: { path: '/books', upstream: 'http://books.example', public: true, versioning: { by: 'path' } } },
      versions: {
        books: {
          v1: { deprecated: '2026-12-01', sunset, successor: 'v2', brownOuts: [{ from: '2027-05-01', for: '30m' }] },
          v2: {},
        },
      },
    }),
  )
const contacts = [
  { kind: 'mail', address: 'greens@example.org' },
  { kind: 'webhook', url: 'https://greens.example/hook' },
] as const

async function calls(store: Store, nowMs: number, ...consumers: readonly string[]): Promise<void> {
  await store.write((writing) =>
    recordCalls(
      writing,
      consumers.map((consumer) => ({ api: 'books@v1', consumer, count: 2, lastMs: nowMs })),
      400 * DAY,
    ),
  )
}
async function waiting(store: Store): Promise<number> {
  return store.read(async (reading) => {
    let count = 0
    for await (const _ of everyEntry(reading, waitingMessages, '')) count++
    return count
  })
}
async function inWorld(work: (made: World, node: () => Announcing, heard: Notice[]) => Promise<void>): Promise<void> {
  const made = await world()
  try {
    await made.catalog.fileChanged(sources('2027-06-01'))
    const act = { by: 'system', nowMs: made.plane.nowMs() }
    await made.store.write(async (writing) => {
      await createTeam(writing, act, 'greens', { title: 'Greens', contacts })
      for (const name of ['acme', 'late']) {
        const consumer = await createConsumer(writing, act, NO_FILE, name, { title: name, team: 'greens', subscriptions: {} })
        assert.ok(!('refused' in consumer), JSON.stringify(consumer))
      }
    })
    const heard: Notice[] = []
    const node = () =>
      new Announcing({
        ...{ store: made.store, nowMs: made.plane.nowMs },
        versions: () => made.catalog.configuration.versions,
        tell: async (writing, notice) => {
          heard.push(notice)
          await made.plane.services.tell(writing, notice)
        },
      })
    await work(made, node, heard)
    assert.deepEqual(made.reports, [])
  } finally {
    await made.close()
  }
}

test('over a whole life every occasion is told once to webhooks and once to the team of each caller, by whichever of two nodes looks', () =>
  inWorld(async (made, node, heard) => {
    const { store, clock, plane } = made
    const nodes = [node(), node()]
    const told: string[] = []
    for (let day = 0; day < 200; day++) {
      await calls(store, plane.nowMs(), 'acme', 'filed')
      for (const each of [...nodes, node()]) await each.look()
      for (const { event, data, team } of heard.splice(0)) told.push(`${day} ${event} ${data['consumer'] ?? `all ${data['callers']}`} ${team ?? ''}`.trim())
      clock.advanceMs(DAY)
    }
    const occasions = ['7 version.deprecated', '99 version.sunset', '157 version.brown-out', '159 version.sunset', '182 version.sunset', '188 version.sunset']
    assert.deepEqual(
      told,
      occasions.flatMap((each) => [`${each} all 2`, `${each} acme greens`]),
    )
    // Each occasion: one webhook, one mail, one webhook of the team.
    assert.equal(await waiting(store), occasions.length * 3)
  }))

test('who begins to call later is told within the hour, and what could not be put down is told after all', () =>
  inWorld(async (made, node, heard) => {
    const { store, clock, plane } = made
    clock.advanceMs(100 * DAY)
    await calls(store, plane.nowMs(), 'acme')
    const one = node()
    const { tell } = plane.services
    Object.assign(plane.services, { tell: () => Promise.reject(new Error('the outbox is full')) })
    await assert.rejects(one.look())
    Object.assign(plane.services, { tell })
    heard.length = 0
    await one.look()
    assert.deepEqual(
      heard.splice(0).map(({ event, data }) => [event, data['consumer']]),
      [
        ['version.deprecated', undefined],
        ['version.sunset', undefined],
        ['version.sunset', 'acme'],
      ],
    )
    await calls(store, plane.nowMs(), 'late')
    await one.look()
    assert.equal(heard.length, 0)
    clock.advanceMs(3_600_000)
    await one.look()
    assert.deepEqual(
      heard.splice(0).map(({ data }) => data['consumer']),
      ['late'],
    )
    // A sunset that is moved is another one.
    await made.catalog.fileChanged(sources('2027-06-02'))
    await one.look()
    assert.deepEqual(
      heard.splice(0).map(({ data, contactsOnly }) => [data['consumer'], contactsOnly]),
      [
        [undefined, undefined],
        ['acme', true],
        ['late', true],
      ],
    )
  }))
