// A thread of the directory's test: looks for keys as hard as it can while another thread adds and revokes them, and judges what it finds.
import { parentPort, workerData } from 'node:worker_threads'
import { digestOf, keyOf } from '../../ports/conformance/credentials.ts'
import { SharedCredentials } from './shared-credentials.ts'
import type { DirectoryMemory } from './shared-directory.ts'

export interface HammerOrder {
  readonly memory: DirectoryMemory
  readonly file: DirectoryMemory
  /** Words: the writer is done; readers that are ready; keys that were added; keys that were revoked, from the first on. */
  readonly control: SharedArrayBuffer
  readonly keys: number
}
export interface Seen {
  readonly looks: number
  readonly found: number
  readonly faults: readonly string[]
}

/** The number of a key that is put again and again, and never removed. */
export const REPLACED = 1_000_000

function work({ memory, file, control, keys }: HammerOrder): Seen {
  const words = new Int32Array(control)
  const credentials = new SharedCredentials(file, memory)
  const faults: string[] = []
  let looks = 0
  let found = 0
  // A number that a reader steps through the keys by: it has no divisor in common with their number.
  let next = 1
  Atomics.add(words, 1, 1)
  while (Atomics.load(words, 0) === 0 || looks < keys * 2) {
    const added = Atomics.load(words, 2)
    next = (next + 7919) % Math.max(1, added + 50)
    const revokedBefore = Atomics.load(words, 3)
    const seen = credentials.findKey(digestOf(next), 0)
    const revokedAfter = Atomics.load(words, 3)
    looks++
    if (seen !== undefined) {
      found++
      const consumer = `consumer-${next & 255}`
      if (seen.key.id !== keyOf(next).id || seen.consumer.name !== consumer || !seen.consumer.apis.has(`api-${next & 255}`)) faults.push(`key ${next} is torn`)
      if (next < revokedBefore) faults.push(`key ${next} was revoked and is valid`)
    } else if (next < added && next > revokedAfter) faults.push(`key ${next} is there and was not found`)
    const replaced = credentials.findKey(digestOf(REPLACED), 0)
    if (replaced?.key.id !== keyOf(REPLACED).id || replaced.consumer.name !== `consumer-${REPLACED & 255}`)
      faults.push('the key that was put again is not there, or torn')
    if (faults.length > 10) break
  }
  return { looks, found, faults }
}

if (parentPort !== null) parentPort.postMessage(work(workerData as HammerOrder))
