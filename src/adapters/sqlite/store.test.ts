// The embedded store passes what every store owes, survives its thread, and keeps its files to itself.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, constants, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, it } from 'node:test'
import { setImmediate as aMoment } from 'node:timers/promises'
import type { Worker } from 'node:worker_threads'
import { storeConformance } from '../../ports/conformance/store.ts'
import { collection, type Store, StoreUnavailable, UncertainCommit } from '../../ports/store.ts'
import { useWriteAheadLog } from './connection.ts'
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

  /** What stands in the database and in its log. */
  const octetsOf = (file: string): string => ['', '-wal'].map((suffix) => readFileSync(file + suffix, 'latin1')).join('')

  it('what was removed stands in no file any more, the log included, as soon as nobody reads what was before', async () => {
    const file = freshFile()
    const store = await SqliteStore.open(file, { tidyMs: 1 })
    const secret = 'ada-lovelace-1815'
    await store.write(async (w) => w.put(notes, 'a', { n: 1, text: secret }))
    await store.read(async (r) => {
      await r.get(notes, 'a')
      await store.write(async (w) => w.remove(notes, 'a'))
      assert.ok(octetsOf(file).includes(secret), 'a reader still sees it')
    })
    while (octetsOf(file).includes(secret)) await aMoment()
    await store.close()
  })

  it('a log that grew behind a long reader is emptied when the reader ends, though others read and write all the time', async () => {
    const file = freshFile()
    const store = await SqliteStore.open(file, { tidyMs: 1 })
    const text = (n: number): string => String.fromCharCode(97 + (n % 26)).repeat(100_000)
    await store.read(async (r) => {
      await r.get(notes, 'a')
      for (let n = 0; n < 60; n++) await store.write(async (w) => w.put(notes, 'a', { n, text: text(n) }))
      assert.ok(statSync(`${file}-wal`).size > 5_000_000)
    })
    while (statSync(`${file}-wal`).size > 1_000_000) await store.write(async (w) => w.put(notes, 'b', { n: 1 }))
    await store.close()
  })

  it('a file system that cannot hold the log is refused', () => {
    const database = new DatabaseSync(':memory:')
    assert.throws(() => useWriteAheadLog(database), /cannot hold a write-ahead log \(memory\)/)
    database.close()
  })

  it('whoever waits for a thread that hangs in the system is told, though the thread cannot be ended', async () => {
    const file = freshFile()
    const store = await SqliteStore.open(file)
    const { thread } = store as unknown as { thread: { worker: Worker; lookForSilence(): void } }
    const pipe = join(folder, 'pipe')
    execFileSync('mkfifo', [pipe])
    // Nobody writes into the pipe: opening it waits in the system, as a disk does that does not answer.
    thread.worker.postMessage({ ask: -1, question: { kind: 'restore', file: pipe } })
    const waiting = store.read((r) => r.get(notes, 'a'))
    while (!existsSync(`${file}.restoring`)) await aMoment()
    for (let looks = 0; looks < 7; looks++) thread.lookForSilence()
    await assert.rejects(waiting, (cause) => cause instanceof StoreUnavailable && !(cause instanceof UncertainCommit))
    await assert.rejects(
      store.read((r) => r.get(notes, 'a')),
      /started again/,
    )
    let isBack = false
    store.onChange(() => (isBack = true))
    for (; !isBack; await aMoment()) {
      try {
        closeSync(openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK))
      } catch {
        // Nobody reads any more, or yet.
      }
    }
    assert.equal(await store.read((r) => r.get(notes, 'a')), undefined)
    await store.close()
  })
})
