// The operations on roles, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { getRole } from './get-role.ts'
import { listRoles } from './list-roles.ts'
import { putRole } from './put-role.ts'
import { removeRole } from './remove-role.ts'

export const rolesOperations: readonly AnyOperation[] = [getRole, listRoles, putRole, removeRole]
