// Pruning: revisions that were replaced long ago are forgotten, from the first one on, in small transactions that may end between any two.
import { everyEntry, type Reading, type Store, type Writing } from '../../ports/store.ts'
import { releaseContent } from './contents.ts'
import { keyOf } from './kinds.ts'
import { liveNodes } from './nodes.ts'
import { CHANGES, changeUser, DRAFTS, HORIZON, HORIZON_KEY, REVISIONS, revisionKey, TOUCHES } from './records.ts'
import { unfinishedRollback } from './rollback.ts'
import { readHead, readHorizon } from './state.ts'

/** A revision goes when it was replaced longer ago than `for`, in milliseconds, and is not among the `newest`. */
export interface Retention {
  readonly for: number
  readonly newest: number
}
/** Both inclusive. */
export interface Pruned {
  readonly from: number
  readonly through: number
}

/** In one transaction. */
const REVISIONS_MAX = 500
const CHANGES_MAX = 200
/** Transactions of a turn that take changes out: what is left then is for the next turn. */
const BATCHES_MAX = 50

/**
 * One turn, to be taken every now and then, by any node. First history begins later, in one transaction with `within`, where the trail is told: from then
 * on nobody sees the revisions that are gone. Then what they changed is taken out piece by piece, also what an earlier turn left there.
 */
export async function pruneRevisions(
  store: Store,
  retention: Retention,
  nowMs: number,
  within: (writing: Writing, pruned: Pruned) => Promise<void>,
): Promise<Pruned | undefined> {
  const isDue = (await store.read((reading) => prunable(reading, retention, nowMs))) !== undefined
  const pruned = isDue ? await store.write((writing) => moveHorizon(writing, retention, nowMs, within)) : undefined
  for (let batch = 0; batch < BATCHES_MAX && (await store.read(hasLeftovers)); batch++) await store.write(takeOut)
  return pruned
}

async function prunable(reading: Reading, retention: Retention, nowMs: number): Promise<Pruned | undefined> {
  const { revision: gone } = await readHorizon(reading)
  const firstNeeded = await firstInUse(reading, retention, nowMs)
  const oldest = await reading.scan(REVISIONS, { after: revisionKey(gone), limit: REVISIONS_MAX + 1 })
  let through = gone
  for (const [i, { value }] of oldest.entries()) {
    // It was what is live until the next one was published.
    const next = oldest[i + 1]?.value
    if (!next || value.number >= firstNeeded || next.atMs + retention.for > nowMs) break
    through = value.number
  }
  return through === gone ? undefined : { from: gone + 1, through }
}

/** The first revision that must stay: the newest ones, what a node runs, what a draft was made upon, and what a rollback still wants of the file. */
async function firstInUse(reading: Reading, { newest }: Retention, nowMs: number): Promise<number> {
  const { revision } = await readHead(reading)
  let first = revision - newest + 1
  for (const node of await liveNodes(reading, nowMs)) first = Math.min(first, node.revision)
  for await (const { value } of everyEntry(reading, DRAFTS)) first = Math.min(first, value.base, value.rollback?.to ?? value.base)
  const unfinished = await unfinishedRollback(reading)
  return unfinished ? Math.min(first, unfinished.rollback.to) : first
}

async function moveHorizon(
  writing: Writing,
  retention: Retention,
  nowMs: number,
  within: (writing: Writing, pruned: Pruned) => Promise<void>,
): Promise<Pruned | undefined> {
  const pruned = await prunable(writing, retention, nowMs)
  if (!pruned) return undefined
  const { digest, fileDigest } = (await writing.get(REVISIONS, revisionKey(pruned.through)))!
  for (let number = pruned.from; number <= pruned.through; number++) writing.remove(REVISIONS, revisionKey(number))
  writing.put(HORIZON, HORIZON_KEY, { revision: pruned.through, digest, fileDigest, prunedMs: nowMs })
  await within(writing, pruned)
  return pruned
}

const leftovers = async (reading: Reading, limit: number) => reading.scan(CHANGES, { before: revisionKey((await readHorizon(reading)).revision + 1), limit })

const hasLeftovers = async (reading: Reading): Promise<boolean> => (await leftovers(reading, 1)).length > 0

async function takeOut(writing: Writing): Promise<void> {
  for (const { key: at, value } of await leftovers(writing, CHANGES_MAX)) {
    const revision = Number(at.split('/', 1)[0])
    const key = keyOf(value)
    for (const side of ['before', 'after'] as const) {
      const stored = value[side]?.stored
      if (stored && 'content' in stored) await releaseContent(writing, stored.content, changeUser(revision, value.owner, key, side))
    }
    writing.remove(TOUCHES, `${key}/${revisionKey(revision)}`)
    writing.remove(CHANGES, at)
  }
}
