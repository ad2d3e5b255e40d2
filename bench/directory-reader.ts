// A thread of the directory's case: reads the shared directory as a gateway thread does, and says what that costs and when it saw a change.

import { hash } from 'node:crypto'
import { getHeapStatistics } from 'node:v8'
import { parentPort, workerData } from 'node:worker_threads'
import { SharedCredentials } from '../src/adapters/shared-memory/shared-credentials.ts'
import { type DirectoryMemory, fileDirectory } from '../src/adapters/shared-memory/shared-directory.ts'

export type ReaderOrder = { readonly memory: DirectoryMemory; readonly keys: number; readonly watch: SharedArrayBuffer }
/** Microseconds of the thread's own CPU time per look-up, the hashing of the secret included, and the thread's own heap in octets. */
export type Costs = {
  readonly hashing: number
  readonly hot: number
  readonly uniform: number
  /** The same, and the key's handle and its consumer's name are read: what a request with an access log does. */
  readonly named: number
  readonly unknown: number
  /** One read from memory that no cache holds, where each names the place of the next. */
  readonly farRead: number
  readonly heapBefore: number
  readonly heapAfter: number
}
export type ToReader = { readonly kind: 'measure' } | { readonly kind: 'await'; readonly digest: string; readonly valid: boolean }
/** `atMs` on the clock that all threads of a process share. */
export type FromReader = { readonly kind: 'costs'; readonly costs: Costs } | { readonly kind: 'seen'; readonly atMs: number }

/** The secrets of the case can be made from their numbers: a million texts kept would be what is measured. */
export const secretOf = (number: number): string => `gth_live_${String(number).padStart(38, '0')}`
export const sharedMs = (): number => performance.timeOrigin + performance.now()
/** Of this thread alone: what else the machine does is not counted. */
const cpuMicros = (): number => {
  const { user, system } = process.threadCpuUsage()
  return user + system
}
const LOOKS = 1_000_000
const HOT = 1000

function read({ memory, keys, watch }: ReaderOrder): void {
  const heap = (): number => getHeapStatistics().used_heap_size
  const heapBefore = heap()
  const credentials = new SharedCredentials(fileDirectory({ consumers: [], keys: [] }).memory, memory)
  const pause = new Int32Array(watch)
  const nowMs = 1_800_000_000_000
  const far = farReads()
  let found = 0
  const each = (secret: (i: number) => string, look: (digest: string) => void): number => {
    const begun = cpuMicros()
    for (let i = 0; i < LOOKS; i++) look(hash('sha256', secret(i)))
    return (cpuMicros() - begun) / LOOKS
  }
  const alone = (digest: string): void => void (found += digest.length)
  const lookUp = (digest: string): void => {
    if (credentials.findKey(digest, nowMs) !== undefined) found++
  }
  const readNames = (digest: string): void => {
    const known = credentials.findKey(digest, nowMs)
    if (known !== undefined) found += known.key.id.length + known.consumer.name.length
  }
  // A stride without a divisor in common with the number of keys: each comes once, and none is near the one before.
  const any = (i: number): string => secretOf((i * 618_033) % keys)
  const hot = (i: number): string => secretOf((i * 617) % Math.min(HOT, keys))
  parentPort!.on('message', (message: ToReader) => {
    if (message.kind === 'measure') {
      for (const secret of [hot, any]) for (const look of [alone, lookUp, readNames]) each(secret, look)
      const costs: Costs = {
        hashing: each(hot, alone),
        hot: each(hot, lookUp),
        uniform: each(any, lookUp),
        named: each(any, readNames),
        unknown: each((i) => secretOf(keys + i), lookUp),
        farRead: far(),
        heapBefore,
        heapAfter: heap(),
      }
      if (found === 0) throw new Error('no key was found')
      parentPort!.postMessage({ kind: 'costs', costs } satisfies FromReader)
    } else {
      while ((credentials.findKey(message.digest, nowMs) !== undefined) !== message.valid) Atomics.wait(pause, 0, 0, 0.2)
      parentPort!.postMessage({ kind: 'seen', atMs: sharedMs() } satisfies FromReader)
    }
  })
}

/** As many as the places of a million keys. */
const FAR_LINES = 1_500_000
const LINE_WORDS = 16
/** A walk through memory of that size, line by line and each once, in an order that nothing can foresee: microseconds a line. */
function farReads(): () => number {
  const words = new Int32Array(new SharedArrayBuffer(FAR_LINES * LINE_WORDS * 4))
  // Each line names another, and all are one circle (Sattolo).
  for (let i = 0; i < FAR_LINES; i++) words[i * LINE_WORDS] = i
  for (let i = FAR_LINES - 1; i > 0; i--) {
    const other = Math.floor(Math.random() * i)
    const line = words[i * LINE_WORDS]!
    words[i * LINE_WORDS] = words[other * LINE_WORDS]!
    words[other * LINE_WORDS] = line
  }
  return () => {
    let line = 0
    const begun = cpuMicros()
    for (let i = 0; i < LOOKS; i++) line = words[line * LINE_WORDS]!
    const microseconds = (cpuMicros() - begun) / LOOKS
    if (line === 0) throw new Error('the walk has closed its circle too soon')
    return microseconds
  }
}

if (parentPort !== null) read(workerData as ReaderOrder)
