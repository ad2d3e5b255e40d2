// Every way in which an upstream fails, with one target and with three, under load: what clients see of it, and that retries never become a storm.
import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { BUDGET_PER_SECOND, BUDGET_PERCENT, CELL_FAULTS, type Cell, runCell, tableOf } from '../support/fault-matrix.ts'

/** Slow: each cell is seconds of load before the real program. */
const SECONDS = 3
/** What a budget allows at once after a quiet time. */
const BURST = 64
const cells: Cell[] = []

describe('the fault matrix', () => {
  after(() => console.log(tableOf(cells)))
  for (const targets of [1, 3]) {
    for (const fault of CELL_FAULTS) {
      test(`${fault}, ${targets === 1 ? 'a single target' : 'one of three targets'}`, async () => {
        const cell = await runCell(fault, targets, SECONDS)
        cells.push(cell)
        assert.ok(cell.requests > 20, `only ${cell.requests} requests were made`)
        const allowed = cell.requests * (1 + BUDGET_PERCENT / 100) + BURST + BUDGET_PER_SECOND * (cell.seconds + 1)
        assert.ok(cell.asked <= allowed, `the upstream got ${cell.asked} requests of ${cell.requests}`)
        if (targets > 1) assert.ok(cell.failedLater <= cell.requestsLater * 0.001, `${cell.failedLater} of ${cell.requestsLater} failed after the first second`)
        if (fault === 'DNS gone') assert.equal(cell.failedFirst + cell.failedLater, 0)
      })
    }
  }
  test('all of it was run', () => assert.equal(cells.length, 22))
})
