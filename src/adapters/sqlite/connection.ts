// One connection to the embedded database: how it is opened, and the statements that a store needs.
import { chmodSync, closeSync, openSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { CHANGES_KEPT, CHANGES_LIMIT, StoreUnavailable } from '../../ports/store.ts'
import type { FoundChanges, Page, Span, Write } from '../store-session.ts'
import { migrate } from './migrations.ts'

/** How long opening waits for whoever holds the file. */
const BUSY_MS = 5000
/** History is cut off in steps: a commit in between need not touch its old end. */
const TRIM_STEP = 1000

/** What SQLite answers, by its primary result code (sqlite.org/rescode.html); undefined for an error that is not SQLite's. */
export const resultCode = (cause: unknown): number | undefined => {
  const { code, errcode } = cause as { code?: unknown; errcode?: unknown }
  return code === 'ERR_SQLITE_ERROR' && typeof errcode === 'number' ? errcode & 0xff : undefined
}
export const SQLITE_BUSY = 5

/** Opens or makes the database, with write-ahead log and full synchronisation: what is committed is on disk. */
export function openDatabase(file: string, pagesMax?: number): DatabaseSync {
  // Before anything is written: who has an account on the machine need not know what is in it. The log files get the same mode from SQLite.
  closeSync(openSync(file, 'a', 0o600))
  chmodSync(file, 0o600)
  const database = new DatabaseSync(file, { timeout: BUSY_MS })
  try {
    useWriteAheadLog(database)
    database.exec('PRAGMA synchronous = FULL; PRAGMA trusted_schema = OFF')
    // What was removed is overwritten: a personal field that was erased must not lie on in a free page. In the log it stands until `tidyLog`.
    database.exec('PRAGMA secure_delete = ON; PRAGMA cache_size = -65536; PRAGMA journal_size_limit = 67108864')
    if (pagesMax !== undefined) database.exec(`PRAGMA max_page_count = ${Math.floor(pagesMax)}`)
    migrate(database)
  } catch (cause) {
    database.close()
    throw cause
  }
  return database
}

/** Where memory cannot be shared by a file, SQLite keeps another mode and says so softly; readers would then make commits fail. */
export function useWriteAheadLog(database: DatabaseSync): void {
  const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode']
  if (mode !== 'wal') throw new StoreUnavailable(`the embedded store: the file system cannot hold a write-ahead log (${mode}): put the store on a local disk`)
}

export class Connection {
  readonly database: DatabaseSync
  private readonly selectOne: StatementSync
  private readonly selectUp: StatementSync
  private readonly selectDown: StatementSync
  private readonly selectNames: StatementSync
  private readonly upsert: StatementSync
  private readonly remove: StatementSync
  private readonly log: StatementSync
  private readonly lastSequence: StatementSync

  constructor(database: DatabaseSync) {
    this.database = database
    const prepare = (sql: string): StatementSync => {
      const statement = database.prepare(sql)
      statement.setReturnArrays(true)
      return statement
    }
    const span = 'SELECT key, value FROM record WHERE collection = ? AND key >= ? AND key < ? ORDER BY key'
    this.selectOne = prepare('SELECT value FROM record WHERE collection = ? AND key = ?')
    this.selectUp = prepare(`${span} LIMIT ?`)
    this.selectDown = prepare(`${span} DESC LIMIT ?`)
    // One step down the index for each name; DISTINCT would walk over every record.
    this.selectNames = prepare(`
      WITH RECURSIVE name (name) AS (
        SELECT min(collection) FROM record
        UNION ALL SELECT (SELECT min(collection) FROM record WHERE collection > name) FROM name WHERE name IS NOT NULL)
      SELECT name FROM name WHERE name IS NOT NULL`)
    this.upsert = prepare('INSERT INTO record (collection, key, value) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value')
    this.remove = prepare('DELETE FROM record WHERE collection = ? AND key = ?')
    this.log = prepare('INSERT INTO change (sequence, collection, key) VALUES (?, ?, ?)')
    this.lastSequence = prepare('SELECT max(sequence) FROM change')
  }

  get(collection: string, key: string): string | undefined {
    return (this.selectOne.get(collection, key) as unknown as [string] | undefined)?.[0]
  }
  scan({ collection, from, to, reverse, limit }: Span): Page {
    const rows = (reverse ? this.selectDown : this.selectUp).all(collection, from, to, limit) as unknown as [string, string][]
    return { keys: rows.map(([key]) => key), values: `[${rows.map(([, value]) => value).join(',')}]` }
  }
  collections(): string[] {
    return (this.selectNames.all() as unknown as [string][]).map(([name]) => name)
  }

  /** Within a write transaction. */
  apply(writes: readonly Write[]): void {
    if (writes.length === 0) return
    const first = this.last()
    let last = first
    for (const [collection, key, text] of writes) {
      if (text !== null) this.upsert.run(collection, key, text)
      else if (this.remove.run(collection, key).changes === 0) continue
      this.log.run(++last, collection, key)
    }
    // The newest row is never among those: a number is not given twice.
    if (Math.floor(last / TRIM_STEP) > Math.floor(first / TRIM_STEP)) {
      this.database.prepare('DELETE FROM change WHERE sequence <= ?').run(last - CHANGES_KEPT)
    }
  }
  last(): number {
    return (this.lastSequence.get() as unknown as [number | null])[0] ?? 0
  }

  /** One statement: another process may commit between two. */
  changes(since: number): FoundChanges {
    const rows = this.database
      .prepare(`
        SELECT (SELECT coalesce(max(sequence), 0) FROM change) AS last, found.*
        FROM (SELECT 1) LEFT JOIN (SELECT sequence, collection, key FROM change WHERE sequence > ? ORDER BY sequence LIMIT ${CHANGES_LIMIT}) AS found
        ORDER BY found.sequence`)
      .all(since) as unknown as { last: number; sequence: number | null; collection: string; key: string }[]
    return {
      last: rows[0]?.last ?? 0,
      rows: rows.flatMap(({ sequence, collection, key }) => (sequence === null ? [] : [{ sequence, collection, key }])),
    }
  }

  /**
   * Moves the log into the database and empties it. Readers that begin before others end keep SQLite from doing so by itself, and the log from ending; and
   * what was erased stands in it until then. False when somebody uses the log: then another time.
   */
  tidyLog(): boolean {
    return this.database.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy'] === 0
  }

  begin(): void {
    this.database.exec('BEGIN')
  }
  /** Undoes what is not committed, if anything is open. */
  rollBack(): void {
    if (this.database.isTransaction) this.database.exec('ROLLBACK')
  }
  close(): void {
    this.database.close()
  }
}
