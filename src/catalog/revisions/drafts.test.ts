// Drafts touch nothing until they are published, whole, by who saw what they publish.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { MemoryStore } from '../../adapters/memory/store.ts'
import type { ProposedChange } from './commit.ts'
import { ada, anyone, api, bob, consumer, done, openapi, refusedAs, start } from './conformance/fixtures.ts'
import { ABSENT, changeInDraft, discardDraft, draftChanges, listDrafts, objectInDraft, openDraft, readDraft, rebaseDraft, undoInDraft } from './drafts.ts'
import { wasTouchedSince } from './history.ts'
import { proposalOf } from './publish.ts'
import type { Draft } from './records.ts'
import { verifyCatalog } from './verify.ts'

describe('drafts', () => {
  const draftOf = async (store: MemoryStore, ...changes: ProposedChange[]): Promise<Draft> =>
    done(await store.write((writing) => openDraft(writing, { id: 'draft_1', author: ada, message: 'm', nowMs: 1, changes })))
  const as = (expected: string, by = ada) => ({ by, nowMs: 2, expected })

  test('touch nothing until they are published, whole', async () => {
    const { store, catalog, lives } = await start()
    const draft = await draftOf(store, api('books'), consumer('acme', 'books'))
    assert.equal(lives.length, 0)
    const revision = done(await catalog.publish(done(await store.read((r) => proposalOf(r, draft.id, draft.digest))), anyone))
    assert.deepEqual([revision.number, revision.parent, revision.message, revision.author, revision.changes], [1, 0, 'm', ada, 2])
    assert.deepEqual(await store.read((r) => listDrafts(r, 10)), [])
    assert.deepEqual(catalog.configuration.directory.consumers, [{ name: 'acme', apis: ['books'] }])
  })

  test('an object is changed only by who saw what it is now', async () => {
    const { store } = await start()
    let draft = await draftOf(store)
    const put = (object: ProposedChange, expected: string, by = ada) => store.write((w) => changeInDraft(w, draft.id, object, as(expected, by)))
    assert.equal(refusedAs(await put(api('a'), 'somewhat')), 'stale')
    draft = done(await put(api('a'), ABSENT))
    assert.equal(refusedAs(await put(api('a', { websocket: true }), ABSENT)), 'stale')
    const seen = await store.read((r) => objectInDraft(r, draft.id, 'api/a'))
    draft = done(await put(api('a', { websocket: true }), seen.digest, bob))
    assert.deepEqual(draft.coauthors, [bob])
    assert.equal(refusedAs(await put({ kind: 'api', name: 'a' }, seen.digest)), 'stale')
    assert.equal(refusedAs(await store.write((w) => undoInDraft(w, draft.id, 'api/a', as('old')))), 'stale')
    assert.equal(refusedAs(await store.write((w) => discardDraft(w, draft.id, 'old'))), 'stale')
    draft = done(await store.write((w) => undoInDraft(w, draft.id, 'api/a', as(draft.digest))))
    assert.equal(draft.changes, 0)
    done(await store.write((w) => discardDraft(w, draft.id, draft.digest)))
  })

  const refused: [name: string, change: ProposedChange, expected: string, refusal: string][] = [
    ['of the file', api('shop'), ABSENT, 'owned-by-file'],
    ['of no kind', { kind: 'gateway', name: 'a', value: {} }, ABSENT, 'unknown-kind'],
    ['that is not there, removed', { kind: 'api', name: 'a' }, ABSENT, 'unknown-object'],
    ['with a name that leaves its section', { kind: 'api', name: '../a', value: {} }, ABSENT, 'invalid'],
    ['with a prototype for a name', { kind: 'api', name: 'constructor', value: {} }, ABSENT, 'invalid'],
    ['with a prototype inside', { kind: 'api', name: 'a', value: JSON.parse('{"policies":{"__proto__":{}}}') }, ABSENT, 'invalid'],
    ['with a private key inside', { kind: 'api', name: 'a', value: { notes: ['-----BEGIN EC PRIVATE KEY-----'] } }, ABSENT, 'invalid'],
    ['with a merge key', { kind: 'api', name: 'a', value: { '<<': {} } }, ABSENT, 'invalid'],
    ['that is no JSON', { kind: 'api', name: 'a', value: { path: Number.NaN } }, ABSENT, 'invalid'],
    ['that is too deep', { kind: 'api', name: 'a', value: JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`) }, ABSENT, 'invalid'],
    ['that is too large', { kind: 'api', name: 'a', value: { path: 'x'.repeat(1024 ** 2) } }, ABSENT, 'invalid'],
    ['that is a document too long for YAML', { kind: 'document', name: 'a', value: `a: ${'x'.repeat(2 * 1024 ** 2)}` }, ABSENT, 'invalid'],
    ['that is a document and no text', { kind: 'document', name: 'a', value: {} }, ABSENT, 'invalid'],
  ]
  for (const [name, change, expected, refusal] of refused)
    test(`refuse an object ${name}`, async () => {
      const { store } = await start([api('shop')])
      const draft = await draftOf(store)
      assert.equal(refusedAs(await store.write((w) => changeInDraft(w, draft.id, change, as(expected)))), refusal)
      assert.deepEqual(await store.read((r) => readDraft(r, draft.id)), draft)
    })

  test('a change of an object that somebody else changed since is refused with its name; one of others is rebased', async () => {
    const { store, catalog, publish, proposal } = await start()
    done(await publish(api('a'), api('b')))
    const mine = await draftOf(store, api('a', { websocket: true }))
    done(await publish(api('b', { websocket: true })))
    const rebased = await proposal([api('c')], 1)
    done(await catalog.publish(rebased, anyone))
    done(await publish(api('a', { public: true, methods: ['GET'] })))
    const late = done(await store.read((r) => proposalOf(r, mine.id, mine.digest)))
    assert.deepEqual(await catalog.publish(late, anyone), { refused: 'conflict', objects: ['api/a'] })
    const { draft, overwrites } = done(await store.write((w) => rebaseDraft(w, mine.id, as(mine.digest))))
    assert.deepEqual(overwrites, ['api/a'])
    done(await catalog.publish(done(await store.read((r) => proposalOf(r, draft.id, draft.digest))), anyone))
    assert.equal(await store.read((r) => wasTouchedSince(r, 'api/a', 4)), true)
    assert.equal(await store.read((r) => wasTouchedSince(r, 'api/a', 5)), false)
  })

  test('a draft that was edited after its publisher looked is not published', async () => {
    const { store, catalog } = await start()
    const draft = await draftOf(store, api('a'))
    const seen = done(await store.read((r) => proposalOf(r, draft.id, draft.digest)))
    done(await store.write((w) => changeInDraft(w, draft.id, api('b'), as(ABSENT))))
    assert.deepEqual(await catalog.publish(seen, anyone), { refused: 'stale' })
    assert.equal(refusedAs(await store.read((r) => proposalOf(r, draft.id, draft.digest))), 'stale')
  })

  test('are bounded in number', async () => {
    const { store } = await start()
    const open = (i: number) => store.write((w) => openDraft(w, { id: `draft_${i}`, author: ada, message: 'm', nowMs: 1 }))
    for (let i = 0; i < 200; i++) done(await open(i))
    assert.equal(refusedAs(await open(200)), 'too-many-drafts')
    assert.equal(refusedAs(await store.write((w) => openDraft(w, { id: 'x', author: ada, message: ' ', nowMs: 1 }))), 'bad-message')
  })

  test('a document is kept once, and goes with the last draft that needed it', async () => {
    const { store, catalog } = await start()
    const collections = () => store.read((r) => r.collections())
    let draft = await draftOf(store, openapi('d', '/a'), openapi('e', '/a'))
    assert.ok((await collections()).includes('catalog-content'))
    draft = done(await store.write((w) => undoInDraft(w, draft.id, 'document/e', as(draft.digest))))
    assert.deepEqual(await store.read((r) => draftChanges(r, draft.id)), [openapi('d', '/a')])
    done(await store.write((w) => discardDraft(w, draft.id, draft.digest)))
    assert.deepEqual(
      (await collections()).filter((name) => name.startsWith('catalog-content') || name.startsWith('catalog-draft')),
      [],
    )
    const again = await draftOf(store, openapi('d', '/a'))
    done(await catalog.publish(done(await store.read((r) => proposalOf(r, again.id, again.digest))), anyone))
    assert.deepEqual(await store.read(verifyCatalog), [])
  })

  test('nothing to change is not a revision', async () => {
    const { publish, base } = await start()
    done(await publish(api('a')))
    assert.equal(refusedAs(await publish(api('a'))), 'nothing-changes')
    assert.equal(refusedAs(await publish({ kind: 'api', name: 'b' })), 'nothing-changes')
    assert.equal(await base(), 1)
  })

  test('what the trail cannot take is not published', async () => {
    const { catalog, proposal, base, lives } = await start()
    const within = async (): Promise<void> => {
      throw new Error('the trail is full')
    }
    await assert.rejects(catalog.publish(await proposal([api('a')]), { ...anyone, within }), /the trail is full/)
    assert.deepEqual([await base(), lives.length], [0, 0])
  })
})
