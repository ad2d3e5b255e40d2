// Why something is not published, as all operations that publish declare it.

import type { PublishRefusal } from '../../catalog/revisions/publish.ts'
import { type RefusalDeclaration, type Refused, refused } from '../operation.ts'
import { BREAKING_CHANGES } from './breaking-changes.ts'
import { shownFaults, shownKeys } from './shapes.ts'

export const FAULTY: RefusalDeclaration = {
  status: 422,
  says: 'The catalog would have faults.',
  mend: '`errors` lists every fault with its place. Mend the objects that stand there; what the file says is mended in the file.',
}
const CONFLICT: RefusalDeclaration = {
  status: 409,
  says: 'Others changed the same objects since.',
  mend: '`conflicts` names the objects. Look at what others did, and then set the draft upon the newest revision.',
}
const NOTHING_CHANGES: RefusalDeclaration = {
  status: 409,
  says: 'Nothing would change.',
  mend: 'The catalog is already as this would make it.',
}
export const APPROVALS_NEEDED: RefusalDeclaration = {
  status: 409,
  says: 'Others must approve this first.',
  mend: '`approvals` says how many, `given` how many count, and `apis` whose owners are asked. What is no draft cannot be approved: make one of it.',
}
export const NOT_GRANTED: RefusalDeclaration = {
  status: 403,
  says: 'Objects refer to secrets that are not granted to whoever wrote them.',
  mend: '`secrets` names them. Ask for a grant to the writer or one of their teams, or have somebody put the objects in who has one; a secret that does not exist is told alike.',
}

/** Of whatever changes the catalog as a whole. */
export const PUBLISHING = {
  faulty: FAULTY,
  'nothing-changes': NOTHING_CHANGES,
  'approvals-needed': APPROVALS_NEEDED,
  'breaking-changes': BREAKING_CHANGES,
} as const
/** Of what somebody wrote upon an earlier look, besides. */
export const PUBLISHING_WRITTEN = { ...PUBLISHING, conflict: CONFLICT, 'not-granted': NOT_GRANTED } as const

export function refusedPublish(refusal: PublishRefusal): Refused {
  switch (refusal.refused) {
    case 'conflict':
      return refused('conflict', { more: { conflicts: shownKeys(refusal.objects) } })
    case 'invalid':
      return refused('faulty', { more: { errors: shownFaults(refusal.faults) } })
    case 'approvals-needed': {
      const { approvals, given, apis } = refusal
      return refused('approvals-needed', { more: { approvals, given, apis } })
    }
    case 'unknown-draft':
      return refused('unknown')
    default:
      return refused(refusal.refused)
  }
}
