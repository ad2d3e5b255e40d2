// The operations on drafts, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { approveDraft } from './approve-draft.ts'
import { createDraft } from './create-draft.ts'
import { describeDraft } from './describe-draft.ts'
import { discardDraft } from './discard-draft.ts'
import { getDraftDifferences, getDraftDifferencesText } from './draft-differences.ts'
import { getDraft } from './get-draft.ts'
import { getDraftObject } from './get-draft-object.ts'
import { listDrafts } from './list-drafts.ts'
import { publishDraft } from './publish-draft.ts'
import { putDraftObject } from './put-draft-object.ts'
import { rebaseDraft } from './rebase-draft.ts'
import { removeDraftObject } from './remove-draft-object.ts'
import { undoDraftChange } from './undo-draft-change.ts'
import { validateDraft } from './validate-draft.ts'
import { withdrawApproval } from './withdraw-approval.ts'

export const draftsOperations: readonly AnyOperation[] = [
  approveDraft,
  createDraft,
  describeDraft,
  discardDraft,
  getDraft,
  getDraftDifferences,
  getDraftDifferencesText,
  getDraftObject,
  listDrafts,
  publishDraft,
  putDraftObject,
  rebaseDraft,
  removeDraftObject,
  undoDraftChange,
  validateDraft,
  withdrawApproval,
]
