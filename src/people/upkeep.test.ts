// The upkeep of the room: whatever strangers caused is gone once it is over, however much there is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { peopleRoom } from '../../test/support/people-room.ts'
import { SPENT } from './tickets.ts'
import { peopleUpkeep } from './upkeep.ts'

test('one turn removes all that is over, in pieces, and nothing else', async () => {
  const { means, clock, at } = peopleRoom()
  const { nowMs } = at()
  for (let i = 0; i < 2500; i += 500)
    await means.store.write(async (writing) => {
      for (let j = i; j < i + 500; j++) writing.put(SPENT, `ticket${String(j).padStart(5, '0')}`, { expiresAtMs: nowMs + (j % 2 === 0 ? 1000 : 60_000) })
    })
  const upkeep = peopleUpkeep({ store: means.store, nowMs: () => at().nowMs })
  assert.equal(await upkeep(), 0)
  clock.advanceMs(1000)
  assert.equal(await upkeep(), 1250)
  clock.advanceMs(60_000)
  assert.equal(await upkeep(), 1250)
  assert.deepEqual(await means.store.read((reading) => reading.scan(SPENT, { limit: 1 })), [])
})
