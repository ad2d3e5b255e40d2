// The catalog as a whole: its objects, its history, what drifts, and applying texts.
import { sourcesOf } from '../../../src/catalog/revisions/conformance/fixtures.ts'
import { api, broken, documented, promised, pruned, published, tokenWithout, tooManyDrafts } from '../catalog-house.ts'
import type { Asked, Scenarios } from '../scenario.ts'
import { FILE, type World } from '../world.ts'

const READERS = 'owner administrator auditor viewer admin token'
const WRITERS = 'owner administrator admin token'

const text = (...apis: readonly ReturnType<typeof api>[]): string =>
  JSON.stringify({ gatehouse: 1, apis: Object.fromEntries(apis.map(({ name, value }) => [name, value])) })
const applied = (body: object): Asked => ({ path: '/catalog/apply', body: { message: 'as written', ...body } })
/** There is a revision 2, and the way back to what was before it. */
const back = async (world: World, rest: string, to = 1): Promise<Asked> => {
  await published(world, api('cherries', 'reds'))
  return { path: `/revisions/${to}${rest}`, body: {} }
}
/** A revision that was pruned. */
const past = async (world: World, rest: string): Promise<Asked> => {
  await published(world, api('cherries', 'reds'))
  await pruned(world)
  return { path: `/revisions/1${rest}` }
}

export const catalog: Scenarios = {
  listObjects: {
    may: 'owner administrator ada bob auditor viewer admin token',
    good: () => ({ path: '/objects?kind=api&owner=file' }),
    refusals: {},
    foreign: () => ({ path: '/objects', hides: 'berries' }),
  },
  getObject: {
    may: 'owner administrator ada auditor viewer admin token',
    good: () => ({ path: '/objects/api/apples' }),
    refusals: {},
    foreign: () => ({ path: '/objects/api/berries' }),
  },
  getDrift: { may: READERS, good: () => ({ path: '/drift' }), refusals: {} },
  exportCatalog: { may: READERS, good: () => ({ path: '/catalog/export' }), refusals: {} },
  planApply: {
    may: READERS,
    good: () => ({ path: '/catalog/plan', body: { text: text(api('cherries', 'reds')) } }),
    refusals: { unreadable: () => ({ path: '/catalog/plan', body: { text: 'gatehouse: 2\n' } }) },
  },
  applyCatalog: {
    may: WRITERS,
    good: () => applied({ text: text(api('cherries', 'reds')) }),
    refusals: {
      unreadable: () => applied({ text: 'control: {}\n' }),
      'owned-by-file': () => applied({ text: text(api('apples', 'reds', { path: '/elsewhere' })) }),
      faulty: () => applied({ text: text(api('cherries', 'reds', { upstream: 'http://10.0.0.1' })) }),
      conflict: async (world) => {
        await published(world, api('cherries', 'reds'))
        return applied({ text: text(api('cherries', 'reds', { path: '/others' })), base: 1 })
      },
      'nothing-changes': () => applied({ text: text() }),
      'approvals-needed': () => applied({ text: text(api('vault', 'reds', { approvals: 1 })) }),
      'not-granted': async (world) => ({
        ...applied({ text: text(api('cherries', 'reds', { x: { secret: 'of-others' } })) }),
        headers: await tokenWithout(world, 'secrets:write'),
        asker: 'stranger' as const,
      }),
      'breaking-changes': async (world) => {
        await published(world, ...promised('cherries', 'reds'))
        return applied({ text: JSON.stringify({ gatehouse: 1, documents: { cherries: broken('cherries').value } }) })
      },
      'too-much': () =>
        applied({ text: JSON.stringify({ gatehouse: 1, addressLists: Object.fromEntries(Array.from({ length: 20_001 }, (_, i) => [`list${i}`, []])) }) }),
    },
  },
  listRevisions: { may: READERS, good: () => ({ path: '/revisions' }), refusals: {} },
  getRevision: { may: READERS, good: () => ({ path: '/revisions/1' }), refusals: { pruned: (world) => past(world, '') } },
  getRevisionDifferences: { may: READERS, good: () => ({ path: '/revisions/1/differences' }), refusals: { pruned: (world) => past(world, '/differences') } },
  draftRollback: {
    may: WRITERS,
    good: (world) => back(world, '/drafts'),
    refusals: {
      pruned: async (world) => ({ ...(await past(world, '/drafts')), body: {} }),
      'too-many-drafts': async (world) => {
        const asked = await back(world, '/drafts')
        await tooManyDrafts(world)
        return asked
      },
    },
  },
  rollBack: {
    may: WRITERS,
    good: (world) => back(world, '/roll-back'),
    refusals: {
      pruned: async (world) => ({ ...(await past(world, '/roll-back')), body: {} }),
      faulty: async (world) => {
        const asked = await back(world, '/roll-back', 2)
        await published(world, { kind: 'api', name: 'cherries' })
        const apis = { ...FILE.apis, newcomer: { path: '/cherries', upstream: 'http://newcomer.example', public: true } }
        await world.catalog.fileChanged(sourcesOf(JSON.stringify({ ...FILE, apis })))
        return asked
      },
      'nothing-changes': (world) => back(world, '/roll-back', 2),
      'approvals-needed': async (world) => {
        await published(world, api('vault', 'reds', { approvals: 1 }))
        return { path: '/revisions/1/roll-back', body: {} }
      },
      'breaking-changes': async (world) => {
        await published(world, ...promised('cherries', 'reds'))
        await published(world, documented('cherries', '/a', '/b', '/c'))
        return { path: '/revisions/2/roll-back', body: {} }
      },
    },
  },
}
