// The cache answers as RFC 9111 says: each case is data, named by its section.
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Row } from './case.ts'
import { FRESHNESS } from './cases/freshness.ts'
import { SELECTING } from './cases/selecting.ts'
import { STORING } from './cases/storing.ts'
import { VALIDATION } from './cases/validation.ts'
import { dated, HarnessWorld, played } from './in-harness.ts'

async function judge(row: Row): Promise<void> {
  const [, , , , source, { config, gets = {}, sees = {} } = {}] = row
  const world = new HarnessWorld(config)
  const { harness, startMs } = world
  const seen = await played(row, { send: (asking, answer) => world.send(asking, answer), wait: (seconds) => harness.clock.advanceMs(seconds * 1000) })
  assert.equal(seen.source, source)
  if (gets.status !== undefined) assert.equal(seen.status, gets.status)
  if (gets.body !== undefined) assert.equal(seen.body, gets.body)
  for (const [name, value] of Object.entries(gets.fields ?? {})) assert.equal(seen.fields.get(name), value === null ? undefined : dated(value, startMs), name)
  for (const [name, value] of Object.entries(sees)) assert.equal(seen.forwarded?.get(name), value === null ? undefined : dated(value, startMs), name)
}

for (const [title, rows, wanted] of [
  ['storing (RFC 9111 3)', STORING, 56],
  ['freshness and age (RFC 9111 4.2)', FRESHNESS, 57],
  ['selecting and invalidating (RFC 9111 4.1, 4.4)', SELECTING, 37],
  ['validating, ranges, stale answers (RFC 9111 4.3, RFC 9110 14, RFC 5861)', VALIDATION, 82],
] as const) {
  describe(title, () => {
    for (const row of rows) it(`${row[0]}: ${row[1]}`, () => judge(row))
    it('all of them ran', () => {
      assert.equal(rows.length, wanted)
      assert.equal(new Set(rows.map(([section, name]) => section + name)).size, rows.length)
    })
  })
}
