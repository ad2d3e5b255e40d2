// Every act of the control plane with a store that fails at every one of its steps: acknowledged is kept, refused is nothing, uncertain is whole or nothing.
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { MemoryStore } from '../../src/adapters/memory/store.ts'
import { OBJECTS } from '../../src/catalog/revisions/records.ts'
import { FailingStore, type Failure, type StepKind } from '../../src/ports/conformance/failing-store.ts'
import { type Store, StoreUnavailable, UncertainCommit } from '../../src/ports/store.ts'
import { Acts, type Did, KINDS, type Kind, RefusedByListener } from './acts.ts'
import { checkWhole } from './consistency.ts'
import { type House, openHouse } from './house.ts'

/** What came of an act. */
type End = Did | 'refused' | 'uncertain'

const FAILURES: readonly Failure[] = ['unavailable', 'uncertain-kept', 'uncertain-lost']

/** A house whose store fails once, at the step that is asked for. */
class FragileHouse {
  readonly inner: Store
  readonly house: House
  readonly acts: Acts
  private readonly failing: FailingStore
  private at = Number.POSITIVE_INFINITY
  private failure: Failure = 'unavailable'
  /** Which step failed; undefined: none was reached. */
  failed: StepKind | undefined

  private constructor(inner: Store, failing: FailingStore, house: House, tag: string) {
    this.inner = inner
    this.failing = failing
    this.house = house
    this.acts = new Acts(house, tag)
  }
  static async open(folder: string, tag: string): Promise<FragileHouse> {
    const inner = new MemoryStore()
    let fragile: FragileHouse | undefined
    const failing = new FailingStore(inner, (step, number) => fragile?.asked(step, number))
    const house = await openHouse({ folder: mkdtempSync(join(folder, 'home-')), store: failing })
    return (fragile = new FragileHouse(inner, failing, house, tag))
  }

  /** From the next commit on nothing can be read, until this is false again. */
  isGoingDown = false
  private isDown = false

  private asked(step: StepKind, number: number): Failure | undefined {
    if (this.isDown && this.isGoingDown) return 'unavailable'
    this.isDown = this.isGoingDown && step === 'commit'
    if (number !== this.at) return undefined
    this.failed = step
    return this.failure
  }
  /** Does it, with the n-th step from here failing. */
  async try(kind: Kind, n: number, failure: Failure, settles = true): Promise<End> {
    this.failed = undefined
    this.failure = failure
    this.at = this.failing.steps.length + n
    try {
      return await this.acts.do(kind)
    } catch (cause) {
      if (cause instanceof UncertainCommit) return 'uncertain'
      if (cause instanceof StoreUnavailable) return 'refused'
      if (cause instanceof RefusedByListener) {
        if (cause.short === '503 management.unavailable') return 'refused'
        if (cause.short === '503 management.uncertain') return 'uncertain'
      }
      throw cause
    } finally {
      this.at = Number.POSITIVE_INFINITY
      // What follows the store has heard of the failure, and looks again.
      if (settles) await this.house.plane.settle()
    }
  }
  [Symbol.asyncDispose](): Promise<void> {
    return this.house.close()
  }
  entries(acknowledged: readonly Did[]): Promise<number> {
    return this.inner.read((reading) => checkWhole(reading, this.house.plane.services.trail, acknowledged))
  }
}

describe('a control plane whose store fails', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-failing-'))
  after(() => rmSync(folder, { recursive: true, force: true }))

  /** What takes more than one transaction: so many entries. */
  const several: Partial<Record<Kind, number>> = { consumer: 2, key: 3, keys: 5, removal: 4, draft: 3, publishDraft: 4, discard: 4 }
  // That pruning may end between any two of its transactions is shown beside it.
  for (const kind of KINDS.filter((each) => each !== 'prune'))
    it(`keeps what it acknowledged of '${kind}', and nothing by half, wherever the store fails`, async (t) => {
      let points = 0
      for (const failure of FAILURES) {
        await using fragile = await FragileHouse.open(folder, `F${failure.slice(-4)}`)
        // Something to go back to, and teams that are there already.
        const acknowledged = [await fragile.acts.do('consumer'), await fragile.acts.do('publish')]
        let before = await fragile.entries(acknowledged)
        for (let n = 1; ; n++) {
          const end = await fragile.try(kind, n, failure)
          if (typeof end === 'object') acknowledged.push(end)
          const now = await fragile.entries(acknowledged)
          const kept = now - before
          const transactions = several[kind] ?? 1
          const place = `step ${n}, a ${fragile.failed}: ${JSON.stringify(end)}`
          assert.ok(kept <= transactions, place)
          if (typeof end === 'object') assert.equal(kept, transactions, place)
          // What was acknowledged before the last transaction is kept, and nothing of the last one.
          else if (end === 'refused') assert.ok(kept < transactions, place)
          else if (fragile.failed === 'commit' && transactions === 1) assert.equal(kept, failure === 'uncertain-kept' ? 1 : 0, place)
          await isLive(fragile)
          before = now
          if (fragile.failed === undefined) break
          points++
        }
        assert.deepEqual(
          fragile.house.reports.filter((each) => typeof each !== 'string'),
          [],
        )
      }
      t.diagnostic(`${points} points of failure`)
      assert.ok(points >= 3 * 8, `only ${points} points`)
    })

  it('makes live at its next beat what was published just before the store could not be read any more', async () => {
    await using fragile = await FragileHouse.open(folder, 'B')
    fragile.isGoingDown = true
    assert.equal(await fragile.try('publish', Number.POSITIVE_INFINITY, 'unavailable', false), 'uncertain')
    fragile.isGoingDown = false
    await assert.rejects(isLive(fragile))
    await fragile.house.catalog.beat()
    await isLive(fragile)
  })
})

/** What this node serves is what the store holds. */
async function isLive({ inner, house }: FragileHouse): Promise<void> {
  const stored = await inner.read((reading) => reading.scan(OBJECTS, { prefix: 'console/api/', limit: 1000 }))
  const served = house.catalog.configuration.snapshot.apis.map(({ name }) => name)
  assert.deepEqual(served.sort(), ['apples', ...stored.map(({ value }) => value.name)].sort())
}
