// A store of every released version is brought to the newest and loses nothing; one of a newer version is left alone.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, it } from 'node:test'
import { collection, everyEntry, StoreTooNew, StoreUnavailable } from '../../ports/store.ts'
import { migrations } from './migrations.ts'
import { SqliteStore } from './store.ts'

const legacyKeys = collection<{ readonly consumer: string; readonly expiresMs?: number }>('legacy-key')

/** What a released version left on disk, as SQL, with the version of its shape. A release that changes the shape adds itself here. */
const released: readonly { readonly name: string; readonly version: number; readonly sql: string }[] = [
  {
    name: '0.1.0',
    version: 0,
    sql: `
      PRAGMA journal_mode = WAL;
      CREATE TABLE api_key (digest TEXT PRIMARY KEY, consumer TEXT NOT NULL, expires_ms INTEGER) STRICT, WITHOUT ROWID;
      INSERT INTO api_key VALUES ('${'0a'.repeat(32)}', 'acme', NULL);
      INSERT INTO api_key VALUES ('${'ff'.repeat(32)}', 'o''hara "quoted" \\ é', 1900000000000);
    `,
  },
]

describe('migrations of the embedded store', () => {
  let folder = ''
  let made = 0
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-migrations-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))
  const fileWith = (sql: string): string => {
    const file = join(folder, `store-${++made}.db`)
    const database = new DatabaseSync(file)
    database.exec(sql)
    database.close()
    return file
  }
  const shapeOf = (file: string): unknown[] => {
    const database = new DatabaseSync(file)
    const shape = database.prepare("SELECT name, sql FROM sqlite_schema WHERE name <> 'api_key' AND sql IS NOT NULL ORDER BY name").all()
    database.close()
    return shape.map((row) => ({ ...row }))
  }

  for (const { name, sql } of released) {
    it(`a store of ${name} gets the shape of a new one`, async () => {
      const old = fileWith(sql)
      const fresh = join(folder, `store-${++made}.db`)
      for (const file of [old, fresh]) await (await SqliteStore.open(file)).close()
      assert.deepEqual(shapeOf(old), shapeOf(fresh))
      assert.equal(shapeOf(fresh).length, 3)
    })
  }
  it('every shape that was released is tried, from the first on', () => {
    assert.ok(released.every(({ version }) => version <= migrations.length))
    assert.equal(released[0]?.version, 0)
  })

  it('keys of 0.1.0 are there as records, once, and still for 0.1.0 itself', async () => {
    const file = fileWith(released[0]!.sql)
    for (let opened = 0; opened < 2; opened++) {
      const store = await SqliteStore.open(file)
      const entries = await store.read((r) => Array.fromAsync(everyEntry(r, legacyKeys)))
      assert.deepEqual(entries, [
        { key: '0a'.repeat(32), value: { consumer: 'acme' } },
        { key: 'ff'.repeat(32), value: { consumer: 'o\'hara "quoted" \\ é', expiresMs: 1_900_000_000_000 } },
      ])
      await store.close()
    }
    const before = new DatabaseSync(file)
    assert.equal(before.prepare('SELECT digest FROM api_key').all().length, 2)
    before.close()
  })

  it('a store of a newer version is refused, with both versions named, and not touched', async () => {
    const file = fileWith(`CREATE TABLE store_version (version INTEGER NOT NULL) STRICT; INSERT INTO store_version VALUES (${migrations.length + 1})`)
    const shape = shapeOf(file)
    await assert.rejects(SqliteStore.open(file), (cause) => cause instanceof StoreTooNew && cause.message.includes(`version ${migrations.length + 1}`))
    assert.deepEqual(shapeOf(file), shape)
  })

  it('a file that is no database is refused and not overwritten', async () => {
    const file = join(folder, 'text.db')
    writeFileSync(file, 'not a database, but the notes of somebody '.repeat(50))
    const before = readFileSync(file)
    await assert.rejects(SqliteStore.open(file), StoreUnavailable)
    assert.deepEqual(readFileSync(file), before)
    await assert.rejects(SqliteStore.open(join(folder, 'no/such/folder.db')), StoreUnavailable)
  })
})
