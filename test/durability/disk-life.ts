// The embedded store on a small disk of its own (a tmpfs in this process's own mount namespace): filled, made read-only, and well again.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { argv } from 'node:process'
import { SqliteStore } from '../../src/adapters/sqlite/store.ts'
import { collection, StoreUnavailable, UncertainCommit } from '../../src/ports/store.ts'

const folder = argv[2]!
const mount = (...options: string[]): void => void execFileSync('mount', [...options, folder], { stdio: 'pipe' })
mount('-t', 'tmpfs', '-o', 'size=2m', 'tmpfs')

const notes = collection<{ readonly n: number; readonly text: string }>('note')
const store = await SqliteStore.open(join(folder, 'store.db'))
const text = 'x'.repeat(20_000)
let kept = 0
/** Two records at a time: one without the other would be half a transaction. */
const write = (): Promise<void> =>
  store.write(async (w) => {
    w.put(notes, `a/${kept}`, { n: kept, text })
    w.put(notes, `b/${kept}`, { n: kept, text })
  })
const check = async (): Promise<void> => {
  const keys = await store.read(async (r) => (await r.scan(notes, { limit: 1000 })).map(({ key }) => key))
  assert.equal(keys.filter((key) => key.startsWith('a/')).length, kept)
  assert.equal(keys.filter((key) => key.startsWith('b/')).length, kept)
}
const isTold = (cause: unknown): boolean => cause instanceof StoreUnavailable && !(cause instanceof UncertainCommit)

// A file of somebody else takes the room, until not even the log of one more transaction fits.
await assert.rejects(async () => {
  for (;;) {
    await write()
    kept++
  }
}, isTold)
assert.ok(kept > 5)
await check()
await assert.rejects(write(), isTold)
await check()

// Room again: more disk, as after others were cleared away.
mount('-o', 'remount,size=8m')
for (let i = 0; i < 5; i++) {
  await write()
  kept++
}
await check()

// Filled by others in between: the same, the other way about.
const ballast = join(folder, 'ballast')
assert.throws(() => writeFileSync(ballast, Buffer.alloc(16 * 1024 * 1024)))
await assert.rejects(async () => {
  for (let i = 0; i < 200; i++) {
    await write()
    kept++
  }
}, isTold)
await check()
rmSync(ballast)
await write()
kept++
await check()

await store.close()
const again = await SqliteStore.open(join(folder, 'store.db'))
assert.equal((await again.read((r) => r.scan(notes, { limit: 1000 }))).length, kept * 2)
await again.close()

mount('-o', 'remount,ro')
await assert.rejects(SqliteStore.open(join(folder, 'store.db')), isTold)
mount('-o', 'remount,rw')
await (await SqliteStore.open(join(folder, 'store.db'))).close()
process.stdout.write(`kept ${kept}\n`)
