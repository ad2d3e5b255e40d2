// applyCatalog: makes what the console owns as a text says, in one revision.
import { object, optional } from '../../../base/schema.ts'
import { DRAFT_CHANGES_MAX } from '../../../catalog/revisions/drafts.ts'
import { changesOfPlan } from '../../../catalog/revisions/plan.ts'
import { acceptBreaking, answeredRevision, publishAs, revisionSchema } from '../../catalog/publication.ts'
import { PUBLISHING_WRITTEN } from '../../catalog/publication-refusals.ts'
import { CatalogReach } from '../../catalog/reach.ts'
import { messageText, revisionNumber } from '../../catalog/shapes.ts'
import { defineOperation, isRefused, refused } from '../../operation.ts'
import { appliedShape, planUpon, readText, TEXT_BYTES_MAX, UNREADABLE } from './plan-schema.ts'

export const applyCatalog = defineOperation({
  name: 'applyCatalog',
  resource: 'catalog',
  method: 'POST',
  path: '/catalog/apply',
  summary: 'Makes what the console owns as a text says, in one revision: live when this is answered. What APIs are needs `apis:publish` besides.',
  permission: 'catalog:write',
  reach: 'all',
  body: object({
    ...appliedShape,
    message: messageText,
    acceptBreaking,
    base: optional({
      ...revisionNumber,
      json: { ...revisionNumber.json, description: 'The revision of the plan that was looked at: what others changed since is a conflict.' },
    }),
  }),
  bodyBytesMax: TEXT_BYTES_MAX,
  output: revisionSchema,
  status: 200,
  refusals: {
    ...PUBLISHING_WRITTEN,
    unreadable: UNREADABLE,
    'owned-by-file': {
      status: 409,
      says: 'The file owns objects that the text wants otherwise.',
      mend: '`conflicts` names them. Edit the file that Gatehouse was started with, or take them out of the text.',
    },
    'too-much': { status: 422, says: 'One revision cannot change that much.', mend: `Apply it in parts: at most ${DRAFT_CHANGES_MAX} objects change at once.` },
  },
  act: 'catalog.apply',
  live: true,
  async commit(call, within) {
    const { plane, operator, body } = call
    const wanted = readText(body.text)
    if (isRefused(wanted)) return wanted
    return publishAs(
      call,
      async (reading) => {
        const { plan, revision } = await planUpon(reading, plane, wanted, body.prune)
        const conflicts = plan.items.flatMap(({ kind, name, op }) => (op === 'refused' ? [{ kind, name }] : []))
        if (conflicts.length > 0) return refused('owned-by-file', { more: { conflicts: conflicts.slice(0, 1000) } })
        const changes = changesOfPlan(plan, wanted.objects)
        if (changes.length > DRAFT_CHANGES_MAX) return refused('too-much')
        if (!(await CatalogReach.of(operator, reading)).includesAll('publish', changes, true)) return refused('forbidden')
        return { author: operator.actor, message: body.message, base: body.base ?? revision, changes }
      },
      within,
      answeredRevision,
      body,
    )
  },
})
