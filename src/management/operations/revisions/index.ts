// The operations on revisions, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { draftRollback } from './draft-rollback.ts'
import { getRevision } from './get-revision.ts'
import { getRevisionDifferences } from './get-revision-differences.ts'
import { listRevisions } from './list-revisions.ts'
import { rollBack } from './roll-back.ts'

export const revisionsOperations: readonly AnyOperation[] = [draftRollback, getRevision, getRevisionDifferences, listRevisions, rollBack]
