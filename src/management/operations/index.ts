// The operations of the management API, listed by hand: what stands here is served, described, documented and tested.
import type { AnyOperation } from '../operation.ts'
import { applyCatalog } from './catalog/apply-catalog.ts'
import { exportCatalog } from './catalog/export-catalog.ts'
import { planApply } from './catalog/plan-apply.ts'
import { approveDraft } from './drafts/approve-draft.ts'
import { createDraft } from './drafts/create-draft.ts'
import { describeDraft } from './drafts/describe-draft.ts'
import { discardDraft } from './drafts/discard-draft.ts'
import { getDraftDifferences, getDraftDifferencesText } from './drafts/draft-differences.ts'
import { getDraft } from './drafts/get-draft.ts'
import { getDraftObject } from './drafts/get-draft-object.ts'
import { listDrafts } from './drafts/list-drafts.ts'
import { publishDraft } from './drafts/publish-draft.ts'
import { putDraftObject } from './drafts/put-draft-object.ts'
import { rebaseDraft } from './drafts/rebase-draft.ts'
import { removeDraftObject } from './drafts/remove-draft-object.ts'
import { undoDraftChange } from './drafts/undo-draft-change.ts'
import { validateDraft } from './drafts/validate-draft.ts'
import { withdrawApproval } from './drafts/withdraw-approval.ts'
import { getDrift } from './drift/get-drift.ts'
import { createKey } from './keys/create-key.ts'
import { getObject } from './objects/get-object.ts'
import { listObjects } from './objects/list-objects.ts'
import { draftRollback } from './revisions/draft-rollback.ts'
import { getRevision } from './revisions/get-revision.ts'
import { getRevisionDifferences } from './revisions/get-revision-differences.ts'
import { listRevisions } from './revisions/list-revisions.ts'
import { rollBack } from './revisions/roll-back.ts'

const catalog: readonly AnyOperation[] = [applyCatalog, exportCatalog, planApply, getDrift, getObject, listObjects]
const drafts: readonly AnyOperation[] = [
  ...[approveDraft, createDraft, describeDraft, discardDraft, getDraft, getDraftDifferences, getDraftDifferencesText, getDraftObject, listDrafts],
  ...[publishDraft, putDraftObject, rebaseDraft, removeDraftObject, undoDraftChange, validateDraft, withdrawApproval],
]
const revisions: readonly AnyOperation[] = [draftRollback, getRevision, getRevisionDifferences, listRevisions, rollBack]

export const operations: readonly AnyOperation[] = [...catalog, ...drafts, ...revisions, createKey]
