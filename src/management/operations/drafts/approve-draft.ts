// approveDraft: somebody else than its authors agrees with a draft as it is now.
import { object } from '../../../base/schema.ts'
import { APPROVALS_MAX, approve } from '../../../catalog/revisions/approvals.ts'
import { reachOf } from '../../../model/operator.ts'
import { approverCheck } from '../../catalog/rights.ts'
import { actorShape, etagText, shownActor } from '../../catalog/shapes.ts'
import { defineOperation, done, refused } from '../../operation.ts'
import { moment, momentOf } from '../../texts.ts'
import { examinedDraft } from './draft-examination.ts'
import { draftParameter } from './draft-schema.ts'

export const approveDraft = defineOperation({
  name: 'approveDraft',
  resource: 'drafts',
  method: 'PUT',
  path: '/drafts/{draft}/approval',
  summary: 'Approves a draft as it is now, for whatever it has an effect on. What it becomes later is not approved.',
  permission: 'apis:approve',
  reach: 'filtered',
  parameters: draftParameter,
  output: object({ by: actorShape, at: moment('When.'), etag: etagText('Of the draft that was approved.') }),
  refusals: {
    'own-draft': { status: 403, says: 'Nobody approves what they wrote themselves.', mend: 'Ask somebody who has not changed this draft.' },
    'not-a-person': { status: 403, says: 'Only people approve.', mend: 'Sign in to approve; a token or the admin token cannot.' },
    'too-many-approvals': {
      status: 409,
      says: `${APPROVALS_MAX} people have approved this draft.`,
      mend: 'Nothing asks for more: publish it, or let one of them withdraw.',
    },
    'foreign-effect': {
      status: 403,
      says: 'The draft has an effect on APIs that are not yours to approve.',
      mend: '`apis` names the APIs that ask for approvals. Somebody who may approve for all of them is needed.',
    },
  },
  act: 'draft.approve',
  guarded: true,
  object: ({ parameters }) => ({ kind: 'draft', name: parameters.draft }),
  /** What the draft has an effect on is found by resolving it. */
  prepare: (call) => examinedDraft(call, call.parameters.draft, 'approve'),
  async run(call, store, { examination: { demand }, changes, draft: { digest } }) {
    const { operator, plane, parameters } = call
    const stale = call.guard(digest)
    if (stale) return stale
    const isWhole = reachOf(operator, 'apis:approve') === 'all'
    if (!isWhole && operator.actor.kind === 'person' && !(await approverCheck(plane, changes)(store, operator.actor, demand.apis)))
      return refused('foreign-effect', { more: { apis: demand.apis } })
    const made = await approve(store, parameters.draft, operator.actor, digest, call.nowMs)
    if ('refused' in made) return refused(made.refused === 'unknown-draft' ? 'unknown' : made.refused)
    return done({ by: shownActor(made.by), at: momentOf(made.atMs), etag: made.digest }, { etag: made.digest })
  },
})
