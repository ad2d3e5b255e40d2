// gatehouse restore FILE: puts a back-up in place of what the store holds, after all of it was found whole, readable and unaltered elsewhere.
import { closeSync, mkdtempSync, openSync, readdirSync, readSync, renameSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { readLines, writeLines } from '../../adapters/archive-file.ts'
import { SqliteStore } from '../../adapters/sqlite/store.ts'
import { exportStore, importIsUnfinished, importStore } from '../../adapters/store-archive.ts'
import type { Configuration } from '../../catalog/resolving/resolve.ts'
import { liveNodes, removeNode } from '../../catalog/revisions/nodes.ts'
import { verifyCatalog } from '../../catalog/revisions/verify.ts'
import { type Store, UnusableBackUp } from '../../ports/store.ts'
import { exportTrail } from '../../trail/export.ts'
import type { Trail } from '../../trail/trail.ts'
import { verifyExport } from '../../trail/verify.ts'
import { ActNotices } from '../act-notices.ts'
import { keepEnded, openAgain, type StillEnded } from '../after-restore.ts'
import { digestOfFile } from '../back-ups.ts'
import { openConfiguredEnvelope } from '../envelope.ts'
import type { Settings } from '../settings.ts'
import { configurationOf, nowMs } from './running-gatehouse.ts'
import { CommandRefused, withStoppedStore } from './stopped-store.ts'
import { complain, type ExitCode, misused, print } from './usage.ts'

export const restoreHelp = `gatehouse restore FILE --config FILE [--replace [--revive]]

Puts a back-up into the store of the configuration, embedded or PostgreSQL, whichever of them it was made of. Gatehouse must not run on that store, and
the store must be empty unless --replace is said. Before anything is replaced, the back-up is restored beside it, and its catalog and its trail are
verified with the envelope key of the configuration.

Nothing opens after it that did not open before: keys, certificates, tokens, people's rights and proofs that ended or changed since the back-up was made stay as the
replaced store knows them, and personal fields that were erased since are erased again. Where there is no such store, the command says what to look for.
--revive lets all of it count as in the back-up: for a store in which somebody hostile was at work. Sessions and links end always.

Exit: 0 done, 1 refused, 2 wrong usage or could not run.`

export async function restore(args: readonly string[], settings: Settings): Promise<ExitCode> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { config: { type: 'string' }, replace: { type: 'boolean', default: false }, revive: { type: 'boolean', default: false } },
  })
  const [file] = positionals
  if (file === undefined || positionals.length > 1) return misused('restore takes one file', 'restore')
  if (values.config === undefined) return misused('restore needs --config FILE', 'restore')
  const configuration = await configurationOf(values.config)
  if (typeof configuration === 'number') return configuration
  if (values.revive && !values.replace) return misused('--revive goes with --replace', 'restore')
  try {
    const { entries, ended, open } = await restoreInto(configuration, settings, resolve(file), values)
    print(`restored ${file}: catalog and trail (${entries} entries) verified; everybody signs in anew`)
    if (ended)
      print(
        `what ended since the back-up stays so: ${ended.keys} keys, ${ended.certificates} certificates, ${ended.tokens} tokens, ${ended.people} people, ${ended.fields} erased fields`,
      )
    for (const line of open) print(line)
    return 0
  } catch (cause) {
    complain((cause as Error).message)
    return cause instanceof CommandRefused ? cause.code : cause instanceof UnusableBackUp ? 1 : 2
  }
}

interface Restored {
  readonly entries: number
  readonly ended: StillEnded | undefined
  /** What the operator has to look for themselves. */
  readonly open: readonly string[]
}
type Choice = { readonly replace: boolean; readonly revive: boolean }

function restoreInto(configuration: Configuration, settings: Settings, file: string, { replace, revive }: Choice): Promise<Restored> {
  return withStoppedStore(configuration, settings, async ({ store, backUp }) => {
    if (!replace && (await store.read((reading) => reading.collections())).length > 0)
      throw new CommandRefused('the store is not empty: --replace puts the back-up in place of everything it holds')
    const { dataFolder } = configuration
    // What one left that was killed: a whole copy of a store.
    for (const name of readdirSync(dataFolder)) if (name.startsWith('restoring-')) rmSync(join(dataFolder, name), { recursive: true, force: true })
    const folder = mkdtempSync(join(dataFolder, 'restoring-'))
    const beside = await SqliteStore.open(join(folder, 'beside.db'))
    try {
      if (isDatabase(file)) await beside.restore(file)
      else await importStore(beside, () => readLines(file))
      const envelope = await envelopeOf(beside, configuration, settings)
      const { trail } = new ActNotices(envelope, () => configuration.settings.webhooks, complain)
      const entries = await verify(beside, trail)
      // All of it beside, so that there is no moment at which the store holds the back-up without it. A part of an earlier back-up tells nothing.
      const isWhole = !(await store.read(importIsUnfinished))
      const ended = await keepEnded(beside, trail, revive || !isWhole ? undefined : store, nowMs())
      const open = ended || revive ? [] : await openAgain(beside, nowMs())
      await tell(beside, trail, { sha256: await digestOfFile(file), replaced: replace, ...(revive && { revived: true }), ...(ended && { ended }) })
      const form = join(folder, 'whole')
      if (configuration.store.kind === 'sqlite') {
        await beside.backUp(form)
        await backUp.restore(form)
      } else {
        await beside.read((reading) => writeLines(form, exportStore(reading)))
        await backUp.restore(form).catch((cause) => keepUnfinished(form, dataFolder, cause))
      }
      return { entries, ended, open }
    } finally {
      await beside.close()
      rmSync(folder, { recursive: true, force: true })
    }
  })
}

/** An archive comes in by many transactions: what stood in the store may be gone in part, and with it what ended since. This file has all of it. */
function keepUnfinished(form: string, dataFolder: string, cause: Error): never {
  const kept = join(dataFolder, `unfinished-restore-${nowMs()}`)
  renameSync(form, kept)
  throw new CommandRefused(`${cause.message}\nthe store is not whole now: go on with gatehouse restore ${kept} --replace`, 2)
}

async function envelopeOf(store: Store, { envelope, dataFolder }: Configuration, settings: Settings) {
  const opened = await openConfiguredEnvelope(store, envelope, dataFolder, settings)
  if ('refused' in opened) throw new CommandRefused(opened.refused)
  return opened.envelope
}

/** Says how many entries the trail has. */
async function verify(store: Store, trail: Trail): Promise<number> {
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

async function tell(store: Store, trail: Trail, detail: { readonly [name: string]: unknown }): Promise<void> {
  const event = { act: 'store.restore', actor: { kind: 'system', id: 'system' }, outcome: 'done', detail } as const
  await store.write(async (writing) => {
    // Those that ran when the back-up was made do not run here.
    for (const { id } of await liveNodes(writing, 0)) removeNode(writing, id)
    await trail.append(writing, event, nowMs())
  })
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
