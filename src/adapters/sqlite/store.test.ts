// The embedded store passes what every store owes, survives its thread, and keeps its files to itself.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { Worker } from 'node:worker_threads'
import { storeConformance } from '../../ports/conformance/store.ts'
import { collection, type Store, StoreUnavailable, UncertainCommit } from '../../ports/store.ts'
import { SqliteStore } from './store.ts'

const notes = collection<{ readonly n: number; readonly text?: string }>('note')

describe('the embedded store', () => {
  let folder = ''
  let made = 0
  const files = new WeakMap<Store, string>()
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-store-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))
  const freshFile = (): string => join(folder, `store-${++made}.db`)

  const tests = storeConformance({
    open: async (options) => {
      const file = freshFile()
      const store = await SqliteStore.open(file, options)
      files.set(store, file)
      return store
    },
    another: (store) => SqliteStore.open(files.get(store)!),
    sequences: 500,
  })
  it('ran the whole suite of the port', () => assert.equal(tests, 23))

  it('what was written is there after a restart, in files that only this account can read', async () => {
    const file = freshFile()
    const store = await SqliteStore.open(file)
    await store.write(async (w) => w.put(notes, 'a', { n: 1 }))
    const modes = readdirSync(folder).filter((name) => join(folder, name).startsWith(file))
    assert.equal(modes.length, 3)
    for (const name of modes) assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name)
    await store.close()
    await store.close()
    const again = await SqliteStore.open(file)
    assert.deepEqual(await again.read((r) => r.get(notes, 'a')), { n: 1 })
    assert.equal((await again.changes(0)).sequence, 1)
    await again.close()
  })

  it('a store thread that dies fails what is open and in doubt, and is started again', async () => {
    const store = await SqliteStore.open(freshFile())
    await store.write(async (w) => w.put(notes, 'a', { n: 1 }))
    const kill = (): Promise<number> => (store as unknown as { thread: { worker: Worker } }).thread.worker.terminate()
    const reading = store.read(async (r) => {
      await r.get(notes, 'a')
      await kill()
      await r.get(notes, 'a')
    })
    await assert.rejects(reading, (cause) => cause instanceof StoreUnavailable && !(cause instanceof UncertainCommit))
    // It is heard when it is there again, because something may have been missed. It takes its time: nobody else is heard until then.
    await new Promise<void>((resolve) => store.onChange(resolve))
    assert.deepEqual(await store.read((r) => r.get(notes, 'a')), { n: 1 })

    const acrossLives = store.write(async (w) => {
      await w.get(notes, 'a')
      w.put(notes, 'a', { n: 2 })
      const back = new Promise<void>((resolve) => store.onChange(resolve))
      await kill()
      await back
    })
    await assert.rejects(acrossLives, (cause) => cause instanceof StoreUnavailable && !(cause instanceof UncertainCommit))
    assert.deepEqual(await store.read((r) => r.get(notes, 'a')), { n: 1 })

    const committing = store.write(async (w) => {
      w.put(notes, 'b', { n: 1 })
      queueMicrotask(() => queueMicrotask(() => setImmediate(() => void kill())))
      for (let i = 0; i < 50_000; i++) w.put(notes, `k${i}`, { n: i })
    })
    await assert.rejects(committing, UncertainCommit)
    await store.close()
  })

  it('a full file is told, keeps what it had, and takes writes again when there is room', async () => {
    const store = await SqliteStore.open(freshFile(), { pagesMax: 64 })
    const text = 'x'.repeat(4000)
    let written = 0
    const fill = async (): Promise<void> => {
      for (;;) {
        await store.write(async (w) => {
          w.put(notes, `a/${written}`, { n: written, text })
          w.put(notes, `b/${written}`, { n: written, text })
        })
        written++
      }
    }
    await assert.rejects(fill(), (cause) => cause instanceof StoreUnavailable && !(cause instanceof UncertainCommit) && /full/.test(cause.message))
    assert.ok(written > 5)
    const keys = async (): Promise<string[]> => (await store.read((r) => r.scan(notes, { limit: 1000 }))).map(({ key }) => key)
    assert.equal((await keys()).length, written * 2)
    await store.write(async (w) => {
      for (const key of await keys()) if (key.startsWith('b/')) w.remove(notes, key)
    })
    await store.write(async (w) => w.put(notes, 'after', { n: 1, text }))
    assert.equal((await keys()).length, written + 1)
    await store.close()
  })
})
