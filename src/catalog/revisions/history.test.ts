// Every change is a revision, and every revision can be returned to.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ada, api, consumer, done, fileOf, openapi, refusedAs, start } from './conformance/fixtures.ts'
import { listRevisions, readChanges, readRevision, stateAt } from './history.ts'
import type { Proposal } from './publish.ts'
import { revisionDifferences } from './revision-differences.ts'
import { rollbackTo } from './rollback.ts'
import { verifyCatalog } from './verify.ts'

describe('history', () => {
  test('an edit of the file is a revision of the file, and the console owns none of it', async () => {
    const { store, catalog, publish } = await start([api('shop')])
    done(await publish(api('books')))
    await catalog.fileChanged(fileOf([api('shop', { websocket: true })]))
    const revisions = await store.read((r) => listRevisions(r, 10))
    assert.deepEqual(
      revisions.map(({ number, source, author, changes }) => `${number} ${source} ${author.id} ${changes}`),
      ['3 file file 1', '2 console person_ada 1', '1 file file 1'],
    )
    const [change] = await store.read((r) => readChanges(r, 3))
    assert.deepEqual(
      [change!.owner, change!.before?.stored, change!.after?.stored],
      ['file', { value: api('shop').value }, { value: api('shop', { websocket: true }).value }],
    )
    assert.deepEqual(await store.read((r) => revisionDifferences(r, 3)), [
      { owner: 'file', kind: 'api', name: 'shop', op: 'change', paths: [{ path: 'websocket', after: true }], more: 0 },
    ])
    assert.deepEqual([...(await store.read(async (r) => stateAt(r, (await readRevision(r, 2))!))).file.keys()], ['api/shop'])
    assert.deepEqual(await store.read(verifyCatalog), [])
  })

  test('a store that was tampered with is noticed', async () => {
    const { store, publish } = await start()
    done(await publish(api('a')))
    done(await publish(api('b')))
    const collection = { name: 'catalog-change' }
    await store.write(async (writing) => {
      const [entry] = await writing.scan<Record<string, unknown>>(collection, { limit: 1 })
      writing.put(collection, entry!.key, { ...entry!.value, after: { digest: 'x', stored: { value: { path: '/evil' } } } })
    })
    assert.notDeepEqual(await store.read(verifyCatalog), [])
  })
})

describe('rollback', () => {
  test('makes a new revision in which the console owns what it owned, and tells what the file has otherwise', async () => {
    const { store, publish, catalog, rollback, drift } = await start([api('shop')])
    done(await publish(api('a'), openapi('d', '/x')))
    done(await publish(api('a', { openapi: 'document:d' }), api('b')))
    await catalog.fileChanged(fileOf([api('shop', { websocket: true })]))
    const revision = done(await rollback(2))
    assert.deepEqual([revision.number, revision.rollback], [5, { to: 2, left: [{ kind: 'api', name: 'shop', why: 'file-owned' }] }])
    const consoleAt = async (number: number) =>
      [...(await store.read(async (r) => stateAt(r, (await readRevision(r, number))!))).console].map(([key, { digest }]) => `${key} ${digest}`)
    assert.deepEqual(await consoleAt(5), await consoleAt(2))
    assert.deepEqual(
      (await drift()).map(({ what, name }) => `${what} ${name}`),
      ['not-rolled-back shop'],
    )
    // The file's owner has spoken since: it is as they say.
    await catalog.fileChanged(fileOf([api('shop', { methods: ['GET'] })]))
    assert.deepEqual(await drift(), [])
  })

  test('to a state that needs nothing of the console still says what the file has otherwise', async () => {
    const { catalog, rollback, drift } = await start([api('shop')])
    await catalog.fileChanged(fileOf([api('shop', { websocket: true })]))
    const revision = done(await rollback(1))
    assert.equal(revision.changes, 0)
    assert.equal((await drift())[0]?.what, 'not-rolled-back')
    assert.equal(refusedAs(await rollback(2)), 'nothing-changes')
  })

  test('that does not go with the file of today is refused with every fault, and changes nothing', async () => {
    const { publish, catalog, rollback, base } = await start([api('shop')])
    done(await publish(api('a', { path: '/x' })))
    done(await publish({ kind: 'api', name: 'a' }))
    await catalog.fileChanged(fileOf([api('shop', { path: '/x' })]))
    const outcome = await rollback(2)
    assert.ok('refused' in outcome && outcome.refused === 'invalid' && outcome.faults[0]!.code === 'place-taken')
    assert.equal(await base(), 4)
  })

  test('leaves out what has ended and kinds that are never restored, and says so', async () => {
    const { store, publish } = await start()
    done(await publish(api('patch', { owner: '5' }), consumer('ban')))
    done(await publish({ kind: 'api', name: 'patch' }, { kind: 'consumer', name: 'ban' }))
    const kinds = [
      { kind: 'api', section: 'apis', levels: 1 as const, endsMs: (value: unknown) => Number((value as { owner: string }).owner) },
      { kind: 'consumer', section: 'consumers', levels: 1 as const, neverRestored: true as const },
    ]
    const at = (nowMs: number) => store.read((r) => rollbackTo(r, { to: 1, author: ada, nowMs }, kinds))
    const left = [{ kind: 'consumer', name: 'ban', why: 'never-restored' }]
    assert.deepEqual(((await at(4)) as Proposal).changes, [api('patch', { owner: '5' })])
    assert.deepEqual(((await at(4)) as Proposal).rollback, { to: 1, left })
    assert.deepEqual(((await at(5)) as Proposal).changes, [])
    assert.deepEqual(((await at(5)) as Proposal).rollback, { to: 1, left: [{ kind: 'api', name: 'patch', why: 'ended' }, ...left] })
  })

  test('to a revision that never was is refused', async () => {
    const { store } = await start()
    assert.deepEqual(await store.read((r) => rollbackTo(r, { to: 7, author: ada, nowMs: 1 })), { refused: 'unknown-revision' })
  })
})
