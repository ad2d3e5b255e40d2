// The operations on people, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { bootstrapOwner } from './bootstrap-owner.ts'
import { changePerson } from './change-person.ts'
import { erasePerson } from './erase-person.ts'
import { getAdminToken } from './get-admin-token.ts'
import { getPerson } from './get-person.ts'
import { invitePerson } from './invite-person.ts'
import { issueRecoveryLink } from './issue-recovery-link.ts'
import { listPeople } from './list-people.ts'
import { reinstatePerson } from './reinstate-person.ts'
import { setAdminToken } from './set-admin-token.ts'
import { suspendPerson } from './suspend-person.ts'

export const peopleOperations: readonly AnyOperation[] = [
  bootstrapOwner,
  changePerson,
  erasePerson,
  getAdminToken,
  getPerson,
  invitePerson,
  issueRecoveryLink,
  listPeople,
  reinstatePerson,
  setAdminToken,
  suspendPerson,
]
