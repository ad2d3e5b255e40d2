// Usage: how each operation is asked, by whom, and how it refuses.
import { recordCalls } from '../../../src/directory/usage-book.ts'
import type { Scenarios } from '../scenario.ts'
import type { World } from '../world.ts'

async function called(world: World, path: string) {
  const call = { consumer: 'filed', count: 3, lastMs: world.plane.nowMs() }
  await world.store.write((writing) =>
    recordCalls(
      writing,
      ['apples', 'berries', 'berries@v2'].map((api) => ({ api, ...call })),
      86_400_000,
    ),
  )
  return { path }
}
const readers = 'owner administrator ada auditor viewer admin token'

export const usage: Scenarios = {
  getUsage: {
    may: `${readers} bob`,
    good: (world) => called(world, '/usage'),
    refusals: {},
    foreign: async (world) => ({ ...(await called(world, '/usage')), hides: 'berries' }),
  },
  listCallers: {
    may: readers,
    good: (world) => called(world, '/apis/apples/callers'),
    refusals: {},
    foreign: (world) => called(world, '/apis/berries/callers'),
  },
}
