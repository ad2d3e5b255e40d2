// The operations on secrets, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { getSecret } from './get-secret.ts'
import { grantSecret } from './grant-secret.ts'
import { listSecrets } from './list-secrets.ts'
import { putSecret } from './put-secret.ts'
import { removeSecret } from './remove-secret.ts'

export const secretsOperations: readonly AnyOperation[] = [getSecret, grantSecret, listSecrets, putSecret, removeSecret]
