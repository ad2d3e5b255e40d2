// Which processes share this store, and what each of them runs: each says so again and again, and who falls silent is forgotten.
import { everyEntry, type Reading, type Writing } from '../../ports/store.ts'
import { NODES, type NodeRecord } from './records.ts'

export const BEAT_MS = 10_000
/** Silent for so long: it is not counted. */
const SILENT_MS = 60_000
const FORGOTTEN_MS = 24 * 3_600_000

export async function recordNode(writing: Writing, node: NodeRecord): Promise<void> {
  writing.put(NODES, node.id, node)
  const gone: string[] = []
  for await (const { key, value } of everyEntry(writing, NODES)) if (value.atMs < node.atMs - FORGOTTEN_MS) gone.push(key)
  for (const key of gone) writing.remove(NODES, key)
}

export const removeNode = (writing: Writing, id: string): void => writing.remove(NODES, id)

/** Those that were heard of within the last minute, by name. */
export async function liveNodes(reading: Reading, nowMs: number): Promise<readonly NodeRecord[]> {
  const nodes: NodeRecord[] = []
  for await (const { value } of everyEntry(reading, NODES)) if (value.atMs >= nowMs - SILENT_MS) nodes.push(value)
  return nodes
}
