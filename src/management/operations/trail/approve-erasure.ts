// approveErasure: the second person's word; the fields are erased with it.
import { object } from '../../../base/schema.ts'
import { approveErasure as approve, findErasure } from '../../../trail/erasure-requests.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { ERASURE_REFUSALS, erasureId, erasureSchema, erasureTag, shownErasure } from './erasure-schema.ts'

export const approveErasure = defineOperation({
  name: 'approveErasure',
  resource: 'trail',
  method: 'POST',
  path: '/trail/erasures/{erasure}/approve',
  summary: 'Agrees to an erasure that another person asked for. The fields are gone with it.',
  permission: 'trail:erase',
  reach: 'all',
  parameters: object({ erasure: erasureId }),
  output: erasureSchema,
  refusals: {
    ...ERASURE_REFUSALS,
    'same-person': { status: 403, says: 'Who asked for an erasure does not agree to it as well: it takes two people.', mend: 'Let another owner agree.' },
    'not-pending': { status: 409, says: 'It was done already, or nobody agreed in time.', mend: 'Ask anew for what is still to be erased.' },
  },
  act: 'erasure.approve',
  guarded: true,
  recent: true,
  object: ({ parameters }) => ({ kind: 'erasure', name: parameters.erasure }),
  async run({ parameters, operator, nowMs, plane, guard }, store) {
    const request = await findErasure(store, parameters.erasure)
    if (request === undefined) return refused('unknown')
    const stale = guard(erasureTag(request))
    if (stale) return stale
    const outcome = await approve(store, plane.services.trail, request, operator.actor, nowMs)
    if (!('refused' in outcome)) return done(shownErasure(outcome, nowMs), { etag: erasureTag(outcome) })
    if (outcome.refused === 'four-eyes') return refused('same-person')
    if (outcome.refused === 'people-only' || outcome.refused === 'not-pending' || outcome.refused === 'already-erased') return refused(outcome.refused)
    throw new Error(`an erasure that could be asked for is refused: ${outcome.refused}`)
  },
})
