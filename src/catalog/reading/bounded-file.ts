// Reads one file of a configuration whole, or says why it is not to be believed.
import { createHash } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync, realpathSync, type Stats } from 'node:fs'
import { sep } from 'node:path'
import { getgid, getuid, platform } from 'node:process'

/** The bytes of a file, with their SHA-256 in lower-case hex. */
export interface FileBytes {
  readonly bytes: Buffer
  readonly digest: string
}

/** Why a file was not read; the code and sentence of a fault. */
export interface FileRefusal {
  readonly code: 'file-missing' | 'file-unreadable' | 'file-not-regular' | 'file-too-large' | 'file-writable-by-others' | 'file-readable-by-others'
  readonly message: string
}

/** Reads at most `bytesMax` bytes. Never waits: a named pipe is refused, not opened for good. `secret`: no one but owner and group may read it either. */
export function readBoundedFile(file: string, bytesMax: number, { secret = false } = {}): FileBytes | FileRefusal {
  let descriptor: number
  try {
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    return refusalOf(error, file)
  }
  try {
    const stats = fstatSync(descriptor)
    if (!stats.isFile()) return { code: 'file-not-regular', message: `${file} is not a regular file` }
    if (stats.size > bytesMax) return tooLarge(file, bytesMax)
    if (writableByOthers(stats)) {
      return {
        code: 'file-writable-by-others',
        message: `${file} may be written by others than its owner: chmod go-w it, since who writes it decides who gets in`,
      }
    }
    // A group is how those who renew certificates and those who show them share a key; everybody is nobody's mistake.
    if (secret && platform !== 'win32' && (stats.mode & 0o004) !== 0)
      return {
        code: 'file-readable-by-others',
        message: `${file} can be read by everyone on this machine: chmod o-r it, and replace the key if others may have read it`,
      }
    // The file may grow while it is read: the cap holds for what is read, not for what the file claimed to be.
    const bytes = Buffer.allocUnsafe(Math.min(bytesMax, stats.size) + 1)
    let filled = 0
    for (let got = -1; got !== 0 && filled < bytes.length; filled += got) got = readSync(descriptor, bytes, filled, bytes.length - filled, filled)
    if (filled > bytesMax) return tooLarge(file, bytesMax)
    const content = bytes.subarray(0, filled)
    return { bytes: content, digest: createHash('sha256').update(content).digest('hex') }
  } catch (error) {
    return refusalOf(error, file)
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Group- or world-writable. One exception: a group that is the owner's own by the user-private-group scheme (same number as the user, who runs this
 * process), since distributions that use it create every file that way.
 */
function writableByOthers({ mode, uid, gid }: Stats): boolean {
  if (platform === 'win32') return false
  if ((mode & 0o002) !== 0) return true
  return (mode & 0o020) !== 0 && !(uid !== 0 && gid === uid && uid === getuid?.() && gid === getgid?.())
}

const tooLarge = (file: string, bytesMax: number): FileRefusal => ({ code: 'file-too-large', message: `${file} is larger than ${bytesMax / 1024 ** 2} MiB` })

function refusalOf(error: unknown, file: string): FileRefusal {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOENT' || code === 'ENOTDIR') return { code: 'file-missing', message: `there is no file ${file}` }
  return { code: 'file-unreadable', message: `${file} cannot be read (${code ?? 'unknown reason'})` }
}

/** The path without symbolic links; undefined when nothing is there. */
export function realPath(file: string): string | undefined {
  try {
    return realpathSync(file)
  } catch {
    return undefined
  }
}

/** True when `file` stands in `folder` or below it. Both absolute and free of symbolic links. */
export const isBelow = (file: string, folder: string): boolean => file.startsWith(folder.endsWith(sep) ? folder : folder + sep)
