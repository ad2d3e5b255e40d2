// Drift: everything that is not as one of its owners says, since when, and how to mend it.

import { visible } from '../../base/visible-text.ts'
import type { Reading } from '../../ports/store.ts'
import type { LocatedFault } from '../reading/located-fault.ts'
import type { Closed } from './closing.ts'
import { faultyObject } from './console-document.ts'
import { KINDS, kindNamed, splitKey } from './kinds.ts'
import { liveNodes } from './nodes.ts'
import { unfinishedRollback } from './rollback.ts'
import { readState, readValue } from './state.ts'

export interface DriftItem {
  readonly what: /** The file on disk is not what is live. */
    | 'file-refused'
    /** The file and the console claim one name. */
    | 'owned-twice'
    /** What was published is not what is live here. */
    | 'console-refused'
    /** At the start an object of the console did not go with the file: its API answers nothing. */
    | 'closed'
    /** A rollback wanted the file to be as it was, too. */
    | 'not-rolled-back'
    /** Its time is over, and it is still listed. */
    | 'ended'
    /** Nodes of one store run different files. */
    | 'nodes-differ'
    /** An OpenAPI file refers to what cannot be read: an export of it is not whole. */
    | 'not-whole'
  /** The object; absent when it is about the whole. */
  readonly kind?: string
  readonly name?: string
  readonly sinceMs: number
  readonly says: string
  readonly mend: string
}

/** What this process runs, as against what it was told to. */
export interface LiveReport {
  readonly fileRefused?: { readonly sinceMs: number; readonly faults: readonly LocatedFault[]; readonly reasons: readonly string[] }
  readonly consoleRefused?: {
    readonly sinceMs: number
    readonly revision: number
    readonly faults: readonly LocatedFault[]
    readonly reasons: readonly string[]
  }
  readonly closed: readonly Closed[]
  readonly closedSinceMs: number
  /** Faults of OpenAPI files that are not whole, with the time of their reading. */
  readonly notWhole: readonly { readonly file: string; readonly message: string }[]
  readonly readMs: number
}

/** Everything at once, the widest first. */
export async function driftOf(reading: Reading, live: LiveReport, nowMs: number, kinds = KINDS): Promise<readonly DriftItem[]> {
  return [...refusals(live), ...(await nodesApart(reading, nowMs)), ...(await notRolledBack(reading)), ...(await ended(reading, nowMs, kinds))]
}

function refusals({ fileRefused, consoleRefused, closed, closedSinceMs, notWhole, readMs }: LiveReport): DriftItem[] {
  const items: DriftItem[] = []
  if (fileRefused) {
    const { sinceMs, faults, reasons } = fileRefused
    const says = `the file on disk is refused, and the one before it is live: ${summary(faults, reasons)}`
    items.push({ what: 'file-refused', sinceMs, says, mend: 'mend the file, or change the objects of the console that it does not go with' })
    items.push(...ownedTwice(faults, sinceMs))
  }
  if (consoleRefused) {
    const { sinceMs, revision, faults, reasons } = consoleRefused
    const says = `revision ${revision} does not go with the file of this node, and the one before it is live: ${summary(faults, reasons)}`
    items.push({ what: 'console-refused', sinceMs, says, mend: 'give this node the file of the others, or publish what goes with both' })
    items.push(...ownedTwice(faults, sinceMs))
  }
  for (const { key, faults } of closed) {
    const says = `it is not served: ${summary(faults, [])}`
    items.push({ what: 'closed', ...splitKey(key), sinceMs: closedSinceMs, says, mend: 'change or remove it in the console, or mend the file' })
    items.push(...ownedTwice(faults, closedSinceMs))
  }
  for (const { file, message } of notWhole)
    items.push({
      what: 'not-whole',
      sinceMs: readMs,
      says: visible(`${file}: ${message}`),
      mend: 'make the file that it refers to readable, below the folder of the document',
    })
  return items
}

const ownedTwice = (faults: readonly LocatedFault[], sinceMs: number): DriftItem[] =>
  faults.flatMap((fault): DriftItem[] => {
    const key = fault.code === 'owned-twice' ? faultyObject(fault) : undefined
    return key === undefined
      ? []
      : [{ what: 'owned-twice', ...splitKey(key), sinceMs, says: fault.message, mend: 'take it out of the file, or out of the console' }]
  })

function summary(faults: readonly LocatedFault[], reasons: readonly string[]): string {
  const all = [...reasons, ...faults.map(({ place, file, line, code, message }) => `${place ?? `${file}:${line}`} ${code} ${message}`)]
  return visible(all.length > 3 ? `${all.slice(0, 3).join('; ')}; and ${all.length - 3} more` : all.join('; '))
}

async function nodesApart(reading: Reading, nowMs: number): Promise<DriftItem[]> {
  const nodes = await liveNodes(reading, nowMs)
  if (new Set(nodes.map(({ fileDigest }) => fileDigest)).size < 2) return []
  const named = nodes.map(({ id, fileDigest }) => `${id} ${fileDigest.slice(0, 12)}`).join(', ')
  const sinceMs = Math.max(...nodes.map(({ startedMs }) => startedMs))
  return [{ what: 'nodes-differ', sinceMs, says: visible(`nodes of this store run different files: ${named}`), mend: 'give all nodes one file' }]
}

/** What the last rollback could not bring back, for as long as its owner has not touched it since. */
async function notRolledBack(reading: Reading): Promise<DriftItem[]> {
  const unfinished = await unfinishedRollback(reading)
  if (!unfinished) return []
  const { revision, rollback, left } = unfinished
  return left.map(({ kind, name }) => ({
    what: 'not-rolled-back',
    ...{ kind, name, sinceMs: revision.atMs },
    says: `the rollback to revision ${rollback.to} left it as the file says`,
    mend: 'take the file back to what it said then, or leave it and publish anew',
  }))
}

async function ended(reading: Reading, nowMs: number, kinds: typeof KINDS): Promise<DriftItem[]> {
  const items: DriftItem[] = []
  for (const owner of ['console', 'file'] as const)
    for (const { kind, name, stored } of (await readState(reading, owner)).values()) {
      const ends = kindNamed(kind, kinds)?.endsMs
      const endsMs = ends?.(await readValue(reading, stored))
      if (endsMs !== undefined && endsMs <= nowMs)
        items.push({ what: 'ended', kind, name, sinceMs: endsMs, says: 'its time is over, and it is still listed', mend: `take it out of the ${owner}` })
    }
  return items
}
