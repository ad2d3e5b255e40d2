// A thread of the counters' test: asks for one key and for many, as hard as it can, together with its like.
import { parentPort, workerData } from 'node:worker_threads'
import type { LimitRule } from '../../ports/counters.ts'
import { sharedCounters } from './counters.ts'

export interface Order {
  readonly memory: SharedArrayBuffer
  readonly thread: number
  readonly rule: LimitRule
  /** How often the one key that all threads share is asked for. */
  readonly hammerings: number
  /** How many other keys, never seen before, are asked for in between. */
  readonly flood: number
  /** How many keys that all threads share are asked for twice, in each of so many rounds that begin so long after each other. */
  readonly keys?: number
  readonly rounds?: number
  readonly roundUs?: number
  readonly startUs: number
}
export interface Answer {
  readonly asked: number
  readonly admitted: number
  readonly admittedKeys: number
}

/** A word of the table's header that the table does not use: where threads wait for each other between rounds. */
const ROUND_WORD = 12

function work({ memory, thread, rule, hammerings, flood, keys = 0, rounds = 1, roundUs = 0, startUs }: Order): Answer {
  const limiter = sharedCounters(memory, new Uint8Array(16).fill(3)).limiter('hammered', rule)
  let admitted = 0
  let admittedKeys = 0
  const take = (key: string, nowUs: number): boolean => {
    const taken = limiter.take(key, nowUs)
    return !(taken instanceof Promise) && taken.admitted
  }
  for (let i = 0; i < Math.max(hammerings, flood); i++) {
    if (i < hammerings && take('the one', startUs)) admitted++
    if (i < flood) take(`flood ${thread} ${i}`, startUs)
  }
  const meeting = new Int32Array(memory, 0, 16)
  for (let round = 0; round < rounds && keys > 0; round++) {
    for (let twice = 0; twice < 2; twice++) for (let i = 0; i < keys; i++) if (take(`key ${round} ${i}`, startUs + round * roundUs)) admittedKeys++
    if (rounds === 1) break
    // Time is the same for all, so all must be done with a round before any begins the next.
    Atomics.add(meeting, ROUND_WORD, 1)
    for (;;) {
      const arrived = Atomics.load(meeting, ROUND_WORD)
      if (arrived >= (round + 1) * 2) break
      Atomics.wait(meeting, ROUND_WORD, arrived, 5)
    }
    Atomics.notify(meeting, ROUND_WORD)
  }
  return { asked: hammerings, admitted, admittedKeys }
}

parentPort!.postMessage(work(workerData as Order))
