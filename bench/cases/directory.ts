// A million keys: how long they take to load, what they weigh, what looking one up costs, and how soon a change holds on all threads.

import { hash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { SharedDirectory } from '../../src/adapters/shared-memory/shared-directory.ts'
import { SqliteStore } from '../../src/adapters/sqlite/store.ts'
import { DirectoryFeed } from '../../src/directory/feed.ts'
import { KeyDigests } from '../../src/directory/key-digests.ts'
import { createKey, revokeKey } from '../../src/directory/keys.ts'
import { consumers, keys, NO_FILE } from '../../src/directory/records.ts'
import type { Writing } from '../../src/ports/store.ts'
import type { Bench } from '../contenders.ts'
import { type Costs, type FromReader, secretOf, sharedMs, type ToReader } from '../directory-reader.ts'
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
const MB = 1e6
/** Records in one transaction while the store is filled. */
const BATCH = 20_000

type Loaded = {
  readonly store: SqliteStore
  readonly folder: string
  readonly feed: DirectoryFeed
  readonly directory: SharedDirectory
  readonly digests: KeyDigests
  readonly seconds: number
  /** Octets: the file, and how much the process grew by loading. */
  readonly stored: number
  readonly grown: number
}

/** Gatehouse alone, and without its network: the figures are those of the directory. */
export const directory: Case = {
  name,
  says,
  async run(bench): Promise<CaseResult> {
    const figures: Figure[] = []
    const small = await load(FEW)
    bench.say('loading a million keys')
    const loaded = await load(KEYS)
    const few: Costs[] = []
    const many: Costs[] = []
    await withReaders(small, FEW, async (readersOfFew) =>
      withReaders(loaded, KEYS, async (readers) => {
        // One thread after the other, and few and many by turns: what is asked for is the cost of a look-up and not of a crowded machine.
        for (let i = 0; i < READERS; i++) {
          few.push(await costsOf(readersOfFew[i]!, bench))
          many.push(await costsOf(readers[i]!, bench))
        }
        const effects = await effectsOf(loaded, readers, bench)
        figures.push(effect('key created, to valid on all threads', effects.created), effect('key revoked, to refused on all threads', effects.revoked))
      }),
    )
    figures.unshift(
      figure('load from the embedded store', 's', [loaded.seconds]),
      figure('file of the embedded store', 'MB', [loaded.stored / MB]),
      figure('growth of the process by loading', 'MB', [loaded.grown / MB]),
      figure('shared by all threads', 'MB', [loaded.directory.octets / MB]),
      figure(
        'own heap of a thread after 10,000,000 look-ups',
        'MB',
        many.map(({ heapAfter, heapBefore }) => (heapAfter - heapBefore) / MB),
      ),
      ...costFigures('of 1,000 keys', few),
      ...costFigures('of 1,000,000 keys', many),
      ...differences(few, many),
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
    each('look-up of any, names read', ({ named }) => named),
    each('look-up of an unknown key', ({ unknown }) => unknown),
  ]
}
/** What a million keys add to the look-up of any of them, beside what one read from far memory costs on this machine: see decision 0047. */
function differences(few: readonly Costs[], many: readonly Costs[]): Figure[] {
  const more = many.map(({ uniform }, i) => uniform - few[i]!.uniform)
  return [
    figure('look-up of any, more among 1,000,000 than among 1,000', 'us', more),
    figure(
      'the same, as a share of the whole with SHA-256',
      '%',
      more.map((each, i) => (each / few[i]!.uniform) * 100),
    ),
    figure(
      'a read from far memory',
      'us',
      [...few, ...many].map(({ farRead }) => farRead),
    ),
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
  const digests = new KeyDigests(new Uint8Array(32).fill(1))
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const file = join(folder, 'store.db')
  const full = await SqliteStore.open(file)
  await fill(full, digests, count)
  await full.close()
  // As at a start: nothing of the file is at hand in the process.
  const store = await SqliteStore.open(file)
  const directory = new SharedDirectory({ nowMs: () => nowMs })
  const report = (text: string): void => {
    throw new Error(text)
  }
  const feed = new DirectoryFeed({ store, digests, directory, nowMs: () => nowMs, report })
  const before = process.memoryUsage.rss()
  const begun = performance.now()
  await feed.start()
  const seconds = (performance.now() - begun) / 1000
  return { store, folder, feed, directory, digests, seconds, stored: statSync(file).size, grown: process.memoryUsage.rss() - before }
}

/** Keys and consumers as their rooms write them, without the lists that loading does not read. */
async function fill(store: SqliteStore, digests: KeyDigests, count: number): Promise<void> {
  const owners = count / 10
  const inBatches = async (total: number, put: (writing: Writing, i: number) => void): Promise<void> => {
    for (let from = 0; from < total; from += BATCH)
      await store.write(async (writing) => {
        for (let i = from; i < Math.min(from + BATCH, total); i++) put(writing, i)
      })
  }
  const made = { createdMs: nowMs, createdBy: 'person_1', revision: 1 }
  await inBatches(owners, (writing, i) => {
    const subscriptions = { shop: { state: 'active' }, [`api-${i % 50}`]: { state: 'active', plan: 'gold' } } as const
    writing.put(consumers, consumerOf(i), { name: consumerOf(i), title: 'A consumer', team: 'shop', subscriptions, ...made })
  })
  await inBatches(count, (writing, i) => {
    const id = `key_${i.toString(16).padStart(24, '0')}`
    const sealed = digests.seal(hash('sha256', secretOf(i)))
    writing.put(keys, id, { id, consumer: consumerOf(i % owners), label: 'a label', hint: 'gth_live_...wxyz', ...sealed, ...made })
  })
}
const consumerOf = (number: number): string => `consumer-${String(number).padStart(6, '0')}`

async function withReaders<T>({ store, folder, directory, feed }: Loaded, count: number, work: (readers: readonly Worker[]) => Promise<T>): Promise<T> {
  const watch = new SharedArrayBuffer(4)
  const workerData = { memory: directory.memory, keys: count, watch }
  const readers = Array.from({ length: READERS }, () => new Worker(new URL('../directory-reader.ts', import.meta.url), { workerData }))
  try {
    return await work(readers)
  } finally {
    await Promise.all(readers.map((reader) => reader.terminate()))
    await feed.close()
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function ask(reader: Worker, message: ToReader): Promise<FromReader> {
  reader.postMessage(message)
  return ((await once(reader, 'message')) as [FromReader])[0]
}

async function costsOf(reader: Worker, bench: Bench): Promise<Costs> {
  bench.say('looking keys up')
  const answer = await ask(reader, { kind: 'measure' })
  if (answer.kind !== 'costs') throw new Error('the reader did not measure')
  return answer.costs
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
