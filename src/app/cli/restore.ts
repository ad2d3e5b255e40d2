// gatehouse restore FILE: puts a back-up in place of what the store holds, after all of it was found whole, readable and unaltered elsewhere.
import { closeSync, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readLines, writeLines } from '../../adapters/archive-file.ts'
import { SqliteStore } from '../../adapters/sqlite/store.ts'
import { exportStore, importStore } from '../../adapters/store-archive.ts'
import type { Configuration } from '../../catalog/resolving/resolve.ts'
import { liveNodes, removeNode } from '../../catalog/revisions/nodes.ts'
import { verifyCatalog } from '../../catalog/revisions/verify.ts'
import { endSession, SESSIONS } from '../../people/sessions.ts'
import { type Store, UnusableBackUp, type Writing } from '../../ports/store.ts'
import { exportTrail } from '../../trail/export.ts'
import { Trail } from '../../trail/trail.ts'
import { verifyExport } from '../../trail/verify.ts'
import { digestOfFile } from '../back-ups.ts'
import { openConfiguredEnvelope } from '../envelope.ts'
import type { Settings } from '../settings.ts'
import { configurationOf, nowMs } from './running-gatehouse.ts'
import { CommandRefused, withStoppedStore } from './stopped-store.ts'
import { complain, type ExitCode, misused, print } from './usage.ts'

export const restoreHelp = `gatehouse restore FILE --config FILE [--replace]

Puts a back-up into the store of the configuration, embedded or PostgreSQL, whichever of them it was made of. Gatehouse must not run on that store, and
the store must be empty unless --replace is said. Before anything is replaced, the back-up is restored beside it, and its catalog and its trail are
verified with the envelope key of the configuration.

Keys and tokens that were revoked, and fields that were erased, after the back-up was made are back: revoke and erase them anew. Sessions are not:
everybody signs in anew.

Exit: 0 done, 1 refused, 2 wrong usage or could not run.`

export async function restore(args: readonly string[], settings: Settings): Promise<ExitCode> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { config: { type: 'string' }, replace: { type: 'boolean', default: false } },
  })
  const [file] = positionals
  if (file === undefined || positionals.length > 1) return misused('restore takes one file', 'restore')
  if (values.config === undefined) return misused('restore needs --config FILE', 'restore')
  const configuration = configurationOf(values.config)
  if (typeof configuration === 'number') return configuration
  try {
    const { entries } = await restoreInto(configuration, settings, resolve(file), values.replace)
    print(`restored ${file}: catalog and trail (${entries} entries) verified`)
    return 0
  } catch (cause) {
    complain((cause as Error).message)
    return cause instanceof CommandRefused ? cause.code : cause instanceof UnusableBackUp ? 1 : 2
  }
}

function restoreInto(configuration: Configuration, settings: Settings, file: string, replace: boolean): Promise<{ readonly entries: number }> {
  return withStoppedStore(configuration, settings, async ({ store, backUp }) => {
    if (!replace && (await store.read((reading) => reading.collections())).length > 0)
      throw new CommandRefused('the store is not empty: --replace puts the back-up in place of everything it holds')
    const folder = mkdtempSync(join(configuration.dataFolder, 'restoring-'))
    const beside = await SqliteStore.open(join(folder, 'beside.db'))
    try {
      if (isDatabase(file)) await beside.restore(file)
      else await importStore(beside, () => readLines(file))
      const entries = await verify(beside, configuration, settings)
      // Beside as well, so that there is no moment at which the store holds the one without the other.
      await tell(beside, configuration, settings, { sha256: await digestOfFile(file), replaced: replace })
      const form = join(folder, 'whole')
      if (configuration.store.kind === 'sqlite') await beside.backUp(form)
      else await beside.read((reading) => writeLines(form, exportStore(reading)))
      await backUp.restore(form)
      return { entries }
    } finally {
      await beside.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })
}

async function envelopeOf(store: Store, { envelope, dataFolder }: Configuration, settings: Settings) {
  const opened = await openConfiguredEnvelope(store, envelope, dataFolder, settings)
  if ('refused' in opened) throw new CommandRefused(opened.refused)
  return opened.envelope
}

/** Says how many entries the trail has. */
async function verify(store: Store, configuration: Configuration, settings: Settings): Promise<number> {
  const trail = new Trail(await envelopeOf(store, configuration, settings))
  const faults = await store.read(verifyCatalog)
  if (faults.length > 0) throw new CommandRefused(`the catalog of the back-up is not whole: ${faults[0]}`)
  return store.read(async (reading) => {
    if ((await trail.signedHead(reading)) === undefined) return 0
    const verdict = await verifyExport(octetsOf(exportTrail(trail, reading, nowMs())), { checkpoints: [], keys: [] })
    if (!verdict.ok) throw new CommandRefused(`the trail of the back-up is broken: ${verdict.faults[0]?.message}`)
    return verdict.size
  })
}
async function* octetsOf(lines: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const line of lines) yield Buffer.from(line)
}

async function tell(store: Store, configuration: Configuration, settings: Settings, detail: { readonly [name: string]: unknown }): Promise<void> {
  const trail = new Trail(await envelopeOf(store, configuration, settings))
  const event = { act: 'store.restore', actor: { kind: 'system', id: 'system' }, outcome: 'done', detail } as const
  // Sessions that were ended since the back-up was made must not be valid again: everybody signs in anew.
  while ((await store.write(endSome)) > 0);
  await store.write(async (writing) => {
    // Those that ran when the back-up was made do not run here.
    for (const { id } of await liveNodes(writing, 0)) removeNode(writing, id)
    await trail.append(writing, event, nowMs())
  })
}

async function endSome(writing: Writing): Promise<number> {
  const page = await writing.scan(SESSIONS, { limit: 500 })
  for (const { key } of page) await endSession(writing, key)
  return page.length
}

/** SQLite's own files begin so (sqlite.org/fileformat 1.3). */
function isDatabase(file: string): boolean {
  const octets = Buffer.alloc(16)
  try {
    const handle = openSync(file, 'r')
    readSync(handle, octets, 0, 16, 0)
    closeSync(handle)
  } catch (cause) {
    throw new CommandRefused(`${file} cannot be read (${(cause as NodeJS.ErrnoException).code})`, 2)
  }
  return octets.equals(Buffer.from('SQLite format 3\0'))
}
