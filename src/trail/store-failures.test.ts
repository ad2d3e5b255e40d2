// The trail over a store that fails, or that somebody else writes to.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ALICE, BOB, newTrail, SIGN_IN, SIZE, START_MS, trailHouse, verdictOfTrail } from '../../test/support/trail-house.ts'
import { canonicalJson } from '../base/canonical-json.ts'
import type { Collection, Writing } from '../ports/store.ts'
import { Frontier, leafHash } from './merkle-hash.ts'
import { CHECKPOINTS, ENTRIES, HEAD, HEAD_KEY, indexKey, OPENINGS, openingKey, readHead } from './records.ts'
import { searchTrail } from './search.ts'

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
          await trail.append(failingWriting, { ...SIGN_IN, detail: { act } }, START_MS + act)
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
    await trail.append(writing, SIGN_IN, START_MS + 1e6)
    writing.remove(OPENINGS, openingKey(SIZE, 'address'))
  })
  assert.deepEqual(
    (await verdictOfTrail(store, trail)).faults.map(({ code }) => code),
    ['unlogged-erasure'],
  )
})

test('who can write to the store, without the envelope key, cannot have another history signed nor gone on with', async () => {
  const honest = await trailHouse()
  const head = (await honest.store.read(readHead))!
  const changes: readonly ((writing: Writing) => Promise<void>)[] = [
    async (writing) => {
      // Every entry written anew, each hash right, and the end of the trail with them.
      const frontier = new Frontier()
      for (let index = 0; index < SIZE; index++) {
        const { entry } = (await writing.get(ENTRIES, indexKey(index)))!
        const changed = index === 7 ? { ...entry, actor: { kind: 'person' as const, id: 'person_mallory' } } : entry
        const nodes = frontier.append(leafHash(Buffer.from(canonicalJson(changed)))).map((node) => node.toString('base64'))
        writing.put(ENTRIES, indexKey(index), { entry: changed, nodes })
      }
      for (const { key } of await writing.scan(CHECKPOINTS, { limit: 100 })) writing.remove(CHECKPOINTS, key)
      writing.put(HEAD, HEAD_KEY, { ...head, peaks: frontier.hashes.map((peak) => peak.toString('base64')) })
    },
    async (writing) => writing.put(HEAD, HEAD_KEY, { ...head, timeMs: head.timeMs + 1 }),
    async (writing) => writing.put(HEAD, HEAD_KEY, { ...head, size: SIZE - 1 }),
    async (writing) => writing.put(HEAD, HEAD_KEY, { ...head, seal: head.seal.slice(4) }),
  ]
  assert.equal(changes.length, 4)
  for (const change of changes) {
    const { store, trail } = await trailHouse()
    await store.write(change)
    const attempts: readonly ((writing: Writing) => Promise<unknown>)[] = [
      (writing) => trail.append(writing, SIGN_IN, START_MS * 2),
      (writing) => trail.checkpoint(writing),
      (writing) => trail.rotateKey(writing, ALICE, START_MS * 2),
    ]
    for (const attempt of attempts) await assert.rejects(store.write(attempt), /AlteredTrail|UnreadableSecret/)
  }
})
