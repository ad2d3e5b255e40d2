// History is as long as the operator wants it: what goes goes whole, and nothing goes that somebody still needs.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MemoryStore } from '../../adapters/memory/store.ts'
import { FailingStore, type Failure } from '../../ports/conformance/failing-store.ts'
import { type Store, StoreUnavailable, UncertainCommit } from '../../ports/store.ts'
import { commit } from './commit.ts'
import { ada, anyone, api, done, fileOf, openapi, openCatalog, start } from './conformance/fixtures.ts'
import { assertTextsHeld } from './conformance/held-texts.ts'
import { discardDraft, openDraft } from './drafts.ts'
import { findRevision, listRevisions } from './history.ts'
import { recordNode } from './nodes.ts'
import { type Pruned, pruneRevisions, type Retention } from './pruning.ts'
import { CHANGES } from './records.ts'
import { revisionDifferences } from './revision-differences.ts'
import { rollbackTo } from './rollback.ts'
import { readHead, readHorizon, readState } from './state.ts'
import { verifyCatalog } from './verify.ts'

const NOW = 1_000_000
const nobody = async (): Promise<void> => {}
const kept = async (store: Store): Promise<number[]> => (await store.read((r) => listRevisions(r, 100))).map(({ number }) => number)
const assertWhole = async (store: Store): Promise<void> => {
  assert.deepEqual(await store.read(verifyCatalog), [])
  await store.read(assertTextsHeld)
}

/** `count` revisions of one API and its document, published by a node that says so. */
async function house(count: number) {
  const made = await start()
  for (let i = 1; i <= count; i++) done(await made.publish(api('a', { websocket: i % 2 === 0 }), openapi('d', `/x${i}`)))
  const prune = async (retention: Partial<Retention> = {}, nowMs = NOW): Promise<Pruned | undefined> => {
    await made.catalog.beat()
    return pruneRevisions(made.store, { for: 0, newest: 1, ...retention }, nowMs, nobody)
  }
  return { ...made, prune }
}

describe('pruning', () => {
  test('leaves the newest, and says of the others that they were pruned, not that they never were', async () => {
    const { store, prune, catalog } = await house(5)
    const before = catalog.configuration
    assert.deepEqual(await prune({ newest: 2 }), { from: 1, through: 3 })
    assert.deepEqual(await kept(store), [5, 4])
    assert.deepEqual(await store.read((r) => findRevision(r, 3)), { refused: 'pruned-revision' })
    assert.deepEqual(await store.read((r) => findRevision(r, 6)), { refused: 'unknown-revision' })
    assert.deepEqual(await store.read((r) => findRevision(r, 0)), { refused: 'unknown-revision' })
    assert.deepEqual(await store.read((r) => rollbackTo(r, { to: 3, author: ada, nowMs: NOW })), { refused: 'pruned-revision' })
    assert.deepEqual(await store.read((r) => revisionDifferences(r, 3)), [])
    assert.equal(catalog.configuration, before)
    await assertWhole(store)
    assert.equal(await prune({ newest: 2 }), undefined)
    assert.deepEqual(await prune(), { from: 4, through: 4 })
    await assertWhole(store)
  })

  test('what is kept can be returned to, with the text that a pruned revision brought', async () => {
    const { store, prune, publish, rollback } = await house(1)
    done(await publish(api('b')))
    done(await publish({ kind: 'document', name: 'd' }))
    assert.deepEqual(await prune({ newest: 2 }), { from: 1, through: 1 })
    await assertWhole(store)
    done(await rollback(2))
    assert.deepEqual(await prune(), { from: 2, through: 3 })
    await assertWhole(store)
    const [change] = await store.read((r) => revisionDifferences(r, 4))
    assert.deepEqual([change!.op, change!.name], ['create', 'd'])
  })

  test('a revision is as old as what replaced it: what was live until yesterday can be returned to', async () => {
    let nowMs = 1000
    const store = new MemoryStore()
    const { catalog } = await openCatalog(store, fileOf([]), { nowMs: () => nowMs })
    const publishAt = async (atMs: number, name: string): Promise<void> => {
      nowMs = atMs
      const { revision: base } = await store.read(readHead)
      done(await catalog.publish({ author: ada, message: 'm', base, changes: [api(name)] }, anyone))
      await catalog.beat()
    }
    for (const [atMs, name] of [
      [1000, 'a'],
      [2000, 'b'],
      [9000, 'c'],
    ] as const)
      await publishAt(atMs, name)
    const prune = (at: number) => pruneRevisions(store, { for: 1000, newest: 1 }, at, nobody)
    assert.equal(await prune(2999), undefined)
    assert.deepEqual(await prune(3000), { from: 1, through: 1 })
    assert.equal(await prune(9999), undefined)
    assert.deepEqual(await prune(10_000), { from: 2, through: 2 })
    assert.equal(await prune(10_000_000), undefined)
    await catalog.close()
  })

  test('a draft keeps what it was made upon: what others did since is still a conflict', async () => {
    const { store, prune, publish, catalog, proposal } = await house(2)
    const opened = done(await store.write((w) => openDraft(w, { id: 'draft_1', author: ada, message: 'm', nowMs: NOW, changes: [api('a')] })))
    done(await publish(api('a', { methods: ['GET'] })))
    done(await publish(api('b')))
    assert.deepEqual(await prune(), { from: 1, through: 1 })
    assert.deepEqual(await catalog.publish({ ...(await proposal([api('a')], opened.base)), draft: opened }, anyone), {
      refused: 'conflict',
      objects: ['api/a'],
    })
    await store.write((w) => discardDraft(w, opened.id, opened.digest))
    assert.deepEqual(await prune(), { from: 2, through: 3 })
    // Nobody knows any more whether it was changed since then: that is no reason to overwrite it.
    assert.deepEqual(await catalog.publish(await proposal([api('c')], 2), anyone), { refused: 'conflict', objects: ['api/c'] })
    await assertWhole(store)
  })

  test('the draft of a rollback keeps its target', async () => {
    const { store, prune } = await house(4)
    const back = await store.read((r) => rollbackTo(r, { to: 2, author: ada, nowMs: NOW }))
    assert.ok(!('refused' in back))
    done(await store.write((w) => openDraft(w, { id: 'draft_1', nowMs: NOW, ...back, rollback: back.rollback! })))
    assert.deepEqual(await prune(), { from: 1, through: 1 })
  })

  test('what a rollback left to the file keeps its target and stays told, until the file speaks', async () => {
    const { store, catalog, publish, rollback, drift } = await start([api('shop')])
    done(await publish(api('a')))
    await catalog.fileChanged(fileOf([api('shop', { websocket: true })]))
    done(await rollback(2))
    const prune = async () => {
      await catalog.beat()
      return pruneRevisions(store, { for: 0, newest: 1 }, NOW, nobody)
    }
    assert.deepEqual(await prune(), { from: 1, through: 1 })
    assert.deepEqual(
      (await drift()).map(({ what }) => what),
      ['not-rolled-back'],
    )
    await catalog.fileChanged(fileOf([api('shop', { methods: ['GET'] })]))
    assert.deepEqual(await prune(), { from: 2, through: 4 })
    assert.deepEqual(await drift(), [])
    await assertWhole(store)
  })

  test('what another node still runs stays, for as long as it is heard of', async () => {
    const { store, prune } = await house(4)
    await store.write((w) => recordNode(w, { id: 'node_b', fileDigest: 'x', revision: 2, atMs: NOW, startedMs: NOW }))
    assert.deepEqual(await prune(), { from: 1, through: 1 })
    await store.write((w) => recordNode(w, { id: 'node_b', fileDigest: 'x', revision: 2, atMs: NOW - 61_000, startedMs: NOW }))
    assert.deepEqual(await prune(), { from: 2, through: 3 })
  })

  test('several nodes at once prune once, and the trail is told once', async () => {
    const { store, catalog } = await house(6)
    await catalog.beat()
    const told: Pruned[] = []
    const turn = () => pruneRevisions(store, { for: 0, newest: 2 }, NOW, async (_writing, pruned) => void told.push(pruned))
    await Promise.all(Array.from({ length: 5 }, turn))
    assert.deepEqual(told, [{ from: 1, through: 4 }])
    await assertWhole(store)
  })

  test('thousands of changes go in transactions that each take a bounded piece, over as many turns as it takes', async () => {
    const store = new MemoryStore()
    const many = Array.from({ length: 10_300 }, (_, i) => api(`a${i}`))
    for (const changes of [many, many.map(({ kind, name }) => ({ kind, name })), [api('last')]])
      await store.write(async (w) =>
        commit(w, await readHead(w), await readState(w, 'console'), { owner: 'console', author: ada, message: 'm', nowMs: NOW, changes }),
      )
    const counted = new FailingStore(store, () => undefined)
    const turn = async () => {
      counted.steps.length = 0
      const pruned = await pruneRevisions(counted, { for: 0, newest: 1 }, NOW, nobody)
      const transactions = counted.steps.join(' ').split('commit').slice(0, -1)
      return { pruned, removals: transactions.map((each) => each.split(' ').filter((step) => step === 'remove').length) }
    }
    const first = await turn()
    assert.deepEqual(first.pruned, { from: 1, through: 2 })
    assert.deepEqual(first.removals, [2, ...Array.from({ length: 50 }, () => 400)])
    await assertWhole(store)
    assert.deepEqual(await turn(), { pruned: undefined, removals: Array.from({ length: 50 }, () => 400) })
    assert.deepEqual(await turn(), { pruned: undefined, removals: [400, 400, 400] })
    assert.deepEqual(await turn(), { pruned: undefined, removals: [] })
    await assertWhole(store)
    const rest = await store.read((r) => r.scan(CHANGES, { limit: 10 }))
    assert.deepEqual(
      rest.map(({ key }) => key),
      ['000000000003/console/api/last'],
    )
  })

  for (const failure of ['unavailable', 'uncertain-kept', 'uncertain-lost'] satisfies Failure[])
    test(`a store that fails at any step (${failure}) leaves a history that adds up, and the next turn ends it`, async () => {
      let steps = 0
      for (let n = 1; ; n++) {
        const { store, catalog } = await house(4)
        await catalog.beat()
        let [at, told] = [0, 0]
        const failing = new FailingStore(store, () => (++at === n ? failure : undefined))
        const turn = (on: Store) => pruneRevisions(on, { for: 0, newest: 1 }, NOW, async () => void told++)
        const outcome = await turn(failing).catch((cause: unknown) => cause)
        await assertWhole(store)
        if (at < n) break
        steps++
        assert.ok(outcome instanceof StoreUnavailable || outcome instanceof UncertainCommit, String(outcome))
        const { revision } = await store.read(readHorizon)
        assert.ok(revision === 0 || revision === 3, String(revision))
        await turn(store)
        assert.deepEqual(await kept(store), [4])
        await assertWhole(store)
        const changes = await store.read((r) => r.scan({ name: 'catalog-change' }, { limit: 100 }))
        assert.equal(changes.length, 2)
      }
      assert.ok(steps > 30, `${steps}`)
    })

  test('a history that was cut by somebody else is noticed', async () => {
    const { store } = await house(3)
    await store.write(async (w) => w.remove({ name: 'catalog-revision' }, '000000000001'))
    assert.notDeepEqual(await store.read(verifyCatalog), [])
  })

  test('a value that is served and is not what was published is noticed', async () => {
    const { store } = await house(1)
    await store.write(async (w) => {
      const objects = { name: 'catalog-object' }
      const [entry] = await w.scan<object>(objects, { limit: 1, prefix: 'console/api/' })
      w.put(objects, entry!.key, { ...entry!.value, stored: { value: { path: '/', public: true, upstream: 'http://evil.example' } } })
    })
    assert.match((await store.read(verifyCatalog)).join(), /api\/a has another value/)
  })
})
