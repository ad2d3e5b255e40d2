// The operations on keys, listed by hand.
import type { AnyOperation } from '../../operation.ts'
import { createKey } from './create-key.ts'

export const keysOperations: readonly AnyOperation[] = [createKey]
