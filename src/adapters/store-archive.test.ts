// Archives and back-ups: whole or refused, from every kind of store to every other.
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setImmediate as aMoment } from 'node:timers/promises'
import { type PostgresServer, startPostgres } from '../../test/support/postgres.ts'
import { FailingStore } from '../ports/conformance/failing-store.ts'
import { type BackUp, collection, type Store, UnusableBackUp } from '../ports/store.ts'
import { archiveBackUp } from './archive-file.ts'
import { MemoryStore } from './memory/store.ts'
import { PostgresStore } from './postgres/store.ts'
import { SqliteStore } from './sqlite/store.ts'
import { exportStore, importIsUnfinished, importStore } from './store-archive.ts'

const notes = collection<unknown>('note')
const others = collection<unknown>('other-kind')

async function fill(store: Store, count = 2500): Promise<void> {
  await store.write(async (w) => {
    for (let n = 0; n < count; n++) w.put(notes, `n/${n}`, { n, text: 'é \u2028 \n "quoted"' })
    w.put(others, '~', null)
    w.put(others, 'large', 'x'.repeat(1_000_000))
  })
}
const linesOf = (store: Store): Promise<string[]> => store.read((r) => Array.fromAsync(exportStore(r)))
const from = (lines: readonly string[]) =>
  async function* (): AsyncGenerator<string> {
    yield* lines
  }

describe('archives', () => {
  let folder = ''
  let server: PostgresServer
  let made = 0
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-archive-'))
    server = await startPostgres()
  })
  after(async () => {
    await server.remove()
    rmSync(folder, { recursive: true, force: true })
  })
  const fresh = (name: string): string => join(folder, `${name}-${++made}`)
  const kinds: Record<string, () => Promise<Store>> = {
    memory: async () => new MemoryStore(),
    sqlite: () => SqliteStore.open(fresh('store.db')),
    postgres: async () => PostgresStore.open(await server.database()),
  }

  it('an archive of any store, read into any other, is the same archive again', async () => {
    let ways = 0
    for (const [one, openOne] of Object.entries(kinds)) {
      const source = await openOne()
      await fill(source)
      const lines = await linesOf(source)
      assert.equal(lines.length, 2504)
      for (const [two, openTwo] of Object.entries(kinds)) {
        const target = await openTwo()
        assert.equal(await importStore(target, from(lines)), 2502)
        assert.deepEqual(await linesOf(target), lines, `${one} to ${two}`)
        assert.equal(await target.read(importIsUnfinished), false)
        await target.close()
        ways++
      }
      await source.close()
    }
    assert.equal(ways, 9)
  })

  it('an archive that was cut short or altered anywhere is refused before anything is written', async () => {
    const source = new MemoryStore()
    await fill(source, 20)
    const lines = await linesOf(source)
    const last = lines.length - 1
    const broken: [name: string, lines: string[]][] = [
      ['nothing', []],
      ['no end', lines.slice(0, last)],
      ['half of the last line', [...lines.slice(0, last), lines[last]!.slice(0, -1)]],
      ['half of a record', [...lines.slice(0, 5), lines[5]!.slice(0, 9)]],
      ['no head', lines.slice(1)],
      ['another head', ['{"gatehouse":"store","form":2}\n', ...lines.slice(1)]],
      ['something else', ['[1]\n', ...lines.slice(1)]],
      ['a record left out', lines.toSpliced(3, 1)],
      ['a record twice', lines.toSpliced(3, 0, lines[3]!)],
      ['two records exchanged', lines.with(3, lines[4]!).with(4, lines[3]!)],
      ['a value altered', lines.with(3, lines[3]!.replace('"n":', '"n":1'))],
      ['a space more', lines.with(3, lines[3]!.replace(',', ', '))],
      ['a key altered', lines.with(3, lines[3]!.replace('n/', 'm/'))],
      ['a bad collection', lines.with(3, lines[3]!.replace('note', 'NOTE'))],
      ['a bad key', lines.with(3, lines[3]!.replace('n/', 'n '))],
      ['another digest', lines.with(last, lines[last]!.replace(/"sha256":"./, '"sha256":"'))],
      ['another count', lines.with(last, lines[last]!.replace(/"records":/, '"records":1'))],
      ['lines after the end', [...lines, lines[3]!]],
      ['two archives', [...lines, ...lines]],
      ['null', lines.with(3, 'null\n')],
    ]
    const target = new MemoryStore()
    for (const [name, altered] of broken) await assert.rejects(importStore(target, from(altered)), UnusableBackUp, name)
    assert.equal(broken.length, 20)
    assert.deepEqual(await target.changes(0), { sequence: 0, changes: [] })
  })

  it('an archive is not mixed with what is there: it is refused, or replaces all', async () => {
    const [source, target] = [new MemoryStore(), new MemoryStore()]
    await fill(source, 3)
    await target.write(async (w) => {
      for (let n = 0; n < 1001; n++) w.put(collection('old'), `k${n}`, n)
      w.put(notes, 'old', 1)
    })
    const lines = await linesOf(source)
    await assert.rejects(importStore(target, from(lines)), UnusableBackUp)
    assert.equal((await linesOf(target)).length, 1004)
    await importStore(target, from(lines), { replace: true })
    assert.deepEqual(await linesOf(target), lines)
  })

  it('an import that breaks off is seen, cannot be archived, and is mended by the next', async () => {
    const source = new MemoryStore()
    await fill(source)
    const lines = await linesOf(source)
    const inner = new MemoryStore()
    await assert.rejects(importStore(FailingStore.atCommit(inner, 3, 'unavailable'), from(lines)))
    assert.equal(await inner.read(importIsUnfinished), true)
    await assert.rejects(linesOf(inner), UnusableBackUp)
    await importStore(inner, from(lines), { replace: true })
    assert.deepEqual(await linesOf(inner), lines)
  })

  for (const [name, open] of Object.entries(kinds)) {
    it(`${name}: a back-up while others write is one moment, for this account alone, and comes back`, async () => {
      const store = await open()
      const backUp: BackUp = store instanceof SqliteStore ? store : archiveBackUp(store)
      const file = fresh('back-up')
      await fill(store)
      const sum = (w: { get: Parameters<Parameters<Store['read']>[0]>[0]['get'] }): Promise<unknown> => Promise.all([w.get(notes, 'a'), w.get(notes, 'b')])
      let goes = true
      const writing = (async () => {
        for (let n = 0; goes; n++) {
          await store.write(async (w) => {
            w.put(notes, 'a', n)
            w.put(notes, 'b', -n)
          })
          // The one in memory would leave no time for the file.
          await aMoment()
        }
      })()
      await backUp.backUp(file)
      goes = false
      await writing
      assert.equal(statSync(file).mode & 0o777, 0o600)
      await assert.rejects(backUp.backUp(file), UnusableBackUp)
      const { sequence } = await store.changes(0)
      await store.write(async (w) => {
        w.put(notes, 'a', 'later')
        w.remove(others, '~')
        w.put(collection('later'), 'k', 1)
      })
      const heard = new Promise<void>((resolve) => store.onChange(resolve))
      await backUp.restore(file)
      await heard
      const [a, b] = (await store.read(sum)) as [number | undefined, number | undefined]
      assert.equal((a ?? 0) + (b ?? 0), 0)
      assert.deepEqual(await store.read((r) => r.collections()), ['note', 'other-kind'])
      const news = await store.changes(sequence)
      assert.ok(news.sequence > sequence)
      // Either every change since is told, or that all must be read anew.
      if (news.changes) assert.ok(news.changes.some(({ collection, key }) => collection === 'other-kind' && key === '~'))
      await store.write(async (w) => w.put(notes, 'after', 1))
      assert.deepEqual(
        (await store.changes(news.sequence)).changes,
        news.changes && news.changes.length === 10_000 ? undefined : [{ collection: 'note', key: 'after' }],
      )

      const before = await linesOf(store)
      const damaged = readFileSync(file)
      for (const [what, octets] of [
        ['short', damaged.subarray(0, damaged.length / 2)],
        ['empty', Buffer.alloc(0)],
        ['something else', Buffer.from('SQLite format 3, or so\n')],
      ] as const) {
        const bad = fresh(what.replace(' ', '-'))
        writeFileSync(bad, octets)
        await assert.rejects(backUp.restore(bad), UnusableBackUp, what)
      }
      assert.deepEqual(await linesOf(store), before)
      await store.close()
      assert.deepEqual(
        readdirSync(folder).filter((each) => /\.part|restoring/.test(each)),
        [],
      )
    })
  }
})
