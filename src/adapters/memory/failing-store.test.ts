// The failing store fails where it is told to, and keeps exactly what it says.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FailingStore } from '../../ports/conformance/failing-store.ts'
import { collection, type Store, StoreUnavailable, UncertainCommit } from '../../ports/store.ts'
import { MemoryStore } from './store.ts'

const notes = collection<number>('note')
const act = (store: Store): Promise<number> =>
  store.write(async (w) => {
    const n = (await w.get(notes, 'n')) ?? 0
    w.put(notes, 'n', n + 1)
    // Swallowed: the transaction must fail all the same.
    const others = await w.scan(notes, { limit: 5 }).catch(() => [])
    w.remove(notes, 'gone')
    return n + others.length
  })
const held = (store: Store): Promise<number | undefined> => store.read((r) => r.get(notes, 'n'))

test('without a failure it is the store beneath, and tells its steps', async () => {
  const inner = new MemoryStore()
  const store = new FailingStore(inner, () => undefined)
  assert.equal(await act(store), 1)
  assert.deepEqual(store.steps, ['get', 'put', 'scan', 'remove', 'commit'])
  assert.equal(await held(inner), 1)
})

test('whichever step fails, nothing is kept and the next transaction runs', async () => {
  for (let step = 1; step <= 5; step++) {
    const inner = new MemoryStore()
    const store = FailingStore.at(inner, step)
    await assert.rejects(act(store), (cause) => cause instanceof StoreUnavailable && !(cause instanceof UncertainCommit), `step ${step}`)
    assert.equal(await held(inner), undefined, `step ${step}`)
    await act(store)
    assert.equal(await held(inner), 1)
  }
})

test('an uncertain commit is kept or not, as it was told', async () => {
  const inner = new MemoryStore()
  await assert.rejects(act(FailingStore.atCommit(inner, 1, 'uncertain-lost')), UncertainCommit)
  assert.equal(await held(inner), undefined)
  await assert.rejects(act(FailingStore.atCommit(inner, 1, 'uncertain-kept')), UncertainCommit)
  assert.equal(await held(inner), 1)
  await assert.rejects(FailingStore.at(inner, 1).changes(0), StoreUnavailable)
})
