// The shape of the store in PostgreSQL, as the numbered steps that led to it. Forward only: a step that was released is never changed.
import type { ClientBase } from 'pg'
import { StoreTooNew } from '../../ports/store.ts'

/** Step N makes version N. COLLATE "C": keys stand in the order of their octets, whatever language the database speaks. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE gatehouse_record (
    collection text COLLATE "C" NOT NULL, key text COLLATE "C" NOT NULL, value text NOT NULL, PRIMARY KEY (collection, key));
  CREATE TABLE gatehouse_change (sequence bigint PRIMARY KEY, collection text NOT NULL, key text NOT NULL);
  `,
]

/** The advisory lock of whoever writes; held to the end of the transaction, by all nodes in turn. */
export const WRITER_LOCK = 'SELECT pg_advisory_xact_lock(7463, 1)'

/** Brings the database to the newest version, whole or not at all. Throws `StoreTooNew` for one that is newer. */
export async function migrate(client: ClientBase): Promise<void> {
  await client.query('BEGIN')
  try {
    // Nodes that start together migrate one after the other, and the second finds it done.
    await client.query(WRITER_LOCK)
    const found = await versionOf(client)
    const known = migrations.length
    if (found > known) throw StoreTooNew.of(found, known)
    for (const step of migrations.slice(found)) await client.query(step)
    if (found < known) {
      await client.query('CREATE TABLE IF NOT EXISTS gatehouse_version (version integer NOT NULL)')
      await client.query('DELETE FROM gatehouse_version')
      await client.query('INSERT INTO gatehouse_version (version) VALUES ($1)', [known])
    }
    await client.query('COMMIT')
  } catch (cause) {
    await client.query('ROLLBACK').catch(() => {})
    throw cause
  }
}

async function versionOf(client: ClientBase): Promise<number> {
  const { rows } = await client.query<{ there: string | null }>("SELECT to_regclass('gatehouse_version')::text AS there")
  if (rows[0]?.there == null) return 0
  const { rows: versions } = await client.query<{ version: number }>('SELECT version FROM gatehouse_version')
  return versions[0]?.version ?? 0
}
