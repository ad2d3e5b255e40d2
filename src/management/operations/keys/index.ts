// The operations on keys, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { createKey } from './create-key.ts'
import { expireKey } from './expire-key.ts'
import { getKey } from './get-key.ts'
import { listKeys } from './list-keys.ts'
import { listUnusedKeys } from './list-unused-keys.ts'
import { reportLeakedKey } from './report-leaked-key.ts'
import { revokeKey } from './revoke-key.ts'
import { rotateKey } from './rotate-key.ts'

export const keysOperations: readonly AnyOperation[] = [createKey, expireKey, getKey, listKeys, listUnusedKeys, reportLeakedKey, revokeKey, rotateKey]
