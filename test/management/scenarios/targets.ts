// Targets of upstreams: how each operation is asked, by whom, and how it refuses.
import { DRAINS_MAX, drains } from '../../../src/lifecycle/drains.ts'
import { api, published } from '../catalog-house.ts'
import type { Asked, Scenarios } from '../scenario.ts'
import type { World } from '../world.ts'

const READERS = 'owner administrator ada auditor viewer admin token'
const WRITERS = 'owner administrator ada admin token'

const FIRST = 'http://one.example:80'
const OTHER = 'http://two.example:80'
async function balanced(world: World, name: string, owner: string): Promise<void> {
  await published(world, api(name, owner, { upstream: { targets: ['http://one.example', { url: 'http://two.example', weight: 3, zone: 'a' }] } }))
}
async function drained(world: World, name: string, owner: string, target: string): Promise<void> {
  await balanced(world, name, owner)
  const kept = { api: name, target, sinceMs: 1, streamsUntilMs: 2, by: 'system' }
  await world.store.write(async (writing) => writing.put(drains, `${name}|${target}`, kept))
}
const drain = async (world: World, name: string, owner: string, body: object): Promise<Asked> => {
  await balanced(world, name, owner)
  return { path: `/apis/${name}/targets/drain`, body }
}
const undrain = async (world: World, name: string, owner: string, target: string): Promise<Asked> => {
  await drained(world, name, owner, FIRST)
  return { path: `/apis/${name}/targets/undrain`, body: { target } }
}

export const targets: Scenarios = {
  listTargets: { may: READERS, good: () => ({ path: '/apis/apples/targets' }), foreign: () => ({ path: '/apis/berries/targets' }), refusals: {} },
  drainTarget: {
    may: WRITERS,
    good: (world) => drain(world, 'cherries', 'reds', { target: FIRST, streams: '1m' }),
    foreign: (world) => drain(world, 'plums', 'blues', { target: FIRST }),
    refusals: {
      'unknown-target': (world) => drain(world, 'cherries', 'reds', { target: 'http://three.example:80' }),
      last: async (world) => {
        await drained(world, 'cherries', 'reds', OTHER)
        return { path: '/apis/cherries/targets/drain', body: { target: FIRST } }
      },
      'too-many': async (world) => {
        await world.store.write(async (writing) => {
          for (let i = 0; i < DRAINS_MAX; i++) {
            const target = `http://gone${i}.example:80`
            writing.put(drains, `cherries|${target}`, { api: 'cherries', target, sinceMs: 1, streamsUntilMs: 1, by: 'system' })
          }
        })
        return drain(world, 'cherries', 'reds', { target: FIRST })
      },
    },
  },
  undrainTarget: {
    may: WRITERS,
    good: (world) => undrain(world, 'cherries', 'reds', FIRST),
    foreign: (world) => undrain(world, 'plums', 'blues', FIRST),
    refusals: { 'not-drained': (world) => undrain(world, 'cherries', 'reds', OTHER) },
  },
}
