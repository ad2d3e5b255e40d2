// The envelope key in a file: only its owner may read it, and it appears whole or not at all.
import { closeSync, constants, fstatSync, fsyncSync, linkSync, mkdirSync, openSync, readSync, renameSync, rmSync, type Stats, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { getuid, pid, platform } from 'node:process'
import { type EnvelopeKey, envelopeKeyText, KEY_TEXT_MAX, type KeyRefusal, readEnvelopeKey } from './envelope-key.ts'

/** The key in a file; undefined when there is no file. */
export function readKeyFile(file: string): EnvelopeKey | KeyRefusal | undefined {
  let descriptor: number
  try {
    // Never waits: a named pipe is refused, not opened for good.
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return code === 'ENOENT' ? undefined : { refused: `${file} cannot be read (${code ?? 'unknown reason'})` }
  }
  try {
    const stats = fstatSync(descriptor)
    const wrong = wrongWith(stats)
    if (wrong !== undefined) return { refused: `${file} ${wrong}` }
    const bytes = Buffer.alloc(KEY_TEXT_MAX + 1)
    const read = readSync(descriptor, bytes, 0, bytes.length, 0)
    if (read > KEY_TEXT_MAX) return { refused: `${file} holds more than a key` }
    const key = readEnvelopeKey(bytes.toString('latin1', 0, read))
    bytes.fill(0)
    return 'refused' in key ? { refused: `${file} holds no envelope key: ${key.refused}` } : key
  } catch (error) {
    return { refused: `${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown reason'})` }
  } finally {
    closeSync(descriptor)
  }
}

/** Of the file that is open, and not of a path that may lead elsewhere by then. */
function wrongWith(stats: Stats): string | undefined {
  const { mode, uid } = stats
  if (!stats.isFile()) return 'is not a regular file'
  if (platform === 'win32') return undefined
  if ((mode & 0o077) !== 0) return 'can be read or written by others than its owner: chmod 600 it, and rotate the key if others may have read it'
  if (uid !== 0 && uid !== getuid?.()) return 'belongs to another user than the one that Gatehouse runs as'
  return undefined
}

/** Writes a key into a file that is not there yet, on disk when this returns. False, and nothing changed, when somebody else was first. */
export function createKeyFile(file: string, key: EnvelopeKey): boolean {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const draft = `${file}.${pid}.draft`
  rmSync(draft, { force: true })
  const descriptor = openSync(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
  try {
    writeSync(descriptor, `${envelopeKeyText(key)}\n`)
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
  try {
    // A link, unlike a renaming, never takes the place of a key that is there.
    linkSync(draft, file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
  syncFolder(dirname(file))
  return true
}

/** Where the key that a rotation leads to stands until the rotation is over. */
export const nextKeyFile = (file: string): string => `${file}.new`

/** The next key takes the place of the old one, which is gone then. */
export function promoteKeyFile(file: string): void {
  renameSync(nextKeyFile(file), file)
  syncFolder(dirname(file))
}

/** What a folder lists is on disk only when the folder is. */
function syncFolder(folder: string): void {
  if (platform === 'win32') return
  const descriptor = openSync(folder, constants.O_RDONLY)
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
