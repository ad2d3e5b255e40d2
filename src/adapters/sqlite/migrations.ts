// The embedded store's shape, as the numbered steps that led to it. Forward only: a step that was released is never changed.
import type { DatabaseSync } from 'node:sqlite'
import { StoreTooNew } from '../../ports/store.ts'

type Migration = (database: DatabaseSync) => void

/** Step N makes version N. Version 0 is an empty file, or one of release 0.1.0, which held only the table `api_key` and no version. */
export const migrations: readonly Migration[] = [
  (database) => {
    database.exec(`
      CREATE TABLE record (collection TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (collection, key)) STRICT, WITHOUT ROWID;
      CREATE TABLE change (sequence INTEGER PRIMARY KEY, collection TEXT NOT NULL, key TEXT NOT NULL) STRICT;
    `)
    if (!hasTable(database, 'api_key')) return
    // Keys of 0.1.0. Its table stays: whoever goes back to 0.1.0 still finds it.
    database.exec(`
      INSERT INTO record SELECT 'legacy-key', digest,
        CASE WHEN expires_ms IS NULL THEN json_object('consumer', consumer) ELSE json_object('consumer', consumer, 'expiresMs', expires_ms) END
      FROM api_key;
    `)
  },
]

/** The version of a database; undefined when it holds nothing of ours. */
export function versionOf(database: DatabaseSync): number | undefined {
  if (hasTable(database, 'store_version')) return Number(database.prepare('SELECT version FROM store_version').get()?.['version'] ?? 0)
  return hasTable(database, 'api_key') ? 0 : undefined
}

/** Brings a database to the newest version, whole or not at all. Throws `StoreTooNew` for one that is newer. */
export function migrate(database: DatabaseSync): void {
  const known = migrations.length
  // Looked at first without a lock: the usual start writes nothing.
  if (versionOf(database) === known) return
  database.exec('BEGIN IMMEDIATE')
  try {
    const found = versionOf(database) ?? 0
    if (found > known) throw StoreTooNew.of(found, known)
    for (const step of migrations.slice(found)) step(database)
    database.exec('CREATE TABLE IF NOT EXISTS store_version (version INTEGER NOT NULL) STRICT; DELETE FROM store_version')
    database.prepare('INSERT INTO store_version (version) VALUES (?)').run(known)
    database.exec('COMMIT')
  } catch (cause) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw cause
  }
}

const hasTable = (database: DatabaseSync, name: string): boolean =>
  database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(name) !== undefined
