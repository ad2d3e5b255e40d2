// Drafts: how each operation is asked, by whom, and how it refuses. `cherries` would be the reds', `plums` the blues'.
import { APPROVALS_MAX, approve } from '../../../src/catalog/revisions/approvals.ts'
import { anyState, api, approveAs, broken, draftOf, fullDraft, openapi, promised, published, tooManyDrafts } from '../catalog-house.ts'
import type { Asked, Scenarios } from '../scenario.ts'
import { PEOPLE, type PersonName, type World } from '../world.ts'

const READERS = 'owner administrator ada auditor viewer admin token'
const WRITERS = 'owner administrator ada admin token'

const asked = async (world: World, owner: string, rest: string, more: Partial<Asked> = {}): Promise<Asked> => {
  const name = owner === 'reds' ? 'cherries' : 'plums'
  const { id } = await draftOf(world, [api(name, owner)])
  return { path: `/drafts/${id}${rest}`, headers: anyState, ...more }
}
/** About a draft of the reds, and the same about one of the blues. */
const both = (rest: string, more: Partial<Asked> = {}) => ({
  good: (world: World) => asked(world, 'reds', rest, more),
  foreign: (world: World) => asked(world, 'blues', rest, more),
})
const isPerson = (asker: string): asker is PersonName => asker in PEOPLE

export const drafts: Scenarios = {
  createDraft: {
    may: 'owner administrator ada bob admin token',
    good: () => ({ path: '/drafts', body: { message: 'a change' } }),
    refusals: {
      'too-many-drafts': async (world) => {
        await tooManyDrafts(world)
        return { path: '/drafts', body: { message: 'one more' } }
      },
    },
    // A draft that is made touches no API; its answer names whoever made it and nobody else.
    foreign: (world) => ({ path: '/drafts', body: { message: 'a change' }, hides: world.personId('owner') }),
  },
  listDrafts: {
    may: 'owner administrator ada bob auditor viewer admin token',
    good: () => ({ path: '/drafts' }),
    refusals: {},
    foreign: async (world) => {
      await draftOf(world, [api('plums', 'blues')], 'viewer', 'what the blues are up to')
      return { path: '/drafts', hides: 'what the blues are up to' }
    },
  },
  getDraft: { may: READERS, ...both(''), refusals: {} },
  getDraftObject: {
    may: READERS,
    good: (world) => asked(world, 'reds', '/objects/api/cherries'),
    foreign: (world) => asked(world, 'blues', '/objects/api/plums'),
    refusals: {},
  },
  getDraftDifferences: { may: READERS, ...both('/differences'), refusals: {} },
  getDraftDifferencesText: { may: READERS, ...both('/differences/text'), refusals: {} },
  validateDraft: { may: READERS, ...both('/validation'), refusals: {} },
  describeDraft: { may: WRITERS, ...both('', { body: { message: 'told better' } }), refusals: {} },
  discardDraft: { may: WRITERS, ...both(''), refusals: {} },
  rebaseDraft: { may: WRITERS, ...both('/rebase', { body: {} }), refusals: {} },
  putDraftObject: {
    may: WRITERS,
    good: (world) => asked(world, 'reds', '/objects/api/currants', { body: { value: api('currants', 'reds').value } }),
    foreign: async (world) => {
      await published(world, api('plums', 'blues'))
      return asked(world, 'reds', '/objects/api/plums', { body: { value: api('plums', 'reds').value } })
    },
    refusals: {
      'owned-by-file': (world) => asked(world, 'reds', '/objects/api/apples', { body: { value: api('apples', 'reds').value } }),
      'beyond-reach': async (world) => ({
        ...(await asked(world, 'reds', '/objects/api/currants', { body: { value: api('currants', 'blues').value } })),
        asker: 'ada',
      }),
      'not-granted': async (world) => ({
        ...(await asked(world, 'reds', '/objects/api/currants', { body: { value: api('currants', 'reds', { x: { secret: 'of-others' } }).value } })),
        asker: 'ada',
      }),
      'draft-too-large': async (world) => {
        const { id } = await fullDraft(world)
        return { path: `/drafts/${id}/objects/api/currants`, headers: anyState, body: { value: {} } }
      },
      'bad-object': (world) => asked(world, 'reds', '/objects/document/currants', { body: { value: 5 } }),
    },
  },
  removeDraftObject: {
    may: WRITERS,
    good: (world) => asked(world, 'reds', '/objects/api/cherries'),
    foreign: async (world) => {
      await published(world, api('plums', 'blues'))
      return asked(world, 'reds', '/objects/api/plums')
    },
    refusals: {
      'owned-by-file': (world) => asked(world, 'reds', '/objects/api/apples'),
      'draft-too-large': async (world) => {
        await published(world, openapi('left'))
        const { id } = await fullDraft(world)
        return { path: `/drafts/${id}/objects/document/left`, headers: anyState }
      },
    },
  },
  undoDraftChange: {
    may: WRITERS,
    good: (world) => asked(world, 'reds', '/changes/api/cherries'),
    foreign: (world) => asked(world, 'blues', '/changes/api/plums'),
    refusals: {},
  },
  approveDraft: {
    may: 'owner administrator ada',
    ...both('/approval'),
    refusals: {
      'own-draft': async (world) => {
        const { id } = await draftOf(world, [api('cherries', 'reds')], 'owner')
        return { path: `/drafts/${id}/approval`, headers: anyState }
      },
      'not-a-person': async (world) => ({ ...(await asked(world, 'reds', '/approval')), asker: 'admin' }),
      'too-many-approvals': async (world) => {
        const draft = await draftOf(world, [api('cherries', 'reds')])
        for (let i = 0; i < APPROVALS_MAX; i++)
          await world.store.write((writing) => approve(writing, draft.id, { kind: 'person', id: `person_${i}` }, draft.digest, 1))
        return { path: `/drafts/${draft.id}/approval`, headers: anyState }
      },
      'foreign-effect': async (world) => {
        await published(world, api('vault', 'blues', { approvals: 1 }))
        const { id } = await draftOf(world, [api('login', 'reds', { path: '/vault/login' })])
        return { path: `/drafts/${id}/approval`, headers: anyState, asker: 'ada' }
      },
    },
  },
  withdrawApproval: {
    may: 'owner administrator ada',
    good: async (world, asker) => {
      const draft = await draftOf(world, [api('cherries', 'reds')], asker === 'viewer' ? 'auditor' : 'viewer')
      if (isPerson(asker)) await approveAs(world, draft, asker)
      return { path: `/drafts/${draft.id}/approval` }
    },
    foreign: async (world) => {
      const draft = await draftOf(world, [api('plums', 'blues')])
      await approveAs(world, draft, 'owner')
      return { path: `/drafts/${draft.id}/approval` }
    },
    refusals: {},
  },
  publishDraft: {
    may: WRITERS,
    ...both('/publish', { body: {} }),
    refusals: {
      faulty: async (world) => {
        const { id } = await draftOf(world, [api('cherries', 'reds', { path: '/apples' })])
        return { path: `/drafts/${id}/publish`, headers: anyState, body: {} }
      },
      conflict: async (world) => {
        const request = await asked(world, 'reds', '/publish', { body: {} })
        await published(world, api('cherries', 'reds', { path: '/others' }))
        return request
      },
      'nothing-changes': async (world) => {
        const { id } = await draftOf(world, [])
        return { path: `/drafts/${id}/publish`, headers: anyState, body: {} }
      },
      'breaking-changes': async (world) => {
        await published(world, ...promised('cherries', 'reds'))
        const { id } = await draftOf(world, [broken('cherries')])
        return { path: `/drafts/${id}/publish`, headers: anyState, body: {} }
      },
      'not-granted': async (world) => {
        const { id } = await draftOf(world, [api('cherries', 'reds', { x: { secret: 'of-others' } })])
        return { path: `/drafts/${id}/publish`, headers: anyState, body: {} }
      },
      'approvals-needed': async (world) => {
        const { id } = await draftOf(world, [api('vault', 'reds', { approvals: 1 })])
        return { path: `/drafts/${id}/publish`, headers: anyState, body: {} }
      },
    },
  },
}
