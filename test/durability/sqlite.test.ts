// The embedded store under kill -9: what was acknowledged is there, and nothing by half, whenever the process dies.
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { SqliteStore } from '../../src/adapters/sqlite/store.ts'
import { randomFrom } from '../fuzz/random.ts'
import { checkedLast } from './life.ts'
import { liveOnce } from './lives.ts'

const KILLS_WRITING = 200
const KILLS_OPENING = 20
/** Two at a time, on stores of their own: the smallest machine has two cores. A store is checked whole by each life, so it does not live for ever. */
const LANES = 2
const LIVES_PER_STORE = 25

// Slow, about half a minute, because each of 220 moments costs a process.
test(`all that was acknowledged is there after SIGKILL at ${KILLS_WRITING} moments of writing and ${KILLS_OPENING} of opening`, async (t) => {
  const seed = randomInt(2 ** 31)
  t.diagnostic(`seed ${seed}`)
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-durability-'))
  let kept = 0
  let [writing, opening] = [0, 0]
  const lane = async (number: number): Promise<void> => {
    const random = randomFrom(seed + number)
    for (let generation = 0; writing < KILLS_WRITING; generation++) {
      const file = join(folder, `store-${number}-${generation}.db`)
      let last = 0
      for (let life = 0; life < LIVES_PER_STORE && writing < KILLS_WRITING; life++) {
        const isOpening = opening < KILLS_OPENING && life % 8 === 5
        if (isOpening) opening++
        const end = await liveOnce({ store: { file } }, last, isOpening ? -random.below(200) - 1 : random.below(40), join(folder, 'cache'))
        if (end.checked !== undefined) writing++
        last = end.kept
      }
      const store = await SqliteStore.open(file)
      const found = await store.read(checkedLast)
      await store.close()
      assert.ok(found === last || found === last + 1, `${last} were acknowledged, ${found} are there`)
      kept += last
    }
  }
  try {
    await Promise.all(Array.from({ length: LANES }, (_, number) => lane(number)))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  assert.ok(writing >= KILLS_WRITING && opening >= KILLS_OPENING / 2)
  assert.ok(kept > KILLS_WRITING, `only ${kept} transactions were acknowledged: too few to show anything`)
  t.diagnostic(`${writing} lives killed while writing, ${opening} while opening; ${kept} transactions acknowledged, none lost`)
})
