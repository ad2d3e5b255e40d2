// Writes checkpoints to a file that only grows: for a disk, or a collector of logs, that another person keeps.
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import type { SignedCheckpoint } from './checkpoint.ts'
import { formatNote } from './note.ts'

/** Appends the note and an empty line; returns when both are on disk. Creates the file for its owner alone. Rejects when it cannot be written. */
export async function appendCheckpoint(file: string, { note }: SignedCheckpoint): Promise<void> {
  // No following of a link that somebody else put there, and never from the start: what stands in the file stays.
  const handle = await open(file, constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0), 0o600)
  try {
    const { size } = await handle.stat()
    const octets = Buffer.from(`${formatNote(note)}\n`)
    const { bytesWritten } = await handle.write(octets)
    if (bytesWritten !== octets.length) {
      // A part of a note in the middle would make all of the file unreadable.
      await handle.truncate(size)
      throw new Error('a checkpoint was written in part only')
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
}
