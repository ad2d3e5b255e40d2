// The trail over a store: what an append keeps and costs, what is replaced and refused, and how fields are erased.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALICE, BOB, ERASED, exportText, newTrail, SIGN_IN, SIZE, START_MS, seededRandom, trailHouse, verdictOfTrail } from '../../test/support/trail-house.ts'
import { canonicalJson } from '../base/canonical-json.ts'
import type { TrailEvent } from '../model/trail-event.ts'
import type { Writing } from '../ports/store.ts'
import { readCheckpoint, readCheckpoints } from './checkpoints.ts'
import { leafHash } from './merkle-hash.ts'
import { consistencyProof, inclusionProof, rootAt } from './merkle-proofs.ts'
import { verifyConsistency, verifyInclusion } from './merkle-verification.ts'
import { frontierOf, nodesOf, readEntry, readHead } from './records.ts'
import { readOpenings } from './search.ts'

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
    await trail.append(writing, SIGN_IN, START_MS)
    for (let i = 0; i < 1022; i++) {
      const { counts, counted } = counting(writing)
      await trail.append(counted, SIGN_IN, START_MS)
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
      { ...SIGN_IN, object: { kind: 'session', name: 's1' }, outcome: 'refused', code: 'sign-in.wrong', detail: { b: 1, a: undefined } },
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
        ...SIGN_IN,
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
    { ...SIGN_IN, act: 'sign in' },
    { ...SIGN_IN, act: 'trail.erase' },
    { ...SIGN_IN, act: 'trail.begin' },
    { ...SIGN_IN, act: 'trail.rotate-key' },
    { ...SIGN_IN, code: 'Not A Code' },
    { ...SIGN_IN, actor: { kind: 'person', id: '' } },
    { ...SIGN_IN, object: { kind: 'API', name: 'a' } },
    { ...SIGN_IN, detail: { a: Number.NaN } },
    { ...SIGN_IN, detail: { a: [undefined] } },
    { ...SIGN_IN, detail: { a: '\ud800' } },
    { ...SIGN_IN, detail: { deep } },
    { ...SIGN_IN, personal: { 'a name': 'x' } },
    { ...SIGN_IN, personal: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`f${i}`, 'x'])) },
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
    await trail.append(writing, SIGN_IN, START_MS)
    const index = await trail.append(writing, SIGN_IN, START_MS - 5000)
    const { time, clock } = (await readEntry(writing, index))!
    assert.deepEqual([time, clock], ['2026-11-24T08:00:00.000Z', '2026-11-24T07:59:55.000Z'])
  })
  assert.ok((await verdictOfTrail(store, trail)).ok)
})

test('appends that do not wait for each other take a place each', async () => {
  const { store, trail } = newTrail()
  const places = await store.write((writing) => Promise.all([1, 2, 3].map(() => trail.append(writing, SIGN_IN, START_MS))))
  assert.deepEqual(places, [1, 2, 3])
  const mixed = await store.write((writing) =>
    Promise.all([
      trail.append(writing, SIGN_IN, START_MS),
      trail.checkpoint(writing),
      trail.rotateKey(writing, ALICE, START_MS),
      trail.append(writing, SIGN_IN, START_MS),
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

test('the same random octets give the same trail, so that nothing else goes into it', async () => {
  const [one, two] = await Promise.all([exportText(await trailHouse()), exportText(await trailHouse())])
  assert.equal(one, two)
  assert.notDeepEqual(seededRandom('a')(16), seededRandom('b')(16))
})
