// What one API is asked about beside its objects: virtual patches, versions and their lives.
import assert from 'node:assert/strict'
import { sourcesOf } from '../../../src/catalog/revisions/conformance/fixtures.ts'
import { publish } from '../../../src/catalog/revisions/publish.ts'
import { readHead } from '../../../src/catalog/revisions/state.ts'
import { recordCalls } from '../../../src/directory/usage-book.ts'
import { anyState, api, broken, promised, published, tokenWithout } from '../catalog-house.ts'
import type { Asked, Scenarios } from '../scenario.ts'
import { FILE, type World } from '../world.ts'

const READERS = 'owner administrator ada auditor viewer admin token'
const WRITERS = 'owner administrator ada admin token'

export const patch = (more: object = {}): object => ({
  policy: 'ip-filter',
  config: { deny: ['203.0.113.9'] },
  expires: '2026-12-01T00:00:00Z',
  reason: 'attacked from there',
  ...more,
})
const patched = (name: string, more: object = {}): Asked => ({ path: `/apis/${name}/patches`, body: patch(more) })
const kept = (world: World, name: string) => published(world, { kind: 'patch', name: 'kept', value: { ...patch(), api: name } })
const removed = async (world: World, name: string): Promise<Asked> => {
  await kept(world, name)
  return { path: `/apis/${name}/patches/kept`, headers: anyState }
}
/** As another node publishes it whose file holds what this one's does not: here the catalog is at fault until that file is here too. */
async function publishedElsewhere(world: World): Promise<void> {
  const changes = [{ kind: 'patch', name: 'elsewhere', value: { ...patch(), api: 'nowhere' } }]
  const { revision: base } = await world.store.read(readHead)
  const outcome = await publish(
    world.store,
    { author: { kind: 'system', id: 'system' }, message: 'elsewhere', base, changes },
    { try: () => ({ faults: [], notices: [], apis: new Map() }), fileObjects: [], nowMs: world.plane.nowMs(), mayApprove: () => true },
  )
  assert.ok('number' in outcome, JSON.stringify(outcome))
}
export async function versioned(world: World, name: string, owner: string): Promise<void> {
  const version = { state: 'active', deprecated: '2026-10-01', sunset: '2027-01-01', successor: 'v2' }
  await published(
    world,
    api(name, owner, { versioning: { by: 'path' } }),
    { kind: 'version', name: `${name}@v1`, value: version },
    { kind: 'version', name: `${name}@v2`, value: {} },
  )
  const call = { api: `${name}@v1`, consumer: 'filed', count: 3, lastMs: world.plane.nowMs() }
  await world.store.write((writing) => recordCalls(writing, [call], 86_400_000))
}

async function compared(world: World, name: string, owner: string, more: object): Promise<Asked> {
  await published(world, ...promised(name, owner))
  return { path: `/apis/${name}/comparison`, body: { openapi: broken(name).value, ...more } }
}

export const apis: Scenarios = {
  compareVersions: {
    may: READERS,
    good: (world) => compared(world, 'cherries', 'reds', {}),
    foreign: (world) => compared(world, 'plums', 'blues', {}),
    refusals: {
      'no-document': () => ({ path: '/apis/apples/comparison', body: { openapi: broken('apples').value } }),
      unreadable: (world) => compared(world, 'cherries', 'reds', { openapi: 'a: [' }),
    },
  },
  createPatch: {
    may: WRITERS,
    good: () => patched('apples'),
    foreign: () => patched('berries'),
    refusals: {
      faulty: () => patched('apples', { policy: 'api-key', config: {} }),
      'approvals-needed': async (world) => {
        await published(world, api('vault', 'reds', { approvals: 1 }))
        return patched('vault')
      },
      'not-granted': async (world) => ({
        ...patched('apples', { config: { x: { secret: 'of-others' } } }),
        headers: await tokenWithout(world, 'secrets:write'),
        asker: 'stranger' as const,
      }),
      'name-taken': async (world) => {
        await kept(world, 'apples')
        return patched('apples', { name: 'kept' })
      },
      over: () => patched('apples', { expires: '2026-11-01T00:00:00Z' }),
    },
  },
  listPatches: {
    may: READERS,
    good: async (world) => {
      await kept(world, 'apples')
      return { path: '/apis/apples/patches' }
    },
    foreign: async (world) => {
      await kept(world, 'berries')
      return { path: '/apis/berries/patches' }
    },
    refusals: {},
  },
  purgeResponses: {
    may: WRITERS,
    good: async (world) => {
      await published(world, api('cherries', 'reds'))
      return { path: '/apis/cherries/purge', body: { tag: 'fruit' } }
    },
    foreign: async (world) => {
      await published(world, api('plums', 'blues'))
      return { path: '/apis/plums/purge', body: {} }
    },
    refusals: {},
  },
  removePatch: {
    may: WRITERS,
    good: (world) => removed(world, 'apples'),
    foreign: (world) => removed(world, 'berries'),
    refusals: {
      faulty: async (world) => {
        const request = await removed(world, 'apples')
        await publishedElsewhere(world)
        return request
      },
      'approvals-needed': async (world) => {
        await published(world, api('vault', 'reds', { approvals: 1 }))
        return removed(world, 'vault')
      },
      'owned-by-file': async (world) => {
        const file = { ...FILE, patches: { kept: { ...patch(), api: 'apples' } } }
        await world.catalog.fileChanged(sourcesOf(JSON.stringify(file)))
        return { path: '/apis/apples/patches/kept', headers: anyState }
      },
    },
  },
  listVersions: {
    may: READERS,
    good: async (world) => {
      await versioned(world, 'cherries', 'reds')
      return { path: '/apis/cherries/versions' }
    },
    foreign: async (world) => {
      await versioned(world, 'plums', 'blues')
      return { path: '/apis/plums/versions' }
    },
    refusals: {},
  },
}
