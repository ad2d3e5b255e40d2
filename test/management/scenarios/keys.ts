// Keys: how each operation is asked, by whom, and how it refuses.
import { expireKey, revokeKey, rotateKey } from '../../../src/directory/keys.ts'
import { type Asked, EVERYBODY, type Scenarios } from '../scenario.ts'
import type { World } from '../world.ts'
import { ANY, after, edited, FILED_KEY, keyOf } from './directory-house.ts'

const writers = 'owner administrator admin token'
const readers = 'owner administrator auditor admin token'
const act = ({ plane }: World) => ({ by: 'system', nowMs: plane.nowMs() })

const ofFile =
  (verb: string, body: object) =>
  async (world: World): Promise<Asked> => {
    await edited(world)
    return { path: `/keys/${FILED_KEY}/${verb}`, headers: ANY, body }
  }
const ended =
  (verb: string, body: object) =>
  async (world: World): Promise<Asked> => {
    const { key } = await keyOf(world)
    await world.store.write((writing) => revokeKey(writing, act(world), key.id, ''))
    return { path: `/keys/${key.id}/${verb}`, headers: ANY, body }
  }
const fresh =
  (verb: string, body: object, count = 1) =>
  async (world: World): Promise<Asked> => {
    const { key } = await keyOf(world, 'filed', count)
    return { path: `/keys/${key.id}/${verb}`, headers: ANY, body }
  }
const SOON = { overlapSeconds: 60 }

export const keys: Scenarios = {
  createKey: {
    may: writers,
    good: () => ({ path: '/consumers/filed/keys', body: { label: 'build server' } }),
    refusals: {
      'unknown-consumer': () => ({ path: '/consumers/none/keys', body: {} }),
      'bad-expiry': () => ({ path: '/consumers/filed/keys', body: { expires: '2020-01-01T00:00:00Z' } }),
      'too-many-keys': (world) => after(keyOf(world, 'filed', 100), { path: '/consumers/filed/keys', body: {} }),
    },
  },
  expireKey: {
    may: writers,
    good: fresh('expiry', { expires: '2027-01-01T00:00:00Z' }),
    refusals: { 'owned-by-file': ofFile('expiry', {}), 'key-not-valid': ended('expiry', {}) },
  },
  getKey: { may: readers, good: async (world) => ({ path: `/keys/${(await keyOf(world)).key.id}` }), refusals: {} },
  listKeys: { may: readers, good: (world) => after(keyOf(world), { path: '/consumers/filed/keys' }), refusals: {} },
  listUnusedKeys: {
    may: readers,
    good: async (world) => {
      const { key } = await keyOf(world)
      await world.store.write((writing) => expireKey(writing, act(world), key.id, null))
      return { path: '/unused-keys?days=1' }
    },
    refusals: {},
  },
  reportLeakedKey: {
    may: EVERYBODY,
    good: async (world) => ({ path: '/leaked-keys', body: { key: (await keyOf(world)).secret, where: 'https://paste.example/1' } }),
    refusals: {},
  },
  revokeKey: { may: writers, good: fresh('revoke', { why: 'not needed' }), refusals: { 'owned-by-file': ofFile('revoke', {}) } },
  rotateKey: {
    may: writers,
    good: fresh('rotate', SOON),
    refusals: {
      'owned-by-file': ofFile('rotate', SOON),
      'key-not-valid': ended('rotate', SOON),
      'key-replaced': async (world) => {
        const { key } = await keyOf(world)
        await world.store.write((writing) => rotateKey(writing, { digests: world.directory.digests }, act(world), key.id, { overlapMs: 60_000 }))
        return { path: `/keys/${key.id}/rotate`, headers: ANY, body: SOON }
      },
      'too-many-keys': fresh('rotate', SOON, 100),
      'bad-expiry': fresh('rotate', { ...SOON, expires: '2020-01-01T00:00:00Z' }),
    },
  },
}
