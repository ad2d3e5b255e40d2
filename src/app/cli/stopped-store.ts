// The store of a Gatehouse that does not run, for commands that must have it to themselves.
import { mkdirSync } from 'node:fs'
import type { Configuration } from '../../catalog/resolving/resolve.ts'
import { liveNodes } from '../../catalog/revisions/nodes.ts'
import type { OpenedStore } from '../open-store.ts'
import { openStore } from '../open-store.ts'
import type { Settings } from '../settings.ts'
import { nowMs } from './running-gatehouse.ts'

/** Something that the command has to say, and ends with. `code` is the exit code. */
export class CommandRefused extends Error {
  readonly code: 1 | 2
  constructor(message: string, code: 1 | 2 = 1) {
    super(message)
    this.code = code
  }
}

/** Opens it, works, and closes it. Throws `CommandRefused` while a Gatehouse uses it. */
export async function withStoppedStore<T>(configuration: Configuration, settings: Settings, work: (opened: OpenedStore) => Promise<T>): Promise<T> {
  mkdirSync(configuration.dataFolder, { recursive: true, mode: 0o700 })
  const opened = await openStore(configuration.store, (name) => settings.secret(name)?.reveal())
  try {
    const nodes = await opened.store.read((reading) => liveNodes(reading, nowMs()))
    if (nodes.length > 0)
      throw new CommandRefused(
        `a Gatehouse runs on this store (${nodes.map(({ id }) => id).join(', ')}): stop it first. One that ended without saying so is forgotten after a minute`,
      )
    return await work(opened)
  } finally {
    await opened.store.close()
  }
}
