// The trail: how each operation is asked, by whom, and how it refuses.
import { EXPORTS_MAX, exportsUnderWay } from '../../../src/management/operations/trail/export-trail.ts'
import { approveErasure, type ErasureRequest, findErasure, requestErasure } from '../../../src/trail/erasure-requests.ts'
import type { Scenarios } from '../scenario.ts'
import type { World } from '../world.ts'

const READERS = 'owner administrator auditor admin token'
const OTHER = { kind: 'person', id: 'person_other' } as const

/** An entry with a personal field; its index. Entry 0 is the beginning of the trail. */
const entry = ({ plane }: World): Promise<number> =>
  plane.store.write((writing) =>
    plane.services.trail.append(
      writing,
      { act: 'session.sign-in', actor: OTHER, outcome: 'done', personal: { name: 'Ada', address: '203.0.113.9' } },
      plane.nowMs(),
    ),
  )
async function request(made: World, index: number, by: { readonly kind: 'person'; readonly id: string } = OTHER): Promise<ErasureRequest> {
  const { plane } = made
  const asked = { fields: [{ index, name: 'name' }], reason: 'request 7', by, nowMs: plane.nowMs() }
  const request = await plane.store.write((writing) => requestErasure(writing, asked))
  if ('refused' in request) throw new Error(request.refused)
  return request
}
const approve = (made: World, { id }: ErasureRequest) =>
  made.plane.store.write(async (writing) =>
    approveErasure(writing, made.plane.services.trail, (await findErasure(writing, id))!, { kind: 'person', id: 'person_third' }, made.plane.nowMs()),
  )
const asked = ({ id }: ErasureRequest) => ({ path: `/trail/erasures/${id}/approve`, headers: { 'if-match': '*' } })
const fields = (index: number) => ({ body: { fields: [{ index, field: 'name' }], reason: 'request 7' }, path: '/trail/erasures' })

export const trail: Scenarios = {
  searchTrail: {
    may: READERS,
    good: async (made) => {
      await entry(made)
      return { path: '/trail/entries?act=session.&limit=5' }
    },
    refusals: {},
  },
  getTrailEntry: { may: READERS, good: async (made) => ({ path: `/trail/entries/${await entry(made)}` }), refusals: {} },
  getCheckpoint: {
    may: READERS,
    good: async (made) => {
      await entry(made)
      return { path: '/trail/checkpoint' }
    },
    refusals: { 'no-checkpoint': () => ({ path: '/trail/checkpoint?size=77' }) },
  },
  getInclusionProof: {
    may: READERS,
    good: async (made) => ({ path: `/trail/entries/${await entry(made)}/proof` }),
    refusals: { 'not-in-tree': async (made) => ({ path: `/trail/entries/${await entry(made)}/proof?size=1` }) },
  },
  getConsistencyProof: {
    may: READERS,
    good: async (made) => {
      await entry(made)
      return { path: '/trail/consistency?from=1' }
    },
    refusals: { 'no-such-trees': () => ({ path: '/trail/consistency?from=9&to=3' }) },
  },
  exportTrail: {
    may: READERS,
    good: async (made) => {
      await entry(made)
      return { path: '/trail/export' }
    },
    refusals: {
      'under-way': ({ plane }) => {
        exportsUnderWay.set(plane.services.trail, EXPORTS_MAX)
        return { path: '/trail/export' }
      },
    },
  },
  listErasures: {
    may: READERS,
    good: async (made) => {
      await request(made, await entry(made))
      return { path: '/trail/erasures' }
    },
    refusals: {},
  },
  getErasure: { may: READERS, good: async (made) => ({ path: `/trail/erasures/${(await request(made, await entry(made))).id}` }), refusals: {} },
  requestErasure: {
    // The admin token and machine tokens hold the permission, and are nobody's eyes.
    may: 'owner',
    good: async (made) => fields(await entry(made)),
    refusals: {
      'people-only': async (made) => ({ ...fields(await entry(made)), asker: 'admin' }),
      'unknown-field': () => fields(999),
      'already-erased': async (made) => {
        const index = await entry(made)
        await approve(made, await request(made, index))
        return fields(index)
      },
    },
  },
  approveErasure: {
    may: 'owner',
    good: async (made) => asked(await request(made, await entry(made))),
    refusals: {
      'people-only': async (made) => ({ ...asked(await request(made, await entry(made))), asker: 'token' }),
      'same-person': async (made) => asked(await request(made, await entry(made), { kind: 'person', id: made.personId('owner') })),
      'not-pending': async (made) => {
        const pending = await request(made, await entry(made))
        await approve(made, pending)
        return asked(pending)
      },
      'already-erased': async (made) => {
        const index = await entry(made)
        const [first, second] = [await request(made, index), await request(made, index)]
        await approve(made, first)
        return asked(second)
      },
    },
  },
  rotateTrailKey: { may: 'owner administrator admin token', good: () => ({ path: '/trail/key/rotate' }), refusals: {} },
}
