// A store whose writes fail at any moment, and one that keeps what it said it lost: nothing acknowledged is lost, and there is no half change.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MemoryStore } from '../../adapters/memory/store.ts'
import { FailingStore } from '../../ports/conformance/failing-store.ts'
import { type Store, StoreUnavailable, UncertainCommit } from '../../ports/store.ts'
import { ada, anyone, api, consumer, fileOf, openapi, openCatalog } from './conformance/fixtures.ts'
import type { CatalogObject } from './kinds.ts'
import { objectsOfState, readHead, readState } from './state.ts'
import { verifyCatalog } from './verify.ts'

/** Fails at the moment that is set: before anything, in the middle of the writes, or after the commit, whose answer is lost. */
class FusedStore extends FailingStore {
  /** Counted down by every put, remove and commit, by a commit twice; at 0 it fails. */
  fuse = Number.POSITIVE_INFINITY
  readonly failures = { before: 0, after: 0 }

  constructor() {
    super(new MemoryStore(), (step) => {
      if (step !== 'put' && step !== 'remove' && step !== 'commit') return undefined
      if (--this.fuse === 0) {
        this.failures.before++
        return 'unavailable'
      }
      if (step !== 'commit' || --this.fuse !== 0) return undefined
      this.failures.after++
      return 'uncertain-kept'
    })
  }
}

test('at 200 moments at which a write fails, every acknowledged revision is there, no half of one, and the history adds up', async () => {
  let ran = 0
  const seen = { before: 0, after: 0 }
  for (let fuse = 1; fuse <= 200; fuse++) {
    const store = new FusedStore()
    const { catalog } = await openCatalog(store, fileOf([]))
    store.fuse = fuse
    let acknowledged = 0
    // On to the failure, and two steps further: what comes after it must be as good.
    for (let step = 0, more = 2; more > 0; step++) {
      const hasFailed = store.fuse <= 0
      if (hasFailed) more--
      ran++
      const before = await contents(store)
      const { revision: base } = await store.read(readHead)
      const changes = [
        api('a', { methods: [`M${step}`] }),
        openapi('d', `/x${step}`),
        step % 2 === 0 ? consumer('acme', 'a') : { kind: 'consumer', name: 'acme' },
      ]
      const outcome = await catalog.publish({ author: ada, message: 'm', base, changes }, anyone).catch((error: unknown) => error)
      const after = await contents(store)
      if (outcome instanceof UncertainCommit) acknowledged = (await store.read(readHead)).revision
      else if (outcome instanceof StoreUnavailable) assert.deepEqual(after, before)
      else {
        assert.ok(typeof outcome === 'object' && outcome !== null && 'number' in outcome, JSON.stringify(outcome))
        acknowledged = outcome.number as number
        assert.notDeepEqual(after, before)
      }
      assert.equal((await store.read(readHead)).revision, acknowledged)
      if (store.fuse <= 0) assert.deepEqual(await store.read(verifyCatalog), [])
      // What the store has is what is live, as soon as it is asked again.
      await catalog.refresh()
      assert.equal(catalog.configuration.snapshot.apis.length, acknowledged > 0 ? 1 : 0)
    }
    seen.before += store.failures.before
    seen.after += store.failures.after
    await catalog.close()
  }
  assert.ok(ran > 600)
  assert.equal(seen.before + seen.after, 200)
  assert.ok(seen.after >= 5, JSON.stringify(seen))
})

test('an edit of the file that cannot be recorded does not go live, is told as drift, and goes live when the store is back', async () => {
  const store = new FusedStore()
  const { catalog } = await openCatalog(store, fileOf([api('shop')]))
  store.fuse = 2
  await catalog.fileChanged(fileOf([api('shop'), api('books')]))
  const live = (): string[] => catalog.configuration.snapshot.apis.map(({ name }) => name)
  assert.deepEqual(live(), ['shop'])
  const drift = () => store.read((reading) => catalog.drift(reading))
  assert.match((await drift())[0]!.says, /the store is gone/)
  await catalog.beat()
  assert.deepEqual(live(), ['books', 'shop'])
  assert.deepEqual(await drift(), [])
  assert.deepEqual(await store.read(verifyCatalog), [])
})

const contents = (store: Store): Promise<readonly CatalogObject[]> =>
  store.read(async (reading) => objectsOfState(reading, await readState(reading, 'console')))
