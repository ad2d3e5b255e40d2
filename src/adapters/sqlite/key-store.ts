// Keys in the embedded store.
import { chmodSync, closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { KeyCredential } from '../../model/directory.ts'
import type { KeyStore } from '../../ports/key-store.ts'

/** Opens or makes the database at `file`. Digests only: the secret of a key is never stored. */
export function sqliteKeyStore(file: string): KeyStore {
  // Before anything is written: who has an account on the machine need not know who has keys.
  closeSync(openSync(file, 'a', 0o600))
  chmodSync(file, 0o600)
  const database = new DatabaseSync(file)
  // synchronous=FULL: an acknowledged key is on disk.
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA busy_timeout = 5000')
  database.exec('CREATE TABLE IF NOT EXISTS api_key (digest TEXT PRIMARY KEY, consumer TEXT NOT NULL, expires_ms INTEGER) STRICT, WITHOUT ROWID')
  const insert = database.prepare('INSERT INTO api_key (digest, consumer, expires_ms) VALUES (?, ?, ?)')
  const select = database.prepare('SELECT digest, consumer, expires_ms FROM api_key ORDER BY digest')
  return {
    all: () =>
      select.all().map((row): KeyCredential => {
        const expiresMs = row['expires_ms']
        return { digest: String(row['digest']), consumer: String(row['consumer']), ...(typeof expiresMs === 'number' && { expiresMs }) }
      }),
    add: ({ digest, consumer, expiresMs }) => void insert.run(digest, consumer, expiresMs ?? null),
    close: () => database.close(),
  }
}
