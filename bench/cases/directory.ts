// A million keys: how long they take to load, what they weigh, what looking one up costs, and how soon a change holds on all threads.

import { hash } from 'node:crypto'
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { SharedDirectory } from '../../src/adapters/shared-memory/shared-directory.ts'
import { DirectoryFeed } from '../../src/directory/feed.ts'
import { KeyDigests } from '../../src/directory/key-digests.ts'
import { createKey, revokeKey } from '../../src/directory/keys.ts'
import { consumers, keys, NO_FILE } from '../../src/directory/records.ts'
import type { Bench } from '../contenders.ts'
import { type Costs, type FromReader, secretOf, sharedMs, type ToReader } from '../directory-reader.ts'
import { RecordStore } from '../record-store.ts'
import type { CaseResult, Figure, Verdict } from '../results.ts'
import { summarize } from '../statistics.ts'
import type { Case } from './case.ts'

const name = 'directory'
const says = '1,000,000 API keys of 100,000 consumers, beside 1,000 of 100'
const KEYS = 1_000_000
const FEW = 1000
const READERS = 2
const effectGoalMs = 1000
const nowMs = 1_800_000_000_000

type Loaded = {
  readonly store: RecordStore
  readonly feed: DirectoryFeed
  readonly directory: SharedDirectory
  readonly digests: KeyDigests
  readonly seconds: number
}

/** Gatehouse alone, and without its network: the figures are those of the directory. */
export const directory: Case = {
  name,
  says,
  async run(bench): Promise<CaseResult> {
    const figures: Figure[] = []
    const few = await withReaders(await load(FEW), FEW, async (readers) => costsOf(readers, bench))
    bench.say('loading a million keys')
    const loaded = await load(KEYS)
    const many = await withReaders(loaded, KEYS, async (readers) => {
      const costs = await costsOf(readers, bench)
      const effects = await effectsOf(loaded, readers, bench)
      figures.push(effect('key created, to valid on all threads', effects.created), effect('key revoked, to refused on all threads', effects.revoked))
      return costs
    })
    const MB = 1e6
    figures.unshift(
      figure('load from the records of a store', 's', [loaded.seconds]),
      figure('shared by all threads', 'MB', [loaded.directory.octets / MB]),
      figure(
        'own heap of a thread after 5,000,000 look-ups',
        'MB',
        many.map(({ heapAfter, heapBefore }) => (heapAfter - heapBefore) / MB),
      ),
      ...costFigures('of 1,000 keys', few),
      ...costFigures('of 1,000,000 keys', many),
    )
    return { name, says, against: '', rows: [], figures, absent: [] }
  },
}

function costFigures(of: string, costs: readonly Costs[]): Figure[] {
  const each = (label: string, value: (costs: Costs) => number): Figure => figure(`${label}, ${of}`, 'us', costs.map(value))
  return [
    each('SHA-256 alone', ({ hashing }) => hashing),
    each('look-up among 1,000 in use', ({ hot }) => hot),
    each('look-up of any', ({ uniform }) => uniform),
    each('look-up of an unknown key', ({ unknown }) => unknown),
  ]
}
const figure = (label: string, unit: string, samples: readonly number[], verdict: Verdict | null = null): Figure => ({
  name: label,
  unit,
  summary: summarize(samples),
  samples,
  verdict,
})
const effect = (label: string, samples: readonly number[]): Figure =>
  figure(label, 'ms', samples, { goal: `under ${effectGoalMs} ms each time`, met: Math.max(...samples) < effectGoalMs })

async function load(count: number): Promise<Loaded> {
  const store = new RecordStore()
  const digests = new KeyDigests(new Uint8Array(32).fill(1))
  const owners = count / 10
  for (let i = 0; i < owners; i++) {
    const subscriptions = { shop: { state: 'active' }, [`api-${i % 50}`]: { state: 'active', plan: 'gold' } } as const
    store.append(consumers, consumerOf(i), {
      name: consumerOf(i),
      title: 'A consumer',
      team: 'shop',
      subscriptions,
      createdMs: nowMs,
      createdBy: 'person_1',
      revision: 1,
    })
  }
  for (let i = 0; i < count; i++) {
    const id = `key_${i.toString(16).padStart(24, '0')}`
    const sealed = digests.seal(hash('sha256', secretOf(i)))
    const hint = 'gth_live_...wxyz'
    store.append(keys, id, { id, consumer: consumerOf(i % owners), label: 'a label', hint, createdMs: nowMs, createdBy: 'person_1', ...sealed, revision: 1 })
  }
  const directory = new SharedDirectory({ nowMs: () => nowMs })
  const report = (text: string): void => {
    throw new Error(text)
  }
  const feed = new DirectoryFeed({ store, digests, directory, nowMs: () => nowMs, report })
  const begun = performance.now()
  await feed.start()
  return { store, feed, directory, digests, seconds: (performance.now() - begun) / 1000 }
}
const consumerOf = (number: number): string => `consumer-${String(number).padStart(6, '0')}`

async function withReaders<T>({ directory, feed }: Loaded, count: number, work: (readers: readonly Worker[]) => Promise<T>): Promise<T> {
  const watch = new SharedArrayBuffer(4)
  const workerData = { memory: directory.memory, keys: count, watch }
  const readers = Array.from({ length: READERS }, () => new Worker(new URL('../directory-reader.ts', import.meta.url), { workerData }))
  try {
    return await work(readers)
  } finally {
    await Promise.all(readers.map((reader) => reader.terminate()))
    await feed.close()
  }
}

async function ask(reader: Worker, message: ToReader): Promise<FromReader> {
  reader.postMessage(message)
  return ((await once(reader, 'message')) as [FromReader])[0]
}

/** One thread after the other: what is asked for is the cost of a look-up and not of a crowded machine. */
async function costsOf(readers: readonly Worker[], bench: Bench): Promise<readonly Costs[]> {
  const found: Costs[] = []
  for (const reader of readers) {
    bench.say('looking keys up')
    const answer = await ask(reader, { kind: 'measure' })
    if (answer.kind === 'costs') found.push(answer.costs)
  }
  return found
}

async function effectsOf(loaded: Loaded, readers: readonly Worker[], bench: Bench): Promise<{ created: number[]; revoked: number[] }> {
  const { store, digests } = loaded
  const created: number[] = []
  const revoked: number[] = []
  const act = { by: 'person_1', nowMs }
  const seenBy = async (digest: string, valid: boolean): Promise<number> => {
    const answers = await Promise.all(readers.map((reader) => ask(reader, { kind: 'await', digest, valid })))
    return Math.max(...answers.map((answer) => (answer.kind === 'seen' ? answer.atMs : Number.NaN)))
  }
  for (let round = 0; round < bench.options.rounds; round++) {
    bench.say(`creating and revoking, ${round + 1} of ${bench.options.rounds}`)
    let beganMs = sharedMs()
    const made = await store.write((writing) => createKey(writing, { digests }, act, NO_FILE, consumerOf(round)))
    if (!('secret' in made)) throw new Error(`refused: ${made.says}`)
    const digest = hash('sha256', made.secret)
    created.push((await seenBy(digest, true)) - beganMs)
    const refused = seenBy(digest, false)
    beganMs = sharedMs()
    await store.write((writing) => revokeKey(writing, act, made.key.id, 'for the figures'))
    revoked.push((await refused) - beganMs)
  }
  return { created, revoked }
}
