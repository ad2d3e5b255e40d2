// What the catalog owes on any store: random sequences of everything that operators do agree with a plain model, act by act.
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { everyEntry, type Store } from '../../../ports/store.ts'
import { verifyCatalog } from '../verify.ts'
import { type Act, act } from './acts.ts'
import { assertTextsHeld } from './held-texts.ts'
import { Rehearsal } from './rehearsal.ts'

export interface CatalogSuite {
  /** Of what, for the names of tests. */
  readonly name: string
  /** A store that holds nothing, or only what the suite left there: it clears it. */
  open(): Promise<Store>
  close(store: Store): Promise<void>
  /** How many sequences. Default 500. */
  readonly sequences?: number
  /** Fixed, so that what is counted at the end does not hang on chance; another one looks elsewhere. */
  readonly seed?: number
}

export function catalogSuite({ name, open, close, sequences = 500, seed = 20_261_124 }: CatalogSuite): void {
  describe(`the catalog on ${name}`, () => {
    test(`${sequences} random sequences of operations agree with a model in memory, and leave no drift unreported`, async () => {
      const store = await open()
      const counts = new Map<string, number>()
      let ran = 0
      try {
        await fc.assert(
          fc.asyncProperty(fc.array(act, { minLength: 10, maxLength: 35, size: 'max' }), async (acts) => {
            await clearCatalog(store)
            await oneSequence(store, acts, counts)
            ran++
          }),
          { numRuns: sequences, seed },
        )
      } finally {
        await close(store)
      }
      // A check that checked nothing must fail: each kind of outcome was seen, and often.
      assert.ok(ran >= sequences)
      for (const outcome of OUTCOMES) assert.ok((counts.get(outcome) ?? 0) >= sequences / 250, `${outcome} was seen ${counts.get(outcome) ?? 0} times`)
    })
  })
}

const OUTCOMES = [
  ...['publish done', 'publish conflict', 'publish invalid', 'publish approvals-needed', 'publish stale', 'publish nothing-changes'],
  ...['put done', 'put stale', 'put owned-by-file', 'remove done', 'remove unknown-object', 'approve done', 'approve own-draft', 'approve stale'],
  ...[
    'discard done',
    'rebase done',
    'rollback done',
    'rollback invalid',
    'rollback pruned-revision',
    'prune done',
    'prune nothing',
    'rollback nothing-changes',
    'apply done',
    'apply refused',
    'apply nothing-changes',
  ],
  ...['validate done', 'validate invalid', 'edit live', 'edit waiting', 'drift file-refused', 'drift owned-twice', 'drift not-rolled-back'],
]

async function oneSequence(store: Store, acts: readonly Act[], counts: Map<string, number>): Promise<void> {
  const rehearsal = await Rehearsal.start(store, (outcome) => void counts.set(outcome, (counts.get(outcome) ?? 0) + 1))
  try {
    for (const each of acts) {
      await rehearsal.play(each)
      await rehearsal.compare()
    }
    await rehearsal.compareHistory()
    assert.deepEqual(await store.read(verifyCatalog), [])
    await store.read(assertTextsHeld)
  } finally {
    await rehearsal.end()
  }
}

/** Takes everything of the catalog out of a store. */
export async function clearCatalog(store: Store): Promise<void> {
  await store.write(async (writing) => {
    for (const name of await writing.collections()) {
      if (!name.startsWith('catalog-')) continue
      const keys: string[] = []
      for await (const { key } of everyEntry(writing, { name })) keys.push(key)
      for (const key of keys) writing.remove({ name }, key)
    }
  })
}
