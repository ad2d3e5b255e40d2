// The operations on trail, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { approveErasure } from './approve-erasure.ts'
import { exportTrail } from './export-trail.ts'
import { getCheckpoint } from './get-checkpoint.ts'
import { getConsistencyProof } from './get-consistency-proof.ts'
import { getErasure } from './get-erasure.ts'
import { getInclusionProof } from './get-inclusion-proof.ts'
import { getTrailEntry } from './get-trail-entry.ts'
import { listErasures } from './list-erasures.ts'
import { requestErasure } from './request-erasure.ts'
import { rotateTrailKey } from './rotate-trail-key.ts'
import { searchTrail } from './search-trail.ts'

export const trailOperations: readonly AnyOperation[] = [
  approveErasure,
  exportTrail,
  getCheckpoint,
  getConsistencyProof,
  getErasure,
  getInclusionProof,
  getTrailEntry,
  listErasures,
  requestErasure,
  rotateTrailKey,
  searchTrail,
]
