// Several nodes, failures to go live, and restarts.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MemoryStore } from '../../adapters/memory/store.ts'
import { UncertainCommit } from '../../ports/store.ts'
import { ada, anyone, api, done, fileOf, openCatalog, refusedAs, start } from './conformance/fixtures.ts'
import { differenceText } from './difference.ts'
import type { CatalogObject } from './kinds.ts'
import { readHead } from './state.ts'
import { verifyCatalog } from './verify.ts'

describe('several nodes', () => {
  test('what one publishes is live on the other, which heard of it from the store', async () => {
    const store = new MemoryStore()
    const one = await openCatalog(store, fileOf([api('shop')]))
    const two = await openCatalog(store, fileOf([api('shop')]), { nodeId: 'node_b' })
    done(await one.catalog.publish({ author: ada, message: 'm', base: 1, changes: [api('books')] }, anyone))
    await two.catalog.refresh()
    assert.deepEqual(two.lives, [['books', 'shop']])
    assert.deepEqual(await store.read((r) => two.catalog.drift(r)), [])
  })

  test('different files, and a publish that does not go with the file of the other, are drift', async () => {
    const store = new MemoryStore()
    const one = await openCatalog(store, fileOf([api('shop')]))
    const two = await openCatalog(store, fileOf([api('books')]), { nodeId: 'node_b' })
    done(await one.catalog.publish({ author: ada, message: 'm', base: 2, changes: [api('books')] }, anyone))
    await two.catalog.refresh()
    assert.deepEqual(two.lives, [])
    assert.deepEqual(
      (await store.read((r) => two.catalog.drift(r))).map(({ what }) => what),
      ['console-refused', 'owned-twice', 'nodes-differ'],
    )
    await one.catalog.close()
    assert.deepEqual(
      (await store.read((r) => two.catalog.drift(r))).map(({ what }) => what),
      ['console-refused', 'owned-twice'],
    )
  })

  test('two that publish at once both succeed on different objects, and one is refused on the same', async () => {
    const store = new MemoryStore()
    const one = await openCatalog(store, fileOf([]))
    const two = await openCatalog(store, fileOf([]), { nodeId: 'node_b' })
    const publish = ({ catalog }: typeof one, object: CatalogObject) => catalog.publish({ author: ada, message: 'm', base: 0, changes: [object] }, anyone)
    const outcomes = await Promise.all([publish(one, api('a')), publish(two, api('b')), publish(one, api('c')), publish(two, api('c', { websocket: true }))])
    assert.deepEqual(outcomes.map(refusedAs).sort(), ['conflict', 'done', 'done', 'done'])
    assert.deepEqual(await store.read(verifyCatalog), [])
  })

  test('a configuration that cannot be made live is told, and the one before stays', async () => {
    const store = new MemoryStore()
    const { catalog } = await openCatalog(store, fileOf([api('shop')]), { live: () => Promise.reject(new Error('no thread answers')) })
    await catalog.fileChanged(fileOf([api('shop', { websocket: true })]))
    assert.deepEqual(
      (await store.read((r) => catalog.drift(r))).map(({ what, says }) => `${what}: ${says.slice(-17)}`),
      ['file-refused: no thread answers'],
    )
    assert.equal(catalog.configuration.snapshot.apis[0]!.websocket, false)
  })

  test('what is published and cannot be made live is not told as done, is drift, and comes in at a later beat', async () => {
    const store = new MemoryStore()
    let isWorking = false
    const live = async (): Promise<void> => assert.ok(isWorking, 'no thread answers')
    const { catalog } = await openCatalog(store, fileOf([api('shop')]), { live })
    await assert.rejects(catalog.publish({ author: ada, message: 'm', base: 1, changes: [api('books')] }, anyone), UncertainCommit)
    assert.equal((await store.read(readHead)).revision, 2)
    const drift = async () => (await store.read((r) => catalog.drift(r))).map(({ what }) => what)
    assert.deepEqual(await drift(), ['console-refused'])
    isWorking = true
    await catalog.beat()
    assert.deepEqual(await drift(), [])
    assert.equal(catalog.configuration.snapshot.apis.length, 2)
  })

  test('what is held beside the configuration goes live without a revision, and what cannot is said', async () => {
    const store = new MemoryStore()
    let isWorking = true
    let lives = 0
    const live = async (): Promise<void> => {
      assert.ok(isWorking, 'no thread answers')
      lives++
    }
    const { catalog } = await openCatalog(store, fileOf([api('shop')]), { live })
    const { revision } = await store.read(readHead)
    await catalog.heldChanged()
    assert.deepEqual([lives, (await store.read(readHead)).revision], [1, revision])
    isWorking = false
    await assert.rejects(catalog.heldChanged(), /could not be made live/)
    isWorking = true
    await catalog.heldChanged()
    assert.deepEqual([lives, await store.read((r) => catalog.drift(r))], [2, []])
  })

  test('a change that needs a restart is refused before anything is recorded', async () => {
    const store = new MemoryStore()
    const { catalog } = await openCatalog(store, fileOf([]), { obstacles: () => ['control'] })
    await catalog.fileChanged(fileOf([api('shop')]))
    assert.equal((await store.read(readHead)).revision, 0)
    assert.match((await store.read((r) => catalog.drift(r)))[0]!.says, /a change of control needs a restart/)
  })
})

test('a proposal is examined without being published: conflicts, faults, differences and what four eyes ask, all at once', async () => {
  const { publish, catalog, proposal, base } = await start()
  done(await publish(api('a'), api('b')))
  done(await publish(api('a', { websocket: true })))
  const examined = await catalog.examine(await proposal([api('a', { path: 'no', approvals: 2 }), { kind: 'api', name: 'b' }], 1))
  assert.deepEqual(examined.conflicts, ['api/a'])
  assert.deepEqual(
    examined.faults.map(({ place, code }) => `${place} ${code}`),
    ['console:api/a:path bad-path'],
  )
  assert.equal(differenceText(examined.differences), '~ api/a\n    + approvals: 2\n    ~ path: "/a" -> "no"\n    - websocket: true\n- api/b')
  assert.deepEqual(examined.demand, { approvals: 2, apis: ['a'] })
  assert.equal(await base(), 2)
})
