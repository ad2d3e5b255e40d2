// Back-up and restore of the embedded store: SQLite's own file format, consistent while others write.
import { closeSync, copyFileSync, existsSync, fsyncSync, linkSync, openSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { UnusableBackUp } from '../../ports/store.ts'
import { openDatabase, resultCode } from './connection.ts'
import { versionOf } from './migrations.ts'

/** Writes what is committed in `file` now into the new file `toFile`. A reader's snapshot is all it takes: nobody waits for it. */
export function backUpInto(file: string, toFile: string): void {
  if (existsSync(toFile)) throw new UnusableBackUp(`${toFile} is there already, and is not overwritten`)
  const part = `${toFile}.part`
  rmSync(part, { force: true })
  // Made before SQLite writes into it, for the sake of its mode; an empty file is a target that VACUUM INTO takes.
  closeSync(openSync(part, 'wx', 0o600))
  try {
    const database = openDatabase(file)
    try {
      database.prepare('VACUUM INTO ?').run(part)
    } finally {
      database.close()
    }
    synchronise(part)
    // Unlike a renamed file, a linked one never takes the place of another.
    linkSync(part, toFile)
  } finally {
    rmSync(part, { force: true })
  }
  synchronise(dirname(toFile))
}

function synchronise(path: string): void {
  const handle = openSync(path, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}

/** Replaces the records in `database`, which is that of `file`, by those of a back-up of this or an older version, in one transaction. */
export function restoreInto(database: DatabaseSync, file: string, fromFile: string): void {
  const copy = `${file}.restoring`
  const remove = (): void => {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(copy + suffix, { force: true })
  }
  remove()
  try {
    if (existsSync(`${fromFile}-wal`)) throw new UnusableBackUp(`${fromFile} is in use, or was left by a crash: it is no back-up`)
    closeSync(openSync(copy, 'wx', 0o600))
    copyFileSync(fromFile, copy)
    examine(copy)
    database.prepare('ATTACH ? AS back_up').run(copy)
    try {
      replaceAll(database)
    } finally {
      database.exec('DETACH back_up')
    }
  } finally {
    remove()
  }
}

/** Brings the copy to the newest version, or throws. */
function examine(copy: string): void {
  try {
    const found = new DatabaseSync(copy)
    try {
      if (versionOf(found) === undefined) throw new UnusableBackUp('the file is no back-up of a store of Gatehouse')
      const verdict = found.prepare('PRAGMA integrity_check(1)').get()?.['integrity_check']
      if (verdict !== 'ok') throw new UnusableBackUp(`the back-up is damaged: ${verdict}`)
    } finally {
      found.close()
    }
  } catch (cause) {
    throw resultCode(cause) === undefined ? cause : new UnusableBackUp(`the file is no back-up, or is damaged: ${(cause as Error).message}`, cause)
  }
  const migrated = openDatabase(copy)
  migrated.exec('PRAGMA journal_mode = DELETE')
  migrated.close()
}

function replaceAll(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE')
  try {
    database.exec('DELETE FROM record; INSERT INTO record SELECT collection, key, value FROM back_up.record')
    // A history that leaps: whoever followed the old one, or that of the back-up, has to read everything anew.
    const next = 'SELECT max((SELECT coalesce(max(sequence), 0) FROM main.change), (SELECT coalesce(max(sequence), 0) FROM back_up.change)) + 2 AS next'
    const sequence = Number(database.prepare(next).get()?.['next'])
    database.exec('DELETE FROM change')
    database.prepare("INSERT INTO change (sequence, collection, key) VALUES (?, 'store', 'restored')").run(sequence)
    database.exec('COMMIT')
  } catch (cause) {
    if (database.isTransaction) database.exec('ROLLBACK')
    throw cause
  }
}
