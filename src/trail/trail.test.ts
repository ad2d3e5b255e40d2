// The trail over a store: what an append keeps and costs, how it is searched and erased, and what is left when the store fails.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assert as assertProperty, asyncProperty, integer } from 'fast-check'
import { MemoryStore } from '../../test/support/stores.ts'
import { testEnvelope } from '../../test/support/test-envelope.ts'
import { ALICE, BOB, ERASED, exportText, SIZE, START_MS, seededRandom, trailHouse } from '../../test/support/trail-house.ts'
import { canonicalJson } from '../base/canonical-json.ts'
import type { TrailEvent } from '../model/trail-event.ts'
import type { Collection, Reading, Writing } from '../ports/store.ts'
import { readCheckpoint, readCheckpoints } from './checkpoints.ts'
import { leafHash } from './merkle-hash.ts'
import { consistencyProof, inclusionProof, rootAt } from './merkle-proofs.ts'
import { verifyConsistency, verifyInclusion } from './merkle-verification.ts'
import { frontierOf, nodesOf, OPENINGS, openingKey, readEntry, readHead } from './records.ts'
import { readOpenings, searchTrail, type TrailQuery } from './search.ts'
import { Trail } from './trail.ts'
import { type Verdict, verifyExport } from './verify.ts'

const signIn: TrailEvent = { act: 'session.sign-in', actor: ALICE, outcome: 'done', personal: { name: 'Alice', address: '203.0.113.9' } }
const newTrail = () => ({ store: new MemoryStore(), trail: new Trail(testEnvelope()) })
async function verdictOf(text: string | Uint8Array): Promise<Verdict> {
  return verifyExport(
    (async function* () {
      yield Buffer.from(text)
    })(),
    { checkpoints: [], keys: [] },
  )
}
async function verdictOfTrail(store: MemoryStore, trail: Trail): Promise<Verdict> {
  return verdictOf(await exportText({ store, trail, signers: [] }))
}

/** A handle that counts what is asked of it. */
function counting(writing: Writing) {
  const counts = { reads: 0, puts: 0 }
  const counted: Writing = {
    get(of, key) {
      counts.reads++
      return writing.get(of, key)
    },
    scan(of, range) {
      counts.reads++
      return writing.scan(of, range)
    },
    collections: () => writing.collections(),
    put(of, key, value) {
      counts.puts++
      writing.put(of, key, value)
    },
    remove: (of, key) => writing.remove(of, key),
  }
  return { counts, counted }
}

test('an append reads one record and writes four, and one more for an object and for each personal field, however long the trail is', async () => {
  const { store, trail } = newTrail()
  await store.write(async (writing) => {
    await trail.append(writing, signIn, START_MS)
    for (let i = 0; i < 1022; i++) {
      const { counts, counted } = counting(writing)
      await trail.append(counted, signIn, START_MS)
      assert.deepEqual(counts, { reads: 1, puts: 6 })
      if (i % 100 === 0) {
        const plain = counting(writing)
        await trail.append(plain.counted, { act: 'draft.publish', actor: BOB, outcome: 'refused', code: 'stale', object: { kind: 'api', name: 'a' } }, START_MS)
        assert.deepEqual(plain.counts, { reads: 1, puts: 5 })
      }
    }
  })
  const verdict = await verdictOfTrail(store, trail)
  assert.deepEqual([verdict.ok, verdict.size], [true, 1 + 1 + 1022 + 11])
})

test('an entry holds who, what, when, on what and with what outcome, and of personal data only digests', async () => {
  const { store, trail } = newTrail()
  const index = await store.write((writing) =>
    trail.append(
      writing,
      { ...signIn, object: { kind: 'session', name: 's1' }, outcome: 'refused', code: 'sign-in.wrong', detail: { b: 1, a: undefined } },
      START_MS,
    ),
  )
  await store.read(async (reading) => {
    const entry = (await readEntry(reading, index))!
    assert.deepEqual(
      { ...entry, personal: Object.keys(entry.personal!) },
      {
        index: 1,
        time: '2026-11-24T08:00:00.000Z',
        act: 'session.sign-in',
        actor: ALICE,
        outcome: 'refused',
        code: 'sign-in.wrong',
        object: { kind: 'session', name: 's1' },
        detail: { b: 1 },
        personal: ['name', 'address'],
      },
    )
    assert.ok(!JSON.stringify(entry).includes('203.0.113.9'))
    const openings = await readOpenings(reading, index)
    assert.deepEqual([...openings.keys()].sort(), ['address', 'name'])
    assert.notEqual(openings.get('name')!.salt, openings.get('address')!.salt)
  })
})

test('what is too large or cannot be written stands there as its digest and says so; what is no event throws, and nothing is kept', async () => {
  const { store, trail } = newTrail()
  const large = { text: 'a'.repeat(60_000) }
  await store.write(async (writing) => {
    const index = await trail.append(
      writing,
      {
        ...signIn,
        actor: { kind: 'anonymous', id: '\ud800' },
        object: { kind: 'key', name: '\u20ac'.repeat(300) },
        detail: large,
        personal: { name: 'n'.repeat(5000), other: '\udc00' },
      },
      START_MS,
    )
    const entry = (await readEntry(writing, index))!
    assert.deepEqual(entry.replaced, ['actor', 'object', 'detail'])
    assert.equal(entry.detail!['octets'], canonicalJson(large).length)
    assert.match(String(entry.detail!['digest']), /^sha256:[0-9a-f]{64}$/)
    assert.deepEqual((await readOpenings(writing, index)).get('name')!.value, {
      ...((await readOpenings(writing, index)).get('name')!.value as object),
      octets: 5000,
    })
  })
  assert.ok((await verdictOfTrail(store, trail)).ok)
  const before = (await store.read(readHead))!.size
  let deep: unknown = 1
  for (let i = 0; i < 40; i++) deep = [deep]
  const events: readonly TrailEvent[] = [
    { ...signIn, act: 'sign in' },
    { ...signIn, act: 'trail.erase' },
    { ...signIn, act: 'trail.begin' },
    { ...signIn, act: 'trail.rotate-key' },
    { ...signIn, code: 'Not A Code' },
    { ...signIn, actor: { kind: 'person', id: '' } },
    { ...signIn, object: { kind: 'API', name: 'a' } },
    { ...signIn, detail: { a: Number.NaN } },
    { ...signIn, detail: { a: [undefined] } },
    { ...signIn, detail: { a: '\ud800' } },
    { ...signIn, detail: { deep } },
    { ...signIn, personal: { 'a name': 'x' } },
    { ...signIn, personal: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`f${i}`, 'x'])) },
  ]
  assert.equal(events.length, 13)
  for (const event of events)
    await assert.rejects(
      store.write((writing) => trail.append(writing, event, START_MS)),
      TypeError,
    )
  assert.equal((await store.read(readHead))!.size, before)
})

test('a clock that was set back does not turn the trail back, and is told', async () => {
  const { store, trail } = newTrail()
  await store.write(async (writing) => {
    await trail.append(writing, signIn, START_MS)
    const index = await trail.append(writing, signIn, START_MS - 5000)
    const { time, clock } = (await readEntry(writing, index))!
    assert.deepEqual([time, clock], ['2026-11-24T08:00:00.000Z', '2026-11-24T07:59:55.000Z'])
  })
  assert.ok((await verdictOfTrail(store, trail)).ok)
})

test('appends that do not wait for each other take a place each', async () => {
  const { store, trail } = newTrail()
  const places = await store.write((writing) => Promise.all([1, 2, 3].map(() => trail.append(writing, signIn, START_MS))))
  assert.deepEqual(places, [1, 2, 3])
  const mixed = await store.write((writing) =>
    Promise.all([
      trail.append(writing, signIn, START_MS),
      trail.checkpoint(writing),
      trail.rotateKey(writing, ALICE, START_MS),
      trail.append(writing, signIn, START_MS),
    ]),
  )
  assert.deepEqual([mixed[0], mixed[1]!.size, mixed[2].size, mixed[3]], [4, 5, 6, 6])
  assert.deepEqual((await verdictOfTrail(store, trail)).faults, [])
})

test('proofs for any two sizes come out of the store, and verify against its checkpoints', async () => {
  const { store } = await trailHouse()
  await store.read(async (reading) => {
    const node = nodesOf(reading)
    const sizes = (await readCheckpoints(reading, 10)).map(({ size }) => size)
    assert.deepEqual(sizes, [40, 35, 30, 26, 20, 10])
    for (const size of sizes) assert.deepEqual(await rootAt(node, size), (await readCheckpoint(reading, size))!.root)
    assert.deepEqual(frontierOf((await readHead(reading))!).root(), await rootAt(node, SIZE))
    let proofs = 0
    for (let to = 1; to <= SIZE; to++) {
      for (let from = 1; from <= to; from++, proofs++)
        assert.ok(verifyConsistency(from, to, await rootAt(node, from), await rootAt(node, to), await consistencyProof(node, from, to)))
    }
    for (let index = 0; index < SIZE; index++, proofs++) {
      const leaf = leafHash(Buffer.from(canonicalJson(await readEntry(reading, index))))
      assert.ok(verifyInclusion(leaf, index, SIZE, await inclusionProof(node, index, SIZE), await rootAt(node, SIZE)))
    }
    assert.equal(proofs, 860)
  })
})

test('erasing needs two different people and fields that are there, keeps every proof, and changes nothing when refused', async () => {
  const { store, trail } = await trailHouse()
  const order = { fields: [{ index: 20, name: 'name' }], requestedBy: ALICE, approvedBy: BOB, reason: 'request 18' }
  const cases: readonly (readonly [string, typeof order])[] = [
    ['four-eyes', { ...order, approvedBy: ALICE }],
    ['four-eyes', { ...order, approvedBy: { kind: 'token', id: 'token_1' } }],
    ['four-eyes', { ...order, requestedBy: { kind: 'system', id: 'system' } }],
    ['no-fields', { ...order, fields: [] }],
    ['too-many-fields', { ...order, fields: Array.from({ length: 257 }, () => order.fields[0]!) }],
    ['bad-reason', { ...order, reason: '' }],
    ['bad-reason', { ...order, reason: 'a'.repeat(1001) }],
    ['unknown-field', { ...order, fields: [{ index: 21, name: 'name' }] }],
    ['unknown-field', { ...order, fields: [{ index: 400, name: 'name' }] }],
    ['unknown-field', { ...order, fields: [{ index: -1, name: 'name' }] }],
    ['unknown-field', { ...order, fields: [{ index: 20, name: 'constructor' }] }],
    ['already-erased', { ...order, fields: [{ index: ERASED, name: 'name' }] }],
    ['already-erased', { ...order, fields: [order.fields[0]!, order.fields[0]!] }],
  ]
  assert.equal(cases.length, 13)
  for (const [refused, each] of cases) {
    const answer = await store.write((writing) => trail.erase(writing, each, START_MS))
    assert.deepEqual('refused' in answer && answer.refused, refused)
  }
  assert.equal((await store.read(readHead))!.size, SIZE)
  const before = await store.read(async (reading) => (await readCheckpoint(reading, SIZE))!.root)
  assert.deepEqual(await store.write((writing) => trail.erase(writing, order, START_MS)), { index: SIZE })
  await store.read(async (reading) => {
    assert.deepEqual([...(await readOpenings(reading, 20)).keys()], ['address'])
    assert.deepEqual(await rootAt(nodesOf(reading), SIZE), before)
  })
  const verdict = await verdictOfTrail(store, trail)
  assert.deepEqual([verdict.ok, verdict.erased], [true, 2])
})

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

test('a store that fails at any of its writes leaves a trail that verifies, and an act only with its entry', async () => {
  const acts: Collection<number> = { name: 'act' }
  let failures = 0
  for (let failAt = 1; failAt <= 40; failAt++) {
    const { store, trail } = newTrail()
    let puts = 0
    const failing = (writing: Writing): Writing => ({
      get: (of, key) => writing.get(of, key),
      scan: (of, range) => writing.scan(of, range),
      collections: () => writing.collections(),
      put(of, key, value) {
        if (++puts === failAt) throw new Error('the disk is full')
        writing.put(of, key, value)
      },
      remove: (of, key) => writing.remove(of, key),
    })
    let acknowledged = 0
    for (let act = 0; act < 8; act++) {
      await store
        .write(async (writing) => {
          const failingWriting = failing(writing)
          failingWriting.put(acts, `${act}`, act)
          await trail.append(failingWriting, { ...signIn, detail: { act } }, START_MS + act)
          if (act === 4)
            await trail.erase(failingWriting, { fields: [{ index: 1, name: 'name' }], requestedBy: ALICE, approvedBy: BOB, reason: 'r' }, START_MS + act)
          if (act === 5) await trail.rotateKey(failingWriting, ALICE, START_MS + act)
        })
        .then(
          () => acknowledged++,
          () => failures++,
        )
    }
    const verdict = await verdictOfTrail(store, trail)
    assert.deepEqual(verdict.faults, [], `put ${failAt}`)
    const kept = await store.read((reading) => reading.scan(acts, { limit: 100 }))
    const { entries } = await store.read((reading) => searchTrail(reading, { act: 'session.sign-in', limit: 100, oldestFirst: true }))
    assert.equal(kept.length, acknowledged)
    assert.deepEqual(
      entries.map(({ detail }) => detail!['act']),
      kept.map(({ value }) => value),
    )
  }
  assert.ok(failures >= 35, `${failures} writes failed`)
})

test('a store that keeps half of a transaction is found out', async () => {
  const { store, trail } = await trailHouse()
  // What a torn write would leave: the head without its entry, an entry without its opening.
  await store.write(async (writing) => {
    await trail.append(writing, signIn, START_MS + 1e6)
    writing.remove(OPENINGS, openingKey(SIZE, 'address'))
  })
  assert.deepEqual(
    (await verdictOfTrail(store, trail)).faults.map(({ code }) => code),
    ['unlogged-erasure'],
  )
})

test('one changed octet anywhere in an export is a fault', async () => {
  const octets = Buffer.from(await exportText(await trailHouse()))
  await assertProperty(
    asyncProperty(integer({ min: 0, max: octets.length - 1 }), integer({ min: 1, max: 255 }), async (at, bits) => {
      const changed = Buffer.from(octets)
      changed[at]! ^= bits
      const verdict = await verdictOf(changed)
      // Signatures of witnesses whose keys nobody brought are passed over, and so is when the file was written.
      const isCosignature = at > octets.indexOf('witness.example') - 5 && at < octets.indexOf('"kind":"end"') - 10
      const isWhenWritten = at > octets.indexOf('"written"') && at < octets.indexOf(10)
      if (!verdict.ok || isCosignature || isWhenWritten) return
      assert.fail(`octet ${at} became ${changed[at]}`)
    }),
    { numRuns: 400 },
  )
})

test('the same random octets give the same trail, so that nothing else goes into it', async () => {
  const [one, two] = await Promise.all([exportText(await trailHouse()), exportText(await trailHouse())])
  assert.equal(one, two)
  assert.notDeepEqual(seededRandom('a')(16), seededRandom('b')(16))
})
