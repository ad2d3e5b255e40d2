// A draft as it is told: who made it of what, upon which revision, and who approved it as it is now.
import { type Infer, integer, list, object, oneOf, optional, string } from '../../../base/schema.ts'
import { APPROVALS_MAX, approvalsOf } from '../../../catalog/revisions/approvals.ts'
import { DRAFT_CHANGES_MAX } from '../../../catalog/revisions/drafts.ts'
import type { Draft } from '../../../catalog/revisions/records.ts'
import type { Reading } from '../../../ports/store.ts'
import { actorShape, etagText, objectParameters, revisionNumber, shownActor } from '../../catalog/shapes.ts'
import { moment, momentOf } from '../../texts.ts'

export const draftId = string({ pattern: /^draft_[A-Za-z0-9_-]{20}$/, maxLength: 26, means: 'the id of a draft', describe: 'The draft’s id.' })
export const draftParameter = object({ draft: draftId })
export const draftObjectParameters = object({ draft: draftId, ...objectParameters })

export const draftShape = {
  id: draftId,
  base: revisionNumber,
  author: actorShape,
  coauthors: list(actorShape, { max: 10_000 }),
  message: string({ maxLength: 4000, describe: 'What it is for.' }),
  created: moment('When it was opened.'),
  changed: moment('When it was changed last.'),
  changes: integer({ min: 0, max: DRAFT_CHANGES_MAX, describe: 'How many objects it changes.' }),
  etag: etagText('Over base, message and changes: what publishing and approving name in `If-Match`.'),
  rollsBackTo: optional(revisionNumber),
}
export const draftSchema = object(draftShape)
export const wholeDraft = object({
  ...draftShape,
  objects: list(object({ ...objectParameters, op: oneOf(['put', 'remove']) }), { max: DRAFT_CHANGES_MAX, describe: 'What it changes.' }),
  approvals: list(object({ by: actorShape, at: moment('When.') }), { max: APPROVALS_MAX, describe: 'Who approved it as it is now.' }),
})

export const shownDraft = ({ id, base, author, coauthors, message, createdMs, changedMs, changes, digest, rollback }: Draft): Infer<typeof draftSchema> => ({
  ...{ id, base, message, changes, etag: digest },
  author: shownActor(author),
  coauthors: coauthors.map(shownActor),
  created: momentOf(createdMs),
  changed: momentOf(changedMs),
  ...(rollback && { rollsBackTo: rollback.to }),
})

export async function shownApprovals(reading: Reading, { id, digest }: Draft): Promise<Infer<typeof wholeDraft>['approvals']> {
  const approvals = (await approvalsOf(reading, id)).filter((each) => each.digest === digest)
  return approvals.map(({ by, atMs }) => ({ by: shownActor(by), at: momentOf(atMs) }))
}
