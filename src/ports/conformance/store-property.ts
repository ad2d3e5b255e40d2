// Random sequences of transactions: a store and the plain model must see the same, step by step.
import assert from 'node:assert/strict'
import fc from 'fast-check'
import type { Range, Store } from '../store.ts'
import { ModelStore, perform, type Step } from './store-model.ts'

// Few names, so that steps meet.
const collections = fc.constantFrom('a', 'b', 'b-1')
const keys = fc.constantFrom('!', 'a', 'a/', 'a/1', 'a/2', 'a0', 'b', 'Z', '~')
const bound = fc.option(keys, { nil: undefined })
const ranges: fc.Arbitrary<Range> = fc
  .record({ prefix: bound, after: bound, before: bound, reverse: fc.boolean(), limit: fc.integer({ min: 1, max: 6 }) })
  .map(({ prefix, after, before, reverse, limit }) => ({
    ...(prefix !== undefined && { prefix }),
    ...(after !== undefined && { after }),
    ...(before !== undefined && { before }),
    reverse,
    limit,
  }))
const steps: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ does: fc.constant('put' as const), collection: collections, key: keys, value: fc.jsonValue({ maxDepth: 2 }) }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('remove' as const), collection: collections, key: keys }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('get' as const), collection: collections, key: keys }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('scan' as const), collection: collections, range: ranges }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('collections' as const) }) },
)
const transactions = fc.record({
  steps: fc.array(steps, { maxLength: 12 }),
  ends: fc.constantFrom('well', 'well', 'well', 'badly', 'read'),
})

class Abandoned extends Error {}

/** Goes on in one store: every sequence begins with what the one before it left. */
export async function agreesWithModel(store: Store, { sequences }: { readonly sequences: number }): Promise<void> {
  const model = new ModelStore()
  let since = (await store.changes(0)).sequence
  let ran = 0
  const property = fc.asyncProperty(fc.array(transactions, { minLength: 1, maxLength: 6 }), async (sequence) => {
    for (const { steps, ends } of sequence) {
      const done = ends === 'read' ? steps.filter(({ does }) => does !== 'put' && does !== 'remove') : steps
      const seen: unknown[] = []
      const work = async (handle: Parameters<typeof perform>[0]): Promise<void> => {
        for (const step of done) seen.push(...(await perform(handle, step)))
        if (ends === 'badly') throw new Abandoned()
      }
      if (ends === 'read') await store.read((reading) => work(reading as Parameters<typeof perform>[0]))
      else if (ends === 'badly') await assert.rejects(store.write(work), Abandoned)
      else await store.write(work)
      assert.deepEqual(seen, model.transaction(done, ends === 'badly'))
    }
    const news = await store.changes(since)
    assert.deepEqual(news.changes, model.changes.splice(0))
    since = news.sequence
    ran++
  })
  // Not shrunk: the store goes on from where it is, so that a shorter sequence is another one.
  await fc.assert(property, { seed: 20_240_710, numRuns: sequences, endOnFailure: true })
  assert.equal(ran, sequences)
}
