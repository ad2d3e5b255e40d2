// The operations of the management API, listed by hand: what stands here is served, described, documented and tested.
import type { AnyOperation } from '../operation.ts'
import { listBackUps } from './backups/list-back-ups.ts'
import { takeBackUp } from './backups/take-back-up.ts'
import { createKey } from './keys/create-key.ts'
import { getSecret } from './secrets/get-secret.ts'
import { grantSecret } from './secrets/grant-secret.ts'
import { listSecrets } from './secrets/list-secrets.ts'
import { putSecret } from './secrets/put-secret.ts'
import { removeSecret } from './secrets/remove-secret.ts'
import { getSystem } from './system/get-system.ts'
import { approveErasure } from './trail/approve-erasure.ts'
import { exportTrail } from './trail/export-trail.ts'
import { getCheckpoint } from './trail/get-checkpoint.ts'
import { getConsistencyProof } from './trail/get-consistency-proof.ts'
import { getErasure } from './trail/get-erasure.ts'
import { getInclusionProof } from './trail/get-inclusion-proof.ts'
import { getTrailEntry } from './trail/get-trail-entry.ts'
import { listErasures } from './trail/list-erasures.ts'
import { requestErasure } from './trail/request-erasure.ts'
import { rotateTrailKey } from './trail/rotate-trail-key.ts'
import { searchTrail } from './trail/search-trail.ts'
import { addWitnessedCheckpoint } from './witness/add-checkpoint.ts'
import { followLog } from './witness/follow-log.ts'
import { getWitness } from './witness/get-witness.ts'

export const operations: readonly AnyOperation[] = [
  createKey,
  listBackUps,
  takeBackUp,
  getSecret,
  grantSecret,
  listSecrets,
  putSecret,
  removeSecret,
  getSystem,
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
  addWitnessedCheckpoint,
  followLog,
  getWitness,
]
